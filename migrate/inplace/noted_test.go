package inplace_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// dying is a ledger that takes no more records of runs once it is full.
type dying struct {
	migrate.Ledger
	full atomic.Pointer[error]
}

func (l *dying) PutRun(ctx context.Context, r migrate.RunRecord) error {
	if full := l.full.Load(); full != nil {
		return *full
	}
	return l.Ledger.PutRun(ctx, r)
}

func TestNoted(t *testing.T) {
	open := func(t *testing.T) *dying {
		l, err := sqlite.Open(t.Context(), ledgertest.Dir(t)+"/l.db")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		return &dying{Ledger: l}
	}
	last := func(t *testing.T, l migrate.Ledger) migrate.RunRecord {
		r, ok, err := l.LastRun(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		return r
	}
	never := func(error) { panic("it is not cut") }

	t.Run("a run is in the ledger while it lives, and how it ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l, began := open(t), time.Now()
			n, err := inplace.Note(t.Context(), l, 7*time.Second, 5, nil, never)
			require.NoError(t, err)
			require.Zero(t, n.Settled, "nobody was there before")
			id, err := l.Identity(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, id.ID, "a claim can name the ledger, so that the next run knows it for its own")
			n.Done(migrate.KindChannels, 2)
			n.Done(migrate.KindMembers, 40)
			time.Sleep(3500 * time.Millisecond)
			is := last(t, l)
			require.Equal(t, migrate.RunningStatus, is.Status)
			require.Zero(t, is.EndedAt)
			require.True(t, began.Add(3*time.Second).Equal(is.HeartbeatAt))
			require.JSONEq(t, `{"command":"migrate --in-place","done":2,"totals":{"channels":5}}`, string(is.Progress))
			require.NoError(t, n.End(t.Context(), &inplace.Result{Status: migrate.Partial, Channels: 6, Visible: 1, Before: 1, Promoted: 3, Failed: 1}, nil))
			is = last(t, l)
			require.Equal(t, migrate.Partial, is.Status)
			require.True(t, time.Now().Equal(is.EndedAt))
			require.JSONEq(t, `{"command":"migrate --in-place","done":5,"totals":{"channels":6}}`, string(is.Progress))
			require.Contains(t, string(is.Summary), `"promoted":3`)
		})
	})
	t.Run("whoever comes after one that was killed knows when nothing of it can land any more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := open(t)
			l.full.Store(nil)
			n, err := inplace.Note(t.Context(), l, 30*time.Second, 5, nil, func(error) {})
			require.NoError(t, err)
			time.Sleep(1500 * time.Millisecond)
			seen := last(t, l).HeartbeatAt
			full := errors.New("the disk is full")
			l.full.Store(&full)
			require.Error(t, n.End(t.Context(), &inplace.Result{Status: migrate.Complete}, nil)) // as if it had been killed
			l.full.Store(nil)
			time.Sleep(2 * time.Second)
			next, err := inplace.Note(t.Context(), l, 10*time.Second, 5, nil, never)
			require.NoError(t, err)
			require.Equal(t, 30*time.Second, next.Settle)
			require.True(t, seen.Add(migrate.HeartbeatEvery+30*time.Second).Equal(next.Settled))
			require.NoError(t, next.End(t.Context(), &inplace.Result{Status: migrate.Complete}, nil))
			after, err := inplace.Note(t.Context(), l, 10*time.Second, 5, nil, never)
			require.NoError(t, err)
			require.False(t, after.Settled.After(time.Now()), "that one ended")
			require.NoError(t, after.End(t.Context(), &inplace.Result{Status: migrate.Complete}, nil))
		})
	})
	t.Run("a ledger that takes no heartbeat ends the run, and that is its error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := open(t)
			cut := make(chan error, 1)
			n, err := inplace.Note(t.Context(), l, time.Second, 5, nil, func(err error) { cut <- err })
			require.NoError(t, err)
			full := errors.New("the disk is full")
			l.full.Store(&full)
			require.ErrorIs(t, <-cut, full)
			r := &inplace.Result{Status: migrate.InterruptedStatus}
			require.ErrorIs(t, n.End(t.Context(), r, context.Canceled), full)
			require.Equal(t, migrate.FailedStatus, r.Status)
		})
	})
}

// TestAdditionsAfterAKill holds that a push setting which a killed run sent, and which
// takes effect late, tells nobody of being added.
func TestAdditionsAfterAKill(t *testing.T) {
	const late = 2 * time.Second
	added := func(t *testing.T, settled time.Duration) int64 {
		a := crowd(t, 5, emulator.Config{})
		_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
		require.NoError(t, err)
		begin := time.Now()
		killed := a.Target(&transport.Counter{})
		time.AfterFunc(late, func() { // it was on the wire when the process died
			cfg, err := killed.Configuration(t.Context(), rig.ScenarioService)
			require.NoError(t, err)
			cfg.Notifications.AddedToConversation = conversations.Notification{Enabled: true, Template: "hello"}
			require.NoError(t, killed.SetNotifications(t.Context(), rig.ScenarioService, cfg.Notifications))
		})
		_, failures, err := a.add(t.Context(), t, &rig.Torn{}, func(a *inplace.Additions) {
			a.Settled = begin.Add(settled)
			a.Write = slowly{a.Write}
		})
		require.NoError(t, err)
		require.Empty(t, failures)
		return a.Emulator.Stats().Pushes
	}
	synctest.Test(t, func(t *testing.T) {
		require.Positive(t, added(t, 0), "it tells somebody if nobody waits for it")
	})
	synctest.Test(t, func(t *testing.T) {
		require.Zero(t, added(t, late+time.Second))
	})
}

// slowly adds a person a second.
type slowly struct{ migrate.Target }

func (s slowly) EnsureParticipant(ctx context.Context, serviceSID, conversationSID string, p conversations.Participant, keep func(conversations.Participant) bool) (conversations.Participant, migrate.Change, error) {
	time.Sleep(time.Second)
	return s.Target.EnsureParticipant(ctx, serviceSID, conversationSID, p, keep)
}
