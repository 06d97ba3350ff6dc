package replay_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// Somebody may write through REST, and back-date, while the migration does: into a
// conversation that was just made, so that only the read-back meets it. Then the
// whole source is read to tell it from a copy of ours. It is said once, and stays.
func TestBackdatedMessageOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		altered int64
		want    []string
	}{
		"that fits nothing":                                              {body: "theirs", altered: 1, want: []string{"one", "two", "theirs", "three", "four"}},
		"that is like one of ours is a copy":                             {body: "one", want: four},
		"of the author and second of one to come, with other attributes": {body: "four", altered: 1, want: []string{"one", "two", "four", "three", "four"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
				wrote := false
				m.do(func(x exchange) bool {
					if !x.appends("three") || wrote {
						return false
					}
					wrote = true
					i := 0
					for n, body := range four {
						if body == c.body {
							i = n
						}
					}
					x.aside(func() {
						in := only(t, r)
						_, err := in.Target.AppendMessage(t.Context(), in.Service, x.Path[4], conversations.Message{
							Author: rig.IdentityOf(i % 2), Body: c.body, DateCreated: rig.ScenarioStart.Add(time.Duration(i) * 37 * time.Second), Attributes: sameAttributes(t, in, c.body),
						})
						require.NoError(t, err)
					})
					return false
				})
				s := pass(t, r, migrate.Complete)
				require.True(t, wrote)
				require.Equal(t, c.want, bodies(t, r))
				require.EqualValues(t, c.altered, times(s, mapping.MessageAltered))
			})
		})
	}
}

// sameAttributes are those of the message with that body, if there is one.
func sameAttributes(t *testing.T, m *rig.Mutant, body string) string {
	for _, one := range m.Messages(t) {
		if one.Body == body {
			return one.Attributes
		}
	}
	return "{}"
}
