package replay_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

func TestEdgeCases(t *testing.T) {
	t.Run("every oddity stops its own channel or arrives as the mapping says", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.Workspace(t, "edge-cases")})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			c := s.Counts[migrate.KindChannels]
			require.Equal(t, c.Source, c.Written+c.Failed)
			require.Greater(t, c.Written, c.Failed)
			stopped := map[string]bool{}
			for _, f := range s.Failures {
				require.NotEmpty(t, f.Reason)
				stopped[f.SourceSID] = true
			}
			_, differences := r.Verify(t.Context())
			for _, d := range differences {
				require.True(t, stopped[d.Channel] || stopped[d.SourceSID] || d.Kind == migrate.KindServices, "%+v", d)
			}
		})
	})

	t.Run("with a policy for each code nothing stops, and both sides are equal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.Workspace(t, "edge-cases")})
			r.Settings.Mapper.Policy = rig.CarryAll()
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			for _, f := range s.Failures {
				t.Logf("%+v", f)
			}
			require.Equal(t, migrate.Complete, s.Status)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
			again, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, rig.ClaimWrites, again.Requests.Writes)
		})
	})

	t.Run("the audit finds each as often as the migration does, also where invited people are added", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.Workspace(t, "edge-cases")})
			r.Settings.Mapper.Policy = rig.CarryAll()
			r.Settings.Mapper.Policy[mapping.InviteLost] = "add"
			r.Settings.CopyAlways = "it is copied" // in place people would lose sight of channels
			said := rig.TimesFound(r.Audit(t, nil).Findings)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, rig.TimesFound(s.ThisRun), said)
		})
	})

	t.Run("a field that nobody knows is found by both, wherever it is", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := rig.ManyChannels(1).Archive()
			channel := "services/" + rig.ScenarioService + "/channels/" + rig.SidOf("CH", 0)
			for _, name := range []string{"services/" + rig.ScenarioService + "/users.jsonl", channel + "/members.jsonl", channel + "/messages.jsonl"} {
				in = rig.WithFile(t, in, name, func(s string) string { return strings.Replace(s, "{", `{"x_future":1,`, 1) })
			}
			r := rig.NewRig(t, emulator.Config{Archive: in})
			require.EqualValues(t, 3, rig.TimesFound(r.Audit(t, nil).Findings)[mapping.UnknownField])
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 3, rig.TimesFound(s.ThisRun)[mapping.UnknownField])
		})
	})
}
