package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/twilio"
)

// A run may die at any of its writes, uploads among them. The next one, with its
// ledger or without, has each file there once, and knows again what a policy left
// without its file.
func TestFilesOfARunThatDied(t *testing.T) {
	policy, err := mapping.ParsePolicy([]string{"media-unavailable=placeholder"})
	require.NoError(t, err)
	for _, lost := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			met := 0
			for write := 1; ; write++ {
				died := false
				t.Run(fmt.Sprintf("ledger lost: %v, at write %d, after its effect: %v", lost, write, after), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						plan := withFiles()
						plan.Channels[0].Messages[4].File = 9
						r := rig.NewRig(t, emulator.Config{Archive: plan.Archive()})
						r.API, r.Settings.Mapper.Policy = twilio.APIv2, policy
						require.NoError(t, r.Emulator.LoseFile(rig.SidOf("ME", 3)))
						died = r.Killed(t, rig.Kill{Write: write, After: after})
						if lost {
							r.Ledger += ".new"
						}
						for range 2 {
							s, err := r.Migrate(t.Context())
							require.NoError(t, err)
							require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
							require.Equal(t, []string{"before", "[file 1.png, 3000]", "between", "look", "after[file 4.png, 9]"}, filesIn(t, r))
							require.Zero(t, rig.TimesFound(s.Findings)[mapping.StoredOtherwise])
						}
						_, differences := r.VerifyKnowing(t.Context())
						if !lost {
							require.Empty(t, differences)
						}
						time.Sleep(2 * migrate.MediaKept)
						require.Empty(t, r.Emulator.Truth().Orphans)
					})
				})
				if !died || t.Failed() {
					break
				}
				met++
			}
			require.Greater(t, met, 20)
		}
	}
}
