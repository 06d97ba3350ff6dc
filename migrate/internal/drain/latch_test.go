package drain_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

func TestLatch(t *testing.T) {
	t.Run("lets one in at a time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := drain.NewLatch()
			require.NoError(t, l.Lock(t.Context()))
			in := make(chan time.Time, 1)
			go func() {
				if l.Lock(t.Context()) == nil {
					in <- time.Now()
					l.Unlock()
				}
			}()
			synctest.Wait()
			require.Empty(t, in)
			time.Sleep(time.Minute)
			now := time.Now()
			l.Unlock()
			require.Equal(t, now, <-in)
			synctest.Wait()
			require.NoError(t, l.Lock(t.Context()), "it is free again")
			l.Unlock()
		})
	})

	t.Run("lets in whoever comes first, though their context ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			l := drain.NewLatch()
			require.NoError(t, l.Lock(ctx))
		}
	})

	t.Run("lets go of whoever waits when their context ends, for its reason", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			why := errors.New("why")
			l := drain.NewLatch()
			require.NoError(t, l.Lock(t.Context()))
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(why) })
			require.Equal(t, why, l.Lock(ctx))
			l.Unlock()
			require.NoError(t, l.Lock(t.Context()), "who gave up does not hold it")
		})
	})

	t.Run("is no stall to wait for, and one to hold", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := drain.NewLatch()
			require.NoError(t, l.Lock(t.Context()))
			time.AfterFunc(time.Hour, l.Unlock)
			ctx, w := migrate.NewWatchdog(t.Context(), time.Minute, "CH1")
			defer w.Stop()
			require.NoError(t, l.Lock(ctx))
			require.NoError(t, ctx.Err())
			got := time.Now()
			<-ctx.Done()
			require.Equal(t, time.Minute, time.Since(got))
			require.Equal(t, migrate.Stalled, migrate.KindOf(context.Cause(ctx)))
		})
	})
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		require.NoError(t, drain.Signal(nil).Wait(t.Context(), time.Minute))
		require.Equal(t, time.Minute, time.Since(began))

		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		began = time.Now()
		require.Equal(t, why, drain.Signal(nil).Wait(ctx, time.Minute))
		require.Equal(t, time.Second, time.Since(began))
	})
}

// told is an observer that keeps events.
type told struct{ events []migrate.Event }

func (o *told) Total(string, int64)   {}
func (o *told) Done(string, int64)    {}
func (o *told) Event(e migrate.Event) { o.events = append(o.events, e) }

// lastRun is a ledger that is asked for its last run alone.
type lastRun struct {
	migrate.LedgerReader
	last migrate.RunRecord
	err  error
}

func (l lastRun) LastRun(context.Context) (migrate.RunRecord, bool, error) {
	return l.last, l.err == nil, l.err
}

func TestSettling(t *testing.T) {
	const settle = 10 * time.Second
	wait := func(t *testing.T, s drain.Settling) (time.Duration, []migrate.Event, error) {
		o := &told{}
		s.Settle, s.Observer = settle, o
		began := time.Now()
		err := s.Wait(t.Context())
		return time.Since(began), o.events, err
	}

	t.Run("waits what is left of the settle time, and says so", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, events, err := wait(t, drain.Settling{Ledger: lastRun{last: migrate.RunRecord{Status: migrate.FailedStatus, EndedAt: time.Now().Add(-3 * time.Second)}}})
			require.NoError(t, err)
			require.Equal(t, 7*time.Second, took)
			require.Equal(t, []migrate.Event{{
				Level: migrate.Detail, Message: "waiting for writes that an earlier run left in flight", Fields: []any{migrate.KeyWait, 7 * time.Second},
			}}, events)
		})
	})
	t.Run("waits for nothing after a run that was complete", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, events, err := wait(t, drain.Settling{Ledger: lastRun{last: migrate.RunRecord{Status: migrate.Complete, EndedAt: time.Now()}}})
			require.NoError(t, err)
			require.Zero(t, took)
			require.Empty(t, events)
		})
	})
	t.Run("waits the whole time where there is no ledger", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, _, err := wait(t, drain.Settling{})
			require.NoError(t, err)
			require.Equal(t, settle, took)
		})
	})
	t.Run("does not go on when the ledger cannot say", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			broke := errors.New("broke")
			took, events, err := wait(t, drain.Settling{Ledger: lastRun{err: broke, last: migrate.RunRecord{Status: migrate.Complete}}})
			require.Equal(t, broke, err)
			require.Zero(t, took)
			require.Empty(t, events)
		})
	})
	t.Run("stops at a drain", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			stop := make(chan struct{})
			time.AfterFunc(time.Second, func() { close(stop) })
			took, _, err := wait(t, drain.Settling{Drain: stop})
			require.Equal(t, migrate.ErrDrained, err)
			require.Equal(t, time.Second, took)
		})
	})
	t.Run("stops when the context ends, for its reason", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			why := errors.New("why")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(why) })
			require.Equal(t, why, drain.Settling{Settle: settle, Observer: &told{}}.Wait(ctx))
		})
	})
}
