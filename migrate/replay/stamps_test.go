package replay

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

const (
	ourStamp = `{"chatbridge":{"sid":"CH1","service_sid":"IS1"}}`
)

// shelf is a target that holds conversations, and the source and the ledger beside it.
// What is named in broken breaks.
type shelf struct {
	migrate.Target
	holds    []conversations.Conversation
	messages int // in each
	people   int // in each
	broken   string
	reading  func() // called for each message that is read
	read     int    // messages and participants
	deleted  []string
}

func (s *shelf) fail(name string) error {
	if s.broken == name {
		return errBroke
	}
	return nil
}

// some yields n of something, and counts them.
func some[T any](s *shelf, n int, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var one T
		if err != nil {
			yield(one, err)
			return
		}
		for range n {
			s.read++
			if !yield(one, nil) {
				return
			}
		}
	}
}

func each[T any](all []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

func (s *shelf) Conversations(context.Context, string) iter.Seq2[conversations.Conversation, error] {
	return each(s.holds, s.fail("Conversations"))
}

func (s *shelf) Conversation(_ context.Context, _, name string) (conversations.Conversation, error) {
	for _, c := range s.holds {
		if (c.SID == name || c.UniqueName == name) && c.State != "deleted" {
			return c, s.fail("Conversation")
		}
	}
	return conversations.Conversation{}, &migrate.Error{Op: "read conversation", Kind: migrate.NotFound, SID: name, Err: errors.New("not there")}
}

func (s *shelf) Messages(context.Context, string, string, bool) iter.Seq2[conversations.Message, error] {
	if s.reading != nil {
		s.reading()
	}
	return some[conversations.Message](s, s.messages, s.fail("Messages"))
}

func (s *shelf) Participants(context.Context, string, string) iter.Seq2[conversations.Participant, error] {
	return some[conversations.Participant](s, s.people, s.fail("Participants"))
}

func (s *shelf) DeleteConversation(_ context.Context, _, sid string) error {
	s.deleted = append(s.deleted, sid)
	return nil
}

func shelfChannel() (c chat.Channel) {
	attributes := "{}"
	c.SID, c.ServiceSID, c.FriendlyName, c.Type, c.Attributes = "CH1", "IS1", "a", chat.PrivateChannel, &attributes
	c.DateCreated.Time = opened
	return c
}

type shelfSource struct {
	migrate.Source
	of *shelf
}

func (s shelfSource) Channel(context.Context, string, string) (chat.Channel, error) {
	return shelfChannel(), s.of.fail("source Channel")
}

// shelfLedger has one channel, whose conversation is CHtaken.
type shelfLedger struct {
	migrate.Ledger
	of *shelf
}

func (s shelfLedger) Services(context.Context) ([]migrate.ServiceRecord, error) {
	return []migrate.ServiceRecord{{SourceSID: "IS1", TargetSID: "ISt"}}, s.of.fail("Services")
}

func (s shelfLedger) Channels(context.Context, string) iter.Seq2[migrate.ChannelRecord, error] {
	return each([]migrate.ChannelRecord{{SourceSID: "CH1", TargetSID: "CHtaken"}}, s.of.fail("Channels"))
}

func (s shelfLedger) Channel(context.Context, string) (migrate.ChannelRecord, bool, error) {
	return migrate.ChannelRecord{SourceSID: "CH1", TargetSID: "CHtaken"}, true, s.of.fail("Channel")
}

func (s *shelf) stamps(drain <-chan struct{}) *stamps {
	r := newRun(&Migration{Source: shelfSource{of: s}, Target: s, Ledger: shelfLedger{of: s}, Drain: drain})
	r.Target = s // which nobody has to claim
	return newStamps(&service{run: r, source: chat.Service{SID: "IS1"}, target: "ISt"})
}

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
