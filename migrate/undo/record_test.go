package undo_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
)

// recorded is a ledger that keeps each record of a run that is put, until it refuses.
type recorded struct {
	migrate.Ledger
	refuse int // the how many-th record, and each after it; 0 none

	mu  sync.Mutex
	put []migrate.RunRecord
}

var errFull = errors.New("the disk is full")

func (l *recorded) PutRun(ctx context.Context, r migrate.RunRecord) error {
	l.mu.Lock()
	l.put = append(l.put, r)
	refused := l.refuse > 0 && len(l.put) >= l.refuse
	l.mu.Unlock()
	if refused {
		return errFull
	}
	return l.Ledger.PutRun(ctx, r)
}

func (l *recorded) records() []migrate.RunRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]migrate.RunRecord(nil), l.put...)
}

// undoRecorded undoes as a new process would.
func undoRecorded(t *testing.T, r *rig.Rig, l *recorded) (undo.Undone, error) {
	t.Helper()
	var err error
	l.Ledger, err = sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	target := r.Target(&transport.Counter{})
	return (&undo.Undoer{Target: target, Write: target, Ledger: l, Record: l, Observer: r.Events, Settings: r.Settings, Execute: true}).Run(t.Context(), func(undo.Removal) {})
}

func TestUndoIsRecorded(t *testing.T) {
	const waiting = "waiting for writes that an earlier run left in flight"
	slow := func(t *testing.T, l *recorded) *rig.Rig {
		undoing := false
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive(), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if undoing && x.Method == http.MethodDelete {
				require.NotEmpty(t, l.records(), "before anything is deleted")
				time.Sleep(1500 * time.Millisecond)
			}
			commit().WriteTo(w)
		}})
		r.Settings.Concurrency = 1
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status)
		undoing = true
		return r
	}

	t.Run("as running before it deletes anything, alive every second, and then how it ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := &recorded{}
			r := slow(t, l)
			done, err := undoRecorded(t, r, l)
			require.NoError(t, err)
			put := l.records()
			require.Equal(t, migrate.RunningStatus, put[0].Status)
			require.Positive(t, put[0].PID)
			beats, last := put[1:len(put)-1], put[len(put)-1]
			require.Greater(t, len(beats), 3)
			for i, one := range beats {
				require.Equal(t, put[0].ID, one.ID)
				require.Equal(t, put[0].HeartbeatAt.Add(time.Duration(i+1)*time.Second), one.HeartbeatAt)
				require.Zero(t, one.EndedAt)
				require.JSONEq(t, `"undo"`, string(field(t, one.Progress, "command")))
			}
			require.JSONEq(t, `{"channels":3}`, string(field(t, beats[0].Progress, "totals")))
			require.JSONEq(t, `0`, string(field(t, beats[0].Progress, "done")))
			require.Equal(t, migrate.UndoneStatus, last.Status)
			require.NotZero(t, last.EndedAt)
			require.JSONEq(t, `3`, string(field(t, last.Progress, "done")))
			var summary undo.Undone
			require.NoError(t, json.Unmarshal(last.Summary, &summary))
			require.Equal(t, done, summary)
			require.Equal(t, migrate.Complete, done.Status)
		})
	})
	t.Run("so that the next one waits for what a killed one left in flight", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := &recorded{refuse: 3}
			r := slow(t, l)
			failed, err := undoRecorded(t, r, l) // its ledger says nothing of an end, as of a kill
			require.Equal(t, migrate.FailedStatus, failed.Status)
			require.ErrorIs(t, err, errFull, "and it ends when it cannot say that it lives")
			require.Less(t, len(l.records()), 6)
			require.NotContains(t, r.Events.Messages(), waiting)
			left := lastRun(t, r)
			require.Equal(t, migrate.RunningStatus, left.Status)
			require.Zero(t, left.EndedAt)
			began := time.Now()
			_, err = undoRecorded(t, r, &recorded{})
			require.NoError(t, err)
			require.Contains(t, r.Events.Messages(), waiting)
			require.GreaterOrEqual(t, time.Since(began), left.HeartbeatAt.Add(migrate.HeartbeatEvery+r.Settings.Settle).Sub(began))
			require.Equal(t, migrate.UndoneStatus, lastRun(t, r).Status)
		})
	})
	t.Run("but not if it wrote nothing: then the last run is still the migration", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			before := lastRun(t, m.Rig)
			other := claim.New(claim.Options{Target: m.Target, Verb: "migrate", Settle: m.Settings.Settle, Observer: m.Events})
			require.NoError(t, other.Take(t.Context(), m.Service, rig.ScenarioService, nil))
			_, _, err := m.Undo(t.Context(), true)
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			require.Equal(t, before, lastRun(t, m.Rig))
			_, _, err = m.Undo(t.Context(), false)
			require.NoError(t, err)
			require.Equal(t, before, lastRun(t, m.Rig))
			other.Release(t.Context())
		})
	})
}

func field(t *testing.T, raw []byte, name string) json.RawMessage {
	t.Helper()
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &all))
	return all[name]
}

func lastRun(t *testing.T, r *rig.Rig) migrate.RunRecord {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	last, ok, err := l.LastRun(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	return last
}
