package migrate_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

const patience = time.Minute

// stalledAfter is when a watchdog ends its lane, if it does within an hour.
func stalledAfter(t *testing.T, ctx context.Context, began time.Time) time.Duration {
	t.Helper()
	select {
	case <-ctx.Done():
		return time.Since(began)
	case <-time.After(time.Hour):
		return -1
	}
}

func TestWatchdog(t *testing.T) {
	watch := func(t *testing.T, do func(t *testing.T, ctx context.Context, w *migrate.Watchdog)) {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := migrate.NewWatchdog(t.Context(), patience, "CH1")
			defer w.Stop()
			do(t, ctx, w)
		})
	}

	t.Run("ends a lane that stands still, and says which and why", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, _ *migrate.Watchdog) {
			require.Equal(t, patience, stalledAfter(t, ctx, time.Now()))
			err := context.Cause(ctx)
			require.Equal(t, migrate.Stalled, migrate.KindOf(err))
			require.EqualError(t, err, "migrate channel CH1: no progress for 1m0s")
			require.Contains(t, migrate.HintOf(err), "--watchdog")
		})
	})

	t.Run("begins anew with each progress, that of a request too", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			for range 5 {
				time.Sleep(patience - time.Second)
				w.Progress()
				time.Sleep(patience - time.Second)
				migrate.Waiting(ctx, 0)
			}
			require.NoError(t, ctx.Err())
			require.Equal(t, patience, stalledAfter(t, ctx, time.Now()))
		})
	})

	t.Run("is quiet for a wait, and no longer", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			w.Waiting(5 * time.Minute)
			require.Equal(t, 5*time.Minute+patience, stalledAfter(t, ctx, time.Now()))
		})
	})

	t.Run("takes a wait that is over for progress", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			time.Sleep(patience / 2)
			w.Waiting(-10 * time.Minute)
			require.LessOrEqual(t, stalledAfter(t, ctx, time.Now()), patience)
		})
	})

	t.Run("is ended early by progress in a wait", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			w.Waiting(5 * time.Minute)
			time.Sleep(time.Second)
			w.Progress()
			require.Equal(t, patience, stalledAfter(t, ctx, time.Now()))
		})
	})

	t.Run("waits as long as it said, whatever is done beside it", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			w.Waiting(5 * time.Minute)
			time.Sleep(time.Second)
			migrate.Waiting(migrate.Beside(ctx), 0)
			require.Equal(t, 5*time.Minute-time.Second+patience, stalledAfter(t, ctx, time.Now()))
		})
	})
	t.Run("has its time again after what is done beside it, and waits for that", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			time.Sleep(patience / 2)
			migrate.Waiting(migrate.Beside(ctx), time.Minute)
			require.Equal(t, time.Minute+patience, stalledAfter(t, ctx, time.Now()))
		})
	})

	t.Run("is quiet while a request is queued, and then has its time again", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, _ *migrate.Watchdog) {
			time.Sleep(patience / 2)
			first, second := migrate.Queued(ctx), migrate.Queued(ctx)
			time.Sleep(5 * patience)
			first()
			time.Sleep(5 * patience)
			require.NoError(t, ctx.Err(), "one is queued still")
			second()
			require.Equal(t, patience, stalledAfter(t, ctx, time.Now()))
		})
	})

	t.Run("stays quiet through progress of others while a request is queued", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			served := migrate.Queued(ctx)
			w.Progress()
			time.Sleep(5 * patience)
			require.NoError(t, ctx.Err())
			served()
			require.Equal(t, patience, stalledAfter(t, ctx, time.Now()))
		})
	})

	t.Run("remembers a wait that was announced before the queue", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			w.Waiting(10 * time.Minute)
			served := migrate.Queued(ctx)
			time.Sleep(time.Minute)
			served()
			require.Equal(t, 9*time.Minute+patience, stalledAfter(t, ctx, time.Now()))
		})
	})

	t.Run("that was stopped says nothing, and what is left of its lane ends", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			served := migrate.Queued(ctx)
			w.Stop()
			require.ErrorIs(t, context.Cause(ctx), context.Canceled)
			served()
			w.Progress()
			w.Waiting(time.Second)
			time.Sleep(10 * patience)
			require.ErrorIs(t, context.Cause(ctx), context.Canceled)
		})
	})

	// A timer that ran out at the very moment of a sign of life is no stall. Which
	// of the two comes first is up to the scheduler, so both are asked for often.
	for name, live := range map[string]func(ctx context.Context, w *migrate.Watchdog) (quiet time.Duration){
		"progress": func(_ context.Context, w *migrate.Watchdog) time.Duration { w.Progress(); return patience },
		"a wait": func(_ context.Context, w *migrate.Watchdog) time.Duration {
			w.Waiting(time.Minute)
			return patience + time.Minute
		},
		"a queue": func(ctx context.Context, w *migrate.Watchdog) time.Duration {
			served := migrate.Queued(ctx)
			time.AfterFunc(5*patience, served)
			return 6 * patience
		},
	} {
		t.Run("that runs out at the moment of "+name+" ends no lane that was first to speak", func(t *testing.T) {
			lived := 0
			for range 200 {
				synctest.Test(t, func(t *testing.T) {
					var w *migrate.Watchdog
					var ctx context.Context
					made, in := make(chan struct{}), make(chan time.Duration, 1)
					time.AfterFunc(patience, func() {
						<-made
						quiet := live(ctx, w)
						synctest.Wait()
						if ctx.Err() != nil {
							quiet = 0
						}
						in <- quiet
					})
					ctx, w = migrate.NewWatchdog(t.Context(), patience, "CH1")
					close(made)
					defer w.Stop()
					quiet := <-in
					if quiet == 0 {
						return
					}
					lived++
					require.Equal(t, quiet, stalledAfter(t, ctx, time.Now()))
				})
			}
			require.NotZero(t, lived)
			t.Logf("%d of 200 lived", lived)
		})
	}

	t.Run("ends with what it is derived from, for its reason", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			why := errors.New("why")
			outer, cancel := context.WithCancelCause(t.Context())
			ctx, w := migrate.NewWatchdog(outer, patience, "CH1")
			defer w.Stop()
			cancel(why)
			require.Equal(t, why, context.Cause(ctx))
		})
	})

	t.Run("knows of a write that may land once more", func(t *testing.T) {
		watch(t, func(t *testing.T, ctx context.Context, w *migrate.Watchdog) {
			require.False(t, w.InDoubt.Load())
			inner, cancel := context.WithCancel(ctx)
			defer cancel()
			migrate.NoteDoubt(inner)
			require.True(t, w.InDoubt.Load())
		})
	})

	t.Run("is not needed to know of one, and everybody who asks is told", func(t *testing.T) {
		outer, all := migrate.WithDoubt(t.Context())
		inner, one := migrate.WithDoubt(outer)
		_, another := migrate.WithDoubt(outer)
		require.False(t, all() || one())
		migrate.NoteDoubt(inner)
		require.True(t, all())
		require.True(t, one())
		require.False(t, another())
	})

	t.Run("is not needed: without one there is nothing to be kept quiet", func(t *testing.T) {
		migrate.Waiting(t.Context(), time.Second)
		migrate.NoteDoubt(t.Context())
		migrate.Queued(t.Context())()
	})
}
