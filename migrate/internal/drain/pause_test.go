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

func TestPause(t *testing.T) {
	paused := func(t *testing.T) (context.Context, *migrate.Pause) {
		p := &migrate.Pause{}
		p.Set("a file")
		ctx, dog := migrate.NewWatchdog(migrate.WithPause(t.Context(), p), time.Minute, "CH1")
		t.Cleanup(dog.Stop)
		return ctx, p
	}
	t.Run("holds a write back for as long as it lasts, which is no stall", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, p := paused(t)
			time.AfterFunc(time.Hour, func() { p.Set("other hours") })
			time.AfterFunc(8*time.Hour, func() { p.Set("") })
			began := time.Now()
			require.NoError(t, drain.Signal(nil).Proceed(ctx))
			require.Equal(t, 8*time.Hour, time.Since(began))
			require.NoError(t, drain.Signal(nil).Proceed(ctx))
			require.Equal(t, 8*time.Hour, time.Since(began))
		})
	})
	t.Run("ends at a drain, which begins no write and lets through what is left to do", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, _ := paused(t)
			stop := make(chan struct{})
			time.AfterFunc(time.Minute, func() { close(stop) })
			began := time.Now()
			require.Equal(t, migrate.ErrDrained, drain.Signal(stop).Proceed(ctx))
			require.Equal(t, time.Minute, time.Since(began))
			require.NoError(t, drain.Signal(stop).Unpaused(ctx))
			require.Equal(t, time.Minute, time.Since(began))
		})
	})
	t.Run("ends with the context, for its reason", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, _ := paused(t)
			why := errors.New("why")
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Minute, func() { cancel(why) })
			require.Equal(t, why, drain.Signal(nil).Unpaused(ctx))
			require.Equal(t, why, drain.Signal(nil).Proceed(ctx))
		})
	})
	t.Run("lets time pass", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, _ := paused(t)
			began := time.Now()
			require.NoError(t, drain.Signal(nil).Wait(ctx, time.Second))
			require.Equal(t, time.Second, time.Since(began))
		})
	})
	t.Run("makes what was looked at before old, also if it is over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, p := paused(t)
			time.AfterFunc(time.Hour, func() { p.Set("") })
			looked, err := drain.Signal(nil).Begin(ctx)
			require.NoError(t, err)
			require.False(t, drain.Old(looked))
			p.Set("again")
			require.True(t, drain.Old(looked))
			require.NoError(t, drain.Signal(nil).Proceed(looked), "what was looked at may be written")
			p.Set("")
			require.True(t, drain.Old(looked))
			again, err := drain.Signal(nil).Begin(ctx)
			require.NoError(t, err)
			require.False(t, drain.Old(again))
			require.False(t, drain.Old(t.Context()))
		})
	})
}
