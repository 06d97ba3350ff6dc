package replay_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
)

// TestWhatMayStillLand holds that whatever writes after a run waits for what
// that run may have left in flight.
func TestWhatMayStillLand(t *testing.T) {
	took := func(do func()) time.Duration {
		began := time.Now()
		do()
		return time.Since(began)
	}
	for _, c := range []struct {
		status string
		wait   time.Duration
	}{
		{migrate.Complete, 0},
		{migrate.Partial, 9 * time.Second},
		{migrate.InterruptedStatus, 9 * time.Second},
		{migrate.FailedStatus, 9 * time.Second},
	} {
		t.Run("after a run that ended as "+c.status+" undo and repair wait, and their previews do not", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.Migrated(t, rig.WholeScenario())
				m.EndedAs(t, c.status)
				require.Zero(t, took(func() {
					_, _, err := m.Undo(t.Context(), false)
					require.NoError(t, err)
				}))
				require.Zero(t, took(func() { m.Repair(t, false) }))
				require.Equal(t, c.wait, took(func() { m.Repair(t, true) }))
				m.EndedAs(t, c.status)
				require.Equal(t, c.wait, took(func() {
					_, _, err := m.Undo(t.Context(), true)
					require.NoError(t, err)
				}))
				if c.wait > 0 {
					require.Contains(t, m.Events.Messages(), "waiting for writes that an earlier run left in flight")
				}
				m.EndedAs(t, c.status)
				require.Zero(t, took(func() {
					_, _, err := m.Undo(t.Context(), true)
					require.NoError(t, err)
				}), "there is nothing left to undo")
			})
		})
	}

	t.Run("an undo that is told to stop while it waits stops at once, and deletes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			m.EndedAs(t, migrate.InterruptedStatus)
			l, err := sqlite.Open(t.Context(), m.Ledger)
			require.NoError(t, err)
			defer func() { require.NoError(t, l.Close()) }()
			target := m.Rig.Target(&transport.Counter{})
			drain := make(chan struct{})
			time.AfterFunc(3*time.Second, func() { close(drain) })
			writes := m.Emulator.Stats().Conversations.Writes
			u := undo.Undoer{Target: target, Write: target, Ledger: l, Record: l, Observer: m.Events, Settings: m.Settings, Execute: true, Drain: drain}
			require.Equal(t, 3*time.Second, took(func() { _, err = u.Run(context.WithoutCancel(t.Context()), func(undo.Removal) {}) }))
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.Equal(t, writes, m.Emulator.Stats().Conversations.Writes)
		})
	})
}
