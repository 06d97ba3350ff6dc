package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// Replies that show another resource, or one in another conversation, are asked
// for again, looked for, or stop a lane: nothing of one conversation comes into
// another.
func TestRepliesOfAnother(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("are not taken for what was asked for, seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				scenario := rig.ManyChannels(4)
				for i := range scenario.Channels {
					for j := range scenario.Channels[i].Messages {
						scenario.Channels[i].Messages[j].Body += fmt.Sprint(" of ", i)
					}
				}
				r := rig.NewRig(t, emulator.Config{Archive: scenario.Archive(), Unkind: emulator.Unkind{
					Seed: seed + 1, OfAnother: 0.2, Mistaken: 0.1,
				}})
				s, err := r.Migrate(t.Context())
				for range 2 {
					if err == nil && s.Status == migrate.Complete {
						break
					}
					s, err = r.Migrate(t.Context())
				}
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%v", s.Failures)
				_, differences := r.Verify(t.Context())
				require.Empty(t, differences)
				require.NotZero(t, r.Emulator.Mischief()["list-of-another"]+r.Emulator.Mischief()["reply-of-another"])
			})
		})
	}
}
