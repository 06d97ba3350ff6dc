package replay

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

const ourStamp = `{"chatbridge":{"sid":"CH1","service_sid":"IS1"}}`

func sids(all []conversations.Conversation) (sids []string) {
	for _, c := range all {
		sids = append(sids, c.SID)
	}
	return sids
}

var opened = time.Date(1999, 3, 1, 9, 0, 0, 0, time.UTC)

func TestMarks(t *testing.T) {
	for name, c := range map[string]struct {
		of   conversations.Conversation
		want []string
	}{
		"nothing":         {conversations.Conversation{FriendlyName: "a", UniqueName: "u"}, nil},
		"a stamp":         {conversations.Conversation{Attributes: ourStamp}, []string{"stamp CH1"}},
		"a name":          {conversations.Conversation{FriendlyName: " a", DateCreated: opened}, []string{"name 1999-03-01T09:00:00Z a"}},
		"a unique name":   {conversations.Conversation{UniqueName: "u ", DateCreated: opened}, []string{"name 1999-03-01T09:00:00Z ", "unique name 1999-03-01T09:00:00Z u"}},
		"all of them":     {conversations.Conversation{FriendlyName: "a", UniqueName: "u", DateCreated: opened, Attributes: ourStamp}, []string{"stamp CH1", "name 1999-03-01T09:00:00Z a", "unique name 1999-03-01T09:00:00Z u"}},
		"in another zone": {conversations.Conversation{FriendlyName: "a", DateCreated: opened.In(time.FixedZone("", 3600))}, []string{"name 1999-03-01T09:00:00Z a"}},
	} {
		require.Equal(t, c.want, marks(c.of), name)
	}
}

// What a create without an answer may have made is what looks like it and nobody has.
func TestWhatACreateMayHaveMade(t *testing.T) {
	named := func(sid, unique string) conversations.Conversation {
		return conversations.Conversation{SID: sid, FriendlyName: "a", UniqueName: unique, DateCreated: opened}
	}
	s := &shelf{holds: []conversations.Conversation{named("CHtaken", "taken"), named("CHother", "other"), named("CHfree", "free"), named("CHmine", "mine"), {SID: "CHelse", FriendlyName: "b", DateCreated: opened}}}
	stamps := s.stamps(nil)
	require.NoError(t, stamps.service.reserved.reserve("CHother", "CH2"))
	require.NoError(t, stamps.service.reserved.reserve("CHmine", "CH1"))
	got, err := stamps.now(t.Context(), "CH1", named("", ""))
	require.NoError(t, err)
	require.Equal(t, []string{"CHfree", "CHmine"}, sids(got))
	for unique, want := range map[string]string{"free": "CHfree", "mine": "CHmine", "nobody's": ""} {
		got, err := stamps.now(t.Context(), "CH1", named("", unique))
		require.NoError(t, err)
		if want == "" {
			require.Empty(t, got)
			continue
		}
		require.Equal(t, []string{want}, sids(got))
	}
	for _, unique := range []string{"taken", "other"} {
		_, err := stamps.now(t.Context(), "CH1", named("", unique))
		e, ok := errors.AsType[*migrate.Error](err)
		require.True(t, ok, unique)
		require.Equal(t, migrate.CodeUniqueNameExists, e.Code)
	}
	for _, broken := range []string{"Services", "Channels", "Conversations"} {
		s.broken = broken
		_, err = stamps.now(t.Context(), "CH1", named("", ""))
		require.ErrorIs(t, err, errBroke, broken)
		require.Equal(t, broken != "Conversations", migrate.IsFatal(err), "the ledger ends the run")
	}
	s.broken = "Conversation"
	_, err = stamps.now(t.Context(), "CH1", named("", "free"))
	require.ErrorIs(t, err, errBroke)
}

// What was deleted since it was listed is no candidate.
func TestCandidateThatIsGone(t *testing.T) {
	s := &shelf{holds: []conversations.Conversation{
		{SID: "CHgone", Attributes: ourStamp, State: "deleted"}, {SID: "CHthere", Attributes: ourStamp},
	}}
	got, err := s.stamps(nil).earlier(t.Context(), "CH1", conversations.Conversation{Attributes: ourStamp})
	require.NoError(t, err)
	require.Equal(t, []string{"CHthere"}, sids(got))
}

// Whatever cannot be read of what may be left over leaves it there, and so does a run
// that is told to stop meanwhile. One message, or one participant, is looked at.
func TestLeftoverThatCannotBeLookedAt(t *testing.T) {
	sweep := func(s *shelf, drain <-chan struct{}) error {
		taken, _ := mapping.Mapper{}.Channel(shelfChannel())
		spare := taken
		taken.SID, spare.SID = "CHtaken", "CHspare"
		s.holds = []conversations.Conversation{taken, spare}
		stamps := s.stamps(drain)
		stamps.spare.Store(true)
		return stamps.sweep(context.Background())
	}
	s := &shelf{}
	require.NoError(t, sweep(s, nil))
	require.Equal(t, []string{"CHspare"}, s.deleted)
	for _, broken := range []string{"Channel", "source Channel", "Messages", "Participants", "Conversations", "Services", "Channels"} {
		s := &shelf{broken: broken}
		require.ErrorIs(t, sweep(s, nil), errBroke, broken)
		if broken != "Conversations" { // which breaks behind the last
			require.Empty(t, s.deleted, broken)
		}
	}
	s = &shelf{messages: 3, people: 3}
	require.NoError(t, sweep(s, nil))
	require.Empty(t, s.deleted)
	require.Equal(t, 2, s.read, "one of each")
	drain := make(chan struct{})
	s = &shelf{reading: func() { close(drain) }}
	require.ErrorIs(t, sweep(s, drain), migrate.ErrDrained)
	require.Empty(t, s.deleted)
}
