package replay_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// A role that the target refuses is named, with the policy that would have it accepted.
func TestRoleThatTheTargetRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := rig.WithFile(t, oneChannel("one").Archive(), archive.RolesPath(rig.ScenarioService), func(s string) string {
			require.Contains(t, s, `"sendMessage"`)
			return strings.Replace(s, `"sendMessage"`, `"sendMessage","paintChannel"`, 1)
		})
		r := rig.NewRig(t, emulator.Config{Archive: in})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.PermissionUnknown: "keep"}
		_, err := r.Migrate(t.Context())
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
		require.ErrorContains(t, err, "create role RL")
		require.ErrorContains(t, err, "paintChannel")
		require.Contains(t, migrate.HintOf(err), "--policy permission-unknown=drop")
		r.Settings.Mapper.Policy = nil
		pass(t, r, migrate.Complete)
	})
}
