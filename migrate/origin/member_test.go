package origin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/origin"
)

// Somebody changed a member only if a migration brought them there, and if they were
// written since.
func TestMember(t *testing.T) {
	joined, later := time.Date(2016, 2, 29, 12, 0, 0, 0, time.UTC), time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	want := conversations.Participant{RoleSID: "RL1", DateCreated: joined.Add(time.Millisecond), DateUpdated: joined}
	have := conversations.Participant{RoleSID: "RL2", Attributes: `{"vip":true}`, DateCreated: joined, DateUpdated: later}
	for name, c := range map[string]struct {
		change  func(want, have *conversations.Participant)
		differs []string
	}{
		"role and attributes, of which the source has none": {func(*conversations.Participant, *conversations.Participant) {}, []string{"role_sid", "attributes"}},
		"attributes that mean the same": {func(want, have *conversations.Participant) {
			want.Attributes, have.Attributes = `{"a":1,"b":2}`, `{"b": 2, "a": 1.0}`
		}, []string{"role_sid"}},
		"no attributes on both sides": {func(_, have *conversations.Participant) { have.Attributes = "{}" }, []string{"role_sid"}},
		"no role is asked for":        {func(want, _ *conversations.Participant) { want.RoleSID = "" }, []string{"attributes"}},
		"of somebody else's making":   {func(_, have *conversations.Participant) { have.DateCreated = joined.Add(time.Second) }, nil},
		"the source does not say when they came": {func(want, have *conversations.Participant) {
			want.DateCreated, have.DateCreated = time.Time{}, time.Time{}
		}, nil},
		"nobody wrote them since":                 {func(_, have *conversations.Participant) { have.DateUpdated = joined }, nil},
		"the source was changed later":            {func(want, _ *conversations.Participant) { want.DateUpdated = later.Add(time.Hour) }, nil},
		"the source was changed that very second": {func(want, _ *conversations.Participant) { want.DateUpdated = later.Add(time.Millisecond) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			want, have := want, have
			c.change(&want, &have)
			require.Equal(t, c.differs, origin.Member(want, have))
		})
	}
}
