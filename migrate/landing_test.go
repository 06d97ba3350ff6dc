package migrate_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// endedAs records that the last run ended a second ago in some way.
func (r *rig) endedAs(t *testing.T, status string) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.ledger)
	require.NoError(t, err)
	last, ok, err := l.LastRun(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	at := time.Now().Add(-time.Second)
	last.Status, last.EndedAt = status, at
	require.NoError(t, l.PutRun(t.Context(), last))
	require.NoError(t, l.Close())
}

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
				m := migrated(t, wholeScenario())
				m.endedAs(t, c.status)
				require.Zero(t, took(func() {
					_, _, err := m.undo(t.Context(), false)
					require.NoError(t, err)
				}))
				require.Zero(t, took(func() { m.repair(t, false) }))
				require.Equal(t, c.wait, took(func() { m.repair(t, true) }))
				m.endedAs(t, c.status)
				require.Equal(t, c.wait, took(func() {
					_, _, err := m.undo(t.Context(), true)
					require.NoError(t, err)
				}))
				if c.wait > 0 {
					require.Contains(t, m.events.messages(), "waiting for what a migration left in flight to land")
				}
				m.endedAs(t, c.status)
				require.Zero(t, took(func() {
					_, _, err := m.undo(t.Context(), true)
					require.NoError(t, err)
				}), "there is nothing left to undo")
			})
		})
	}

	t.Run("an undo that is told to stop while it waits stops at once, and deletes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := migrated(t, wholeScenario())
			m.endedAs(t, migrate.InterruptedStatus)
			l, err := sqlite.Open(t.Context(), m.ledger)
			require.NoError(t, err)
			defer func() { require.NoError(t, l.Close()) }()
			target := m.rig.target(&transport.Counter{})
			drain := make(chan struct{})
			time.AfterFunc(3*time.Second, func() { close(drain) })
			writes := m.emulator.Stats().Conversations.Writes
			u := migrate.Undoer{Target: target, Write: target, Ledger: l, Record: l, Observer: m.events, Settings: m.settings, Execute: true, Drain: drain}
			require.Equal(t, 3*time.Second, took(func() { _, err = u.Run(context.WithoutCancel(t.Context()), func(migrate.Removal) {}) }))
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.Equal(t, writes, m.emulator.Stats().Conversations.Writes)
		})
	})
}
