package replay_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// Two services in one target share its people and roles. The one that made
// something wins, or every pass would undo what the other wrote.
func TestServicesThatShareATarget(t *testing.T) {
	shared := func(t *testing.T) fs.FS {
		dir := "services/" + rig.ScenarioService + "/"
		second := rig.WithFile(t, rig.ManyChannels(2).Archive(), dir+"users.jsonl", func(text string) string { return strings.Replace(text, "User 1", "Other 1", 1) })
		second = rig.WithFile(t, second, dir+"roles.jsonl", func(text string) string { return strings.Replace(text, `["leaveChannel"]`, `["sendMessage"]`, 1) })
		return rig.Beside(t, rig.ManyChannels(2).Archive(), second)
	}
	for _, policy := range []mapping.Choice{"keep", "replace"} {
		t.Run(fmt.Sprint("passes do not fight, with ", policy), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := rig.InUse(t, emulator.Config{Archive: shared(t)})
				l.Settings.Mapper.Policy = chosen(policy)
				var states []string
				for pass := range 3 {
					s, err := l.Migrate(t.Context())
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
					if pass > 0 {
						require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
					}
					found := rig.TimesFound(s.ThisRun)
					require.Positive(t, found[mapping.UserShared], "%v", found)
					if policy == "replace" {
						require.EqualValues(t, 1, found[mapping.RoleShared], "%v", found)
					}
					require.Len(t, l.RolesNamed(t, "Reader"), 1)
					states = append(states, l.State(t))
				}
				require.Equal(t, states[0], states[1])
				require.Equal(t, states[0], states[2])
				v, differences := l.VerifyKnowing(t.Context())
				require.True(t, v.Equal, "%+v", differences)
			})
		})
	}
}
