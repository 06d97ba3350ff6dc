package replay_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

func TestLevels(t *testing.T) {
	source := rig.WithLevels(
		rig.Stands(0, 0, "joined", "muted"), rig.Stands(0, 1, "joined", "default"),
		rig.Stands(1, 1, "joined", "muted"), rig.Stands(1, 2, "notParticipating", "muted"),
	)
	want := []string{"User 0 in Channel 0", "User 1 in Channel 1"}

	t.Run("carries what users muted, once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.LevelRig(t, emulator.Config{})
			s := r.MigrateFrom(t, source)
			require.Equal(t, want, r.Muted(t, s.Services[0].TargetSID))
			require.Equal(t, migrate.KindCount{Source: 2, Written: 2}, s.Counts[migrate.KindUserChannels])
			require.Contains(t, s.Findings, migrate.FindingCount{
				Code: mapping.UserChannelStatus, Severity: mapping.Loss, Count: 1, Samples: []string{rig.SidOf("US", 1)},
			})
			require.Zero(t, r.Emulator.Stats().Pushes)

			again := r.MigrateFrom(t, source)
			require.EqualValues(t, rig.ClaimWrites, again.Requests.Writes)
			require.Equal(t, migrate.KindCount{Source: 2, Existing: 2}, again.Counts[migrate.KindUserChannels])
		})
	})

	t.Run("follows the source when it is muted or heard again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.LevelRig(t, emulator.Config{})
			r.MigrateFrom(t, source)
			changed := rig.WithLevels(rig.Stands(0, 0, "joined", "default"), rig.Stands(0, 1, "joined", "muted"), rig.Stands(1, 1, "joined", "muted"))
			s := r.MigrateFrom(t, changed)
			require.Equal(t, []string{"User 0 in Channel 1", "User 1 in Channel 1"}, r.Muted(t, s.Services[0].TargetSID))
			require.EqualValues(t, 2+rig.ClaimWrites, s.Requests.Writes)
			require.EqualValues(t, rig.ClaimWrites, r.MigrateFrom(t, changed).Requests.Writes)
		})
	})

	t.Run("leaves what people chose in the target while the source stays as it is", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.MigratedWithLevels(t, source)
			m.Set(t, "User 0", "Channel 0", conversations.NotificationsDefault)
			s := m.Once(t, source)
			require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
			require.Equal(t, want[1:], m.Muted(t, m.Service))
		})
	})

	t.Run("mutes again what an undo took away", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.LevelRig(t, emulator.Config{})
			r.MigrateFrom(t, source)
			_, _, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			s := r.MigrateFrom(t, source)
			require.Equal(t, want, r.Muted(t, s.Services[0].TargetSID))
		})
	})

	t.Run("carries what Chat v2 shows", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.LevelRig(t, emulator.Config{Archive: source})
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			defer func() { require.NoError(t, l.Close()) }()
			src, err := twilio.NewSource(twilio.Config{
				BaseURL: "http://127.0.0.1:1", API: twilio.APIv2, Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
				HTTP: transport.ReadOnly(r.Transport(r.Emulator.Chat(), &transport.Counter{})),
			})
			require.NoError(t, err)
			m := replay.Migration{Source: src, Target: r.Target(&transport.Counter{}), Ledger: l, Observer: r.Events, Settings: r.Settings}
			s, err := m.Run(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, want, r.Muted(t, s.Services[0].TargetSID))
		})
	})

	t.Run("reads no user's channels from a source that shows none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{})
			s := r.MigrateFrom(t, source)
			require.Empty(t, r.Muted(t, s.Services[0].TargetSID))
			require.NotContains(t, s.Counts, migrate.KindUserChannels)
		})
	})

	t.Run("says what the target refuses, and tries it again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			whole := rig.WithLevels(rig.Stands(0, 0, "joined", "muted"), rig.Stands(1, 1, "joined", "muted"))
			part := maps.Clone(whole) // its second member is in no list and has no SID, so that nobody brings them in
			edit := func(name string, change func(string) string) {
				part[name] = &fstest.MapFile{Data: []byte(change(string(part[name].Data)))}
			}
			edit(archive.MembersPath(rig.ScenarioService, rig.SidOf("CH", 1)), func(text string) string { return strings.SplitAfter(text, "\n")[0] })
			edit(archive.UserChannelsPath(rig.ScenarioService), func(text string) string { return strings.ReplaceAll(text, rig.SidOf("MB", 1001), "") })
			r := rig.LevelRig(t, emulator.Config{})
			s := r.Once(t, part)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, migrate.KindUserChannels, s.Failures[0].Kind)
			require.Equal(t, migrate.KindCount{Source: 2, Written: 1, Failed: 1}, s.Counts[migrate.KindUserChannels])

			s = r.MigrateFrom(t, whole)
			require.Equal(t, want, r.Muted(t, s.Services[0].TargetSID))
		})
	})
}

func TestAuditCountsLevels(t *testing.T) {
	source := rig.WithLevels(rig.Stands(0, 0, "joined", "muted"), rig.Stands(1, 1, "joined", "default"), rig.Stands(1, 2, "notParticipating", ""), rig.Stands(0, 77, "joined", "muted"))
	audited := func(levels bool) audit.Audit {
		a, err := archive.Open(source)
		require.NoError(t, err)
		src := archive.NewSource(a)
		defer func() { require.NoError(t, src.Close()) }()
		auditor := audit.Auditor{Source: src, Observer: &rig.Events{}, Settings: migrate.Settings{APS: 10, UserChannels: levels}}
		found, err := auditor.Run(t.Context())
		require.NoError(t, err)
		return found
	}
	without, with := audited(false), audited(true)
	require.Equal(t, without.Requests.Writes+1, with.Requests.Writes)
	require.Greater(t, with.Estimate.Seconds, without.Estimate.Seconds)
	codes := func(a audit.Audit) (n int64) {
		for _, f := range a.Findings {
			if f.Code == mapping.UserChannelStatus {
				n += f.Count
			}
		}
		return n
	}
	require.Zero(t, codes(without))
	require.EqualValues(t, 1, codes(with))
}
