package origin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/origin"
)

func TestNamesThatAServiceStoresALittleOtherwise(t *testing.T) {
	at := time.Date(2017, 3, 1, 10, 0, 0, 0, time.UTC)
	ch := origin.Channel{SID: "CH1", Want: conversations.Conversation{FriendlyName: " Cafe\u0301\r\n", UniqueName: "u ", Attributes: `{"chatbridge":{"sid":"CH1"}}`, DateCreated: at}}
	there := ch.Want
	there.SID, there.FriendlyName, there.UniqueName = "CH2", "Caf\u00e9", "u"
	require.Equal(t, origin.Adoption{SID: "CH2", Bare: true}, origin.Adopt(ch, []origin.Candidate{{Conversation: there}}))
	require.True(t, origin.Left(ch, origin.Candidate{Conversation: there}))
	there.FriendlyName = "Cafe"
	require.Zero(t, origin.Adopt(ch, []origin.Candidate{{Conversation: there}}))

	want, have := conversations.User{Identity: "ann", FriendlyName: "Ann "}, conversations.User{SID: "US1", Identity: "ann", FriendlyName: "Ann"}
	is := origin.User(want, &have, origin.Record{Unanswered: true})
	require.Equal(t, origin.Resource{Relation: origin.Made, SID: "US1", Differs: []string{"friendly_name"}}, is)
	have.FriendlyName = "Anna"
	require.Equal(t, origin.Others, origin.User(want, &have, origin.Record{Unanswered: true}).Relation)
}

// Two roles whose names differ in white space alone are two roles, in whatever
// order they come.
func TestRolesOfNearlyOneName(t *testing.T) {
	role := func(sid, name string, may ...string) conversations.Role {
		return conversations.Role{SID: sid, Type: conversations.ServiceRole, FriendlyName: name, Permissions: may}
	}
	plain, spaced := role("", "Reader", "a"), role("", "Reader ", "a")
	asked := func(all ...conversations.Role) (asked []origin.Asked) {
		for _, r := range all {
			asked = append(asked, origin.Asked{Want: r})
		}
		return asked
	}
	sids := func(found []origin.Resource) (all []string) {
		for _, r := range found {
			all = append(all, r.SID)
		}
		return all
	}
	both := []conversations.Role{role("RL2", "Reader ", "b"), role("RL1", "Reader", "a")}
	require.Equal(t, []string{"RL1", "RL2"}, sids(origin.Roles(asked(plain, spaced), both, nil)))
	require.Equal(t, []string{"RL2", "RL1"}, sids(origin.Roles(asked(spaced, plain), both, nil)))
	one := both[1:]
	require.Equal(t, []string{"", "RL1"}, sids(origin.Roles(asked(spaced, plain), one, nil)), "it is the one of that very name")
	require.Equal(t, []string{"RL1"}, sids(origin.Roles(asked(spaced), one, nil)))
}
