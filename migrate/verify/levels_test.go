package verify_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/verify"
)

func TestVerifyAndRepairLevels(t *testing.T) {
	source := rig.WithLevels(rig.Stands(0, 0, "joined", "muted"), rig.Stands(0, 1, "joined", "default"), rig.Stands(1, 1, "joined", ""))
	for name, damage := range map[string]struct {
		user, conversation, level string
		different                 bool
	}{
		"a muted channel that is heard":    {"User 0", "Channel 0", "default", true},
		"a channel that is muted":          {"User 0", "Channel 1", "muted", true},
		"what the source does not show of": {"User 1", "Channel 1", "muted", false},
	} {
		t.Run("compares "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.MigratedWithLevels(t, source)
				m.Set(t, damage.user, damage.conversation, damage.level)
				v := verify.Verifier{Source: m.Source, Target: m.Writer, Observer: m.Events, Settings: m.Settings}
				var all []verify.Difference
				got, err := v.Run(t.Context(), func(d verify.Difference) { all = append(all, d) })
				require.NoError(t, err)
				require.Equal(t, !damage.different, got.Equal)
				require.EqualValues(t, 2, got.Compared[migrate.KindUserChannels])
				if !damage.different {
					require.Empty(t, all)
					return
				}
				require.Len(t, all, 1)
				require.Equal(t, verify.Altered, all[0].Class)
				require.Equal(t, migrate.KindUserChannels, all[0].Kind)
				require.Equal(t, "notification_level", all[0].Field)
				require.Equal(t, rig.SidOf("US", 0), all[0].SourceSID)

				l, err := sqlite.Open(t.Context(), m.Ledger)
				require.NoError(t, err)
				// What it knows of the damaged one is lost, or wrong.
				heard := damage.conversation == "Channel 1"
				channel := map[bool]int{false: 0, true: 1}[heard]
				require.NoError(t, migrate.NoteLevel(t.Context(), l, migrate.EntityRecord{
					Kind: migrate.UserChannelEntity, SourceSID: migrate.LevelKey(rig.SidOf("US", 0), rig.SidOf("CH", channel)), TargetSID: "x", ParentSID: rig.SidOf("US", 0),
				}, heard))
				r := verify.Repairer{Verifier: v, Write: m.Writer, Record: l, Execute: true}
				done, err := r.Run(t.Context(), func(verify.Repair) {})
				require.NoError(t, err)
				_, muted, err := l.Entity(t.Context(), migrate.UserChannelEntity, migrate.LevelKey(rig.SidOf("US", 0), rig.SidOf("CH", 0)))
				require.NoError(t, err)
				require.True(t, muted, "the ledger knows what is muted")
				_, muted, err = l.Entity(t.Context(), migrate.UserChannelEntity, migrate.LevelKey(rig.SidOf("US", 0), rig.SidOf("CH", 1)))
				require.NoError(t, err)
				require.False(t, muted, "and nothing else")
				require.NoError(t, l.Close())
				require.EqualValues(t, 1, done.Done)
				require.True(t, done.Equal)
				require.Equal(t, []string{"User 0 in Channel 0"}, m.Muted(t, m.Service))
				require.EqualValues(t, rig.ClaimWrites, m.MigrateFrom(t, source).Requests.Writes)

				m.Set(t, damage.user, damage.conversation, damage.level)
				r.Record = nil
				done, err = r.Run(t.Context(), func(verify.Repair) {})
				require.NoError(t, err)
				require.EqualValues(t, 1, done.Done, "there need not be a ledger")
				require.True(t, done.Equal)
			})
		})
	}
}
