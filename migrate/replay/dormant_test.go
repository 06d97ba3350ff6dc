package replay_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// Two members never read; one of them writes. The other is dormant, and only the
// whole list of messages tells.
func TestDormantMembers(t *testing.T) {
	c := rig.ChannelPlan{Members: []int{0, 1}, Read: []int{-1, -1}}
	for range 350 {
		c.Messages = append(c.Messages, rig.MsgPlan{Author: 0, Body: "on my way"})
	}
	migrated := func(t *testing.T) *rig.Rig {
		return rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 2, Channels: []rig.ChannelPlan{c}}.Archive()})
	}
	// pass returns who is in the conversation then, and how many requests read the source.
	pass := func(t *testing.T, r *rig.Rig, since time.Time) (who []string, reads int64) {
		before := r.Emulator.Stats().Chat.Reads
		s, err := r.Migrate(t.Context(), func(m *replay.Migration) {
			m.Source = migrate.Scoped(m.Source, migrate.Scope{ActiveSince: since})
		})
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		m := rig.In(r, s.Services[0].TargetSID)
		m.Conversation = channelOf(t, r, 0).TargetSID
		for _, p := range m.Participants(t) {
			who = append(who, p.Identity)
		}
		return who, r.Emulator.Stats().Chat.Reads - before
	}
	ann, ben := rig.IdentityOf(0), rig.IdentityOf(1)
	since := rig.ScenarioStart.Add(time.Hour)

	t.Run("are looked for again only in what came since, and come when they write", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := migrated(t)
			who, _ := pass(t, r, since)
			require.Equal(t, []string{ann}, who)
			who, little := pass(t, r, since)
			require.Equal(t, []string{ann}, who)
			other := migrated(t)
			pass(t, other, time.Time{})
			_, everybody := pass(t, other, time.Time{})
			require.Equal(t, everybody+1, little, "one request for what came since")
			_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), ben, "I am back")
			require.NoError(t, err)
			who, _ = pass(t, r, since)
			require.Equal(t, []string{ann, ben}, who)
		})
	})
	t.Run("are looked for in the whole list again under other settings", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := migrated(t)
			never := rig.ScenarioStart.AddDate(1, 0, 0)
			who, _ := pass(t, r, never)
			require.Empty(t, who)
			m := rig.In(r, "")
			m.InLedger(t, func(l migrate.Ledger) {
				require.NoError(t, l.Rebind(t.Context(), migrate.Fingerprint{"filters": "another"}))
			})
			who, _ = pass(t, r, since)
			require.Equal(t, []string{ann}, who)
		})
	})
	t.Run("are not taken for members whom another policy left out", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := migrated(t)
			who, _ := pass(t, r, since)
			require.Equal(t, []string{ann}, who)
			m := rig.In(r, "")
			m.InLedger(t, func(l migrate.Ledger) {
				require.NoError(t, l.ForgetEntity(t.Context(), migrate.MemberEntity, rig.SidOf("MB", 0)))
			})
			require.True(t, channelOf(t, r, 0).Listed.Known)
			pass(t, r, since)
			m.InLedger(t, func(l migrate.Ledger) {
				for n, brought := range []bool{true, false} {
					_, known, err := l.Entity(t.Context(), migrate.MemberEntity, rig.SidOf("MB", n))
					require.NoError(t, err)
					require.Equal(t, brought, known)
					dormant, err := l.Found(t.Context(), mapping.MemberDormant, rig.SidOf("MB", n))
					require.NoError(t, err)
					require.Equal(t, !brought, dormant)
				}
			})
		})
	})
}
