package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
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

// notedLedger keeps each record of a run that is put.
type notedLedger struct {
	migrate.Ledger

	mu  sync.Mutex // while the run goes on
	put []migrate.RunRecord
}

// last is the record that was put last.
func (n *notedLedger) last() migrate.RunRecord {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.put[len(n.put)-1]
}

func (n *notedLedger) PutRun(ctx context.Context, r migrate.RunRecord) error {
	n.mu.Lock()
	n.put = append(n.put, r)
	n.mu.Unlock()
	return n.Ledger.PutRun(ctx, r)
}

func TestRunRecord(t *testing.T) {
	t.Run("says who runs, lives every second, and how it ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive(), Latency: 300 * time.Millisecond})
			r.Settings.Concurrency = 1
			noted := &notedLedger{}
			began := time.Now()
			s, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) {
				noted.Ledger, m.Ledger = m.Ledger, noted
			})
			require.NoError(t, err)
			ended := time.Now()
			host, err := os.Hostname()
			require.NoError(t, err)

			first := noted.put[0]
			require.NotEmpty(t, first.ID)
			require.Equal(t, migrate.RunRecord{
				ID: first.ID, PID: os.Getpid(), Host: host, StartedAt: began, HeartbeatAt: began, Status: migrate.RunningStatus, Settle: r.Settings.Settle,
				Progress: first.Progress,
			}, first)

			beats := noted.put[1 : len(noted.put)-1]
			require.Len(t, beats, int(ended.Sub(began)/time.Second))
			require.Greater(t, len(beats), 3)
			var done []int64
			for i, b := range beats {
				require.Equal(t, began.Add(time.Duration(i+1)*time.Second), b.HeartbeatAt)
				var p replay.Progress
				require.NoError(t, json.Unmarshal(b.Progress, &p))
				require.Len(t, p.Timeline, i+2, "one of each beat, and where the run is")
				done = append(done, p.Done)
				b.HeartbeatAt, b.Progress = first.HeartbeatAt, first.Progress
				require.Equal(t, first, b)
			}
			require.IsIncreasing(t, []int64{done[0], done[len(done)/2], done[len(done)-1]})
			var middle replay.Progress
			require.NoError(t, json.Unmarshal(beats[len(beats)/2].Progress, &middle))
			require.Equal(t, 1, middle.Lanes)
			require.NotZero(t, middle.Writes)
			require.NotZero(t, middle.Recent.Done)

			last := noted.put[len(noted.put)-1]
			require.Equal(t, ended, last.EndedAt)
			require.Equal(t, ended, last.HeartbeatAt)
			require.Equal(t, migrate.Complete, last.Status)
			require.Equal(t, first.ID, last.ID)
			var summary replay.Summary
			require.NoError(t, json.Unmarshal(last.Summary, &summary))
			require.Equal(t, s.Counts, summary.Counts)
			var p replay.Progress
			require.NoError(t, json.Unmarshal(last.Progress, &p))
			require.Equal(t, s.Counts[migrate.KindMessages], p.Counts[migrate.KindMessages])
			require.EqualValues(t, 8, p.Totals[migrate.KindMessages])
			require.Zero(t, p.Lanes)

			_, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, first.ID, lastRun(t, r).ID)
		})
	})

	t.Run("ends no heartbeat late: none is written after the end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			noted := &notedLedger{}
			_, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) {
				noted.Ledger, m.Ledger = m.Ledger, noted
			})
			require.NoError(t, err)
			n := len(noted.put)
			time.Sleep(5 * time.Second)
			require.Len(t, noted.put, n)
		})
	})

	t.Run("a heartbeat that the ledger refuses ends the run at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Latency: 300 * time.Millisecond})
			full := errors.New("the disk is full")
			began := time.Now()
			c := &calls{before: func(one call) error {
				if one == (call{"ledger PutRun", 2}) {
					return full
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.ErrorIs(t, err, full)
			require.Equal(t, migrate.FailedStatus, s.Status)
			require.Equal(t, 3, c.times("ledger PutRun"), "the first, the refused, the last")
			require.Less(t, time.Since(began), 2*time.Second)
			carriedMany(t, r)
		})
	})

	t.Run("is the last that is put, when all else would survive a crash", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			c := &calls{}
			_, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			var ledger []string
			for _, one := range c.all() {
				if side(one) == "ledger" {
					ledger = append(ledger, one.name)
				}
			}
			require.Equal(t, []string{"ledger Sync", "ledger PutRun"}, ledger[len(ledger)-2:])
		})
	})
}

// TestCredentialsOfTheSource holds that push credentials, whose secrets nobody
// can read, are counted and said.
func TestCredentialsOfTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := littleRig(t, little(t))
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.KindCount{Source: 1, LeftOut: 1}, s.Counts[migrate.KindCredentials])
		require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.CredentialSecret])
		p := dealtWith(t, r)
		require.EqualValues(t, 1, p.Totals[migrate.KindCredentials])
		require.EqualValues(t, 1, p.Totals[migrate.KindServices])
	})
	t.Run("and where the key may not read them, that is said", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			c := &calls{before: func(one call) error {
				if one.name == "source Credentials" {
					return &migrate.Error{Op: "list credentials", Kind: migrate.Credentials}
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.NotShown])
			require.Zero(t, s.Counts[migrate.KindCredentials])
		})
	})
}

func TestRecentProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(20).Archive(), Latency: time.Second})
		r.Settings.Concurrency = 1
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Greater(t, s.Duration, 120.0)
		p := dealtWith(t, r)
		require.InDelta(t, 60, p.Recent.Seconds, 1, "the last minute")
		require.Less(t, p.Recent.Done, p.Done)
	})
}

// timersTarget is an account with default timers.
type timersTarget struct {
	migrate.Target
	timers migrate.Timers
}

func (s timersTarget) Timers(context.Context) (migrate.Timers, error) { return s.timers, nil }

func TestDefaultTimers(t *testing.T) {
	for name, timers := range map[string]migrate.Timers{
		"to inactive": {Inactive: "PT5M"}, "to closed": {Closed: "PT10M"}, "to both": {Inactive: "PT5M", Closed: "PT10M"},
	} {
		t.Run(name+" are refused before anything is written, since a closed conversation stays closed", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
				s, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) {
					m.Target = timersTarget{m.Target, timers}
				})
				require.Equal(t, migrate.Usage, migrate.KindOf(err))
				for _, one := range []string{timers.Inactive, timers.Closed} {
					require.ErrorContains(t, err, `"`+one+`"`)
				}
				require.Contains(t, migrate.HintOf(err), "clear the default timers")
				require.Equal(t, migrate.FailedStatus, s.Status)
				require.Zero(t, s.Requests.Writes)
			})
		})
	}
}
