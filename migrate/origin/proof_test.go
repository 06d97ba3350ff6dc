package origin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/origin"
)

// What proves that a conversation is the one of a channel, and what does not. The
// channel has one message and one member, ann, who was al before.
func TestWhatProvesAConversation(t *testing.T) {
	old, joined := birth.Add(-time.Hour), birth.Add(-30*time.Minute)
	ch := origin.Channel{
		SID: "CH1", Want: conversations.Conversation{FriendlyName: "tea", DateCreated: old, Attributes: stamp},
		Messages: []origin.Want{{SID: "IM1", Author: "ann", Before: "al", Created: old, Content: origin.ContentOf("hi", "")}},
		Members:  []conversations.Participant{{Identity: "ann", DateCreated: joined}, {Identity: "bob", DateCreated: birth.Add(-30 * time.Second)}},
		Former:   map[string]string{"ann": "al"},
	}
	adopt := func(messages []origin.Have, people ...conversations.Participant) origin.Adoption {
		c := ch.Want
		c.SID = "C1"
		return origin.Adopt(ch, []origin.Candidate{{Conversation: c, Birth: origin.BornAt(birth), Messages: messages, Participants: people}})
	}
	message := func(author string, at time.Time) []origin.Have {
		return []origin.Have{{SID: "T1", Author: author, Created: at, Content: origin.ContentOf("hi", "")}}
	}
	person := func(identity string, at time.Time) conversations.Participant {
		return conversations.Participant{SID: "MB-" + identity, Identity: identity, DateCreated: at}
	}
	for name, got := range map[string]origin.Adoption{
		"a message under the name of today":        adopt(message("ann", old)),
		"a message under the name from before":     adopt(message("al", old)),
		"a participant under the name of today":    adopt(nil, person("ann", joined)),
		"a participant under the name from before": adopt(nil, person("al", joined)),
	} {
		t.Run(name+" proves it", func(t *testing.T) { require.Equal(t, origin.Adoption{SID: "C1"}, got) })
	}
	for name, c := range map[string]struct {
		got       origin.Adoption
		strangers string // as the stop names them
	}{
		"a message of somebody else":                    {got: adopt(message("eve", old))},
		"a participant of another date":                 {got: adopt(nil, person("ann", old))},
		"somebody else with the date of a member":       {got: adopt(nil, person("eve", joined)), strangers: "MB-eve"},
		"somebody without an identity":                  {got: adopt(nil, person("", birth.Add(-30*time.Second))), strangers: "MB-"},
		"a member who may have joined the conversation": {got: adopt(nil, person("bob", birth.Add(-30*time.Second)))},
		"two strangers beside a member":                 {got: adopt(nil, person("eve", birth), person("al", birth), person("mal", birth)), strangers: "MB-eve, MB-mal"},
	} {
		t.Run(name+" proves nothing", func(t *testing.T) {
			want := "nothing in it proves that the migration made it"
			if c.strangers != "" {
				want += ", and the source has no participant " + c.strangers
			}
			require.Equal(t, origin.Adoption{Stop: &origin.Unclear{Of: "CH1", Target: []string{"C1"}, Reason: want}}, c.got)
		})
	}
}

func TestEmptyConversations(t *testing.T) {
	ch := origin.Channel{SID: "CH1", Want: conversations.Conversation{FriendlyName: "tea", DateCreated: birth, Attributes: stamp}}
	empty := func(sid, attributes string) origin.Candidate {
		return origin.Candidate{Conversation: conversations.Conversation{SID: sid, FriendlyName: "tea", DateCreated: birth, Attributes: attributes}}
	}
	require.Equal(t, origin.Adoption{SID: "C1", Bare: true, Spare: []string{"C2", "C3"}},
		origin.Adopt(ch, []origin.Candidate{empty("C1", stamp), empty("C2", stamp), empty("C3", stamp)}))
	require.Zero(t, origin.Adopt(ch, []origin.Candidate{empty("C1", "")}), "the stamp of the channel is wanted")
	ch.Want.Attributes = `{"n":1}`
	require.Equal(t, origin.Adoption{SID: "C1", Bare: true}, origin.Adopt(ch, []origin.Candidate{empty("C1", `{"n": 1.0}`)}))
	require.Zero(t, origin.Adopt(ch, []origin.Candidate{empty("C1", `{"n":2}`)}), "without a stamp the attributes have to be its own")
}

// A role is known by its SID, then by its very name, then by its name in normal
// form, and stands for one role of the source.
func TestRolesAreTakenOnce(t *testing.T) {
	role := func(sid, name string, may ...string) conversations.Role {
		return conversations.Role{SID: sid, Type: conversations.ServiceRole, FriendlyName: name, Permissions: may}
	}
	sids := func(taken map[string]bool, there []conversations.Role, names ...string) (all []string) {
		var asked []origin.Asked
		for _, n := range names {
			asked = append(asked, origin.Asked{Want: role("", n, "a")})
		}
		for _, r := range origin.Roles(asked, there, taken) {
			all = append(all, r.SID)
		}
		return all
	}
	require.Equal(t, []string{"RL2"}, sids(map[string]bool{"RL1": true}, []conversations.Role{role("RL1", "x", "a"), role("RL2", "x", "a")}, "x"))
	require.Equal(t, []string{"RL1", ""}, sids(nil, []conversations.Role{role("RL1", "x", "a")}, " x", "x "), "it is the first one's")
	require.Equal(t, []string{"RL1"}, sids(nil, []conversations.Role{role("RL1", "x", "b"), role("RL2", "x ", "c")}, "x"), "its very name goes before its permissions")

	require.Equal(t, "RL2", origin.Role(role("", "x"), []conversations.Role{role("RL1", "x"), role("RL2", "y")}, origin.Record{TargetSID: "RL2"}, nil).SID)
	require.Equal(t, origin.Resource{Relation: origin.Others, SID: "RL1"}, origin.Role(role("", "x "), []conversations.Role{role("RL1", "x")}, origin.Record{}, nil))
	require.Equal(t, origin.Resource{Relation: origin.Others, SID: "RL2"},
		origin.Role(role("", "x "), []conversations.Role{role("RL1", "x"), role("RL2", "x ")}, origin.Record{}, nil), "its very name comes first")

	may, can := []string{"b", "a", "b"}, []string{"a", "b"}
	require.True(t, origin.SamePermissions(may, can))
	require.Equal(t, []string{"b", "a", "b"}, may, "it is not the caller's to sort")
}

func TestStays(t *testing.T) {
	at := func(sid string, after time.Duration) conversations.Service {
		return conversations.Service{SID: sid, DateCreated: birth.Add(after)}
	}
	for _, pair := range [][2]conversations.Service{ // the one that stays, and the other
		{at("IS2", 0), at("IS1", time.Second)}, {at("IS1", 0), at("IS2", time.Second)}, {at("IS1", 0), at("IS2", 0)},
	} {
		require.Equal(t, pair[0], origin.Stays(pair[0], pair[1]))
		require.Equal(t, pair[0], origin.Stays(pair[1], pair[0]))
	}
}

func TestWhatDiffersOfAUser(t *testing.T) {
	want := conversations.User{Identity: "ann", FriendlyName: "Ann", Attributes: `{"a":1}`, RoleSID: "R1"}
	have := conversations.User{SID: "US1", Identity: "ann", FriendlyName: "Ann", Attributes: `{"a":2}`, RoleSID: "R1"}
	require.Equal(t, origin.Resource{Relation: origin.Others, SID: "US1", Differs: []string{"attributes"}}, origin.User(want, &have, origin.Record{Unanswered: true}))

	five := int64(5)
	at, moves := origin.Horizon(5, &five)
	require.False(t, moves, "it is there")
	require.EqualValues(t, 5, at)
}
