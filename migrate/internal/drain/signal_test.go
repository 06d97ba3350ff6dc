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

// given is a signal that was given.
func given() drain.Signal {
	s := make(chan struct{})
	close(s)
	return s
}

func TestProceed(t *testing.T) {
	why := errors.New("why")
	cut, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	for name, c := range map[string]struct {
		signal drain.Signal
		ctx    context.Context
		want   error
	}{
		"nobody said a word":                {make(chan struct{}), t.Context(), nil},
		"a nil signal never comes":          {nil, t.Context(), nil},
		"the signal was given":              {given(), t.Context(), migrate.ErrDrained},
		"the context ended, and says why":   {nil, cut, why},
		"both: the signal is the politer":   {given(), cut, migrate.ErrDrained},
		"the context ended without a cause": {nil, cancelled(t), context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, c.signal.Proceed(c.ctx))
			require.Equal(t, c.want == migrate.ErrDrained, c.signal.Given())
		})
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// No time to wait is still a place to stop at. Many times, because a select
// between a timer that has run out and a signal would choose either.
func TestWaitForNothingStopsToo(t *testing.T) {
	for range 100 {
		require.Equal(t, migrate.ErrDrained, given().Wait(t.Context(), 0))
		require.Equal(t, context.Canceled, drain.Signal(nil).Wait(cancelled(t), 0))
		require.Equal(t, migrate.ErrDrained, given().Wait(t.Context(), -time.Second))
		require.NoError(t, drain.Signal(nil).Wait(t.Context(), 0))
	}
}

func TestWaitForSaysWhatForInAllThatTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, waits := migrate.WithWaits(t.Context())
		go func() { _ = drain.Signal(nil).WaitFor(ctx, time.Minute, "a list may lag") }()
		time.Sleep(30 * time.Second)
		now := waits.Now(migrate.LongWait)
		require.Len(t, now, 1)
		require.Equal(t, migrate.Settling, now[0].Cause)
		require.Equal(t, "a list may lag", now[0].Reason)
		time.Sleep(time.Minute)
		require.Empty(t, waits.Now(0))
	})
}

// Begin is Proceed, and nothing pauses in the context that it returns.
func TestBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pause, stop := &migrate.Pause{}, make(chan struct{})
		paused := migrate.WithPause(t.Context(), pause)
		ctx, err := drain.Signal(stop).Begin(paused)
		require.NoError(t, err)
		pause.Set("a file")
		require.NoError(t, drain.Signal(stop).Proceed(ctx))
		close(stop)
		_, err = drain.Signal(stop).Begin(t.Context())
		require.ErrorIs(t, err, migrate.ErrDrained)
	})
}

// Whoever waits for what may still land says so.
func TestWaitIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, waits := migrate.WithWaits(t.Context())
		over := make(chan error, 1)
		go func() { over <- drain.Signal(nil).Wait(ctx, 5*time.Second) }()
		time.Sleep(3 * time.Second)
		require.Equal(t, []migrate.Wait{{Cause: migrate.Settling, Others: 1, Seconds: 3}}, waits.Now(0))
		require.NoError(t, <-over)
		require.Empty(t, waits.Now(0))
	})
}
