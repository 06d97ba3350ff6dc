package lease_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/lease"
)

// keep takes a lease whose n-th renewal, from 1, is answered so.
func keep(t *testing.T, renew func(ctx context.Context, n int) error) *lease.Keeper {
	t.Helper()
	n := 0
	k, err := lease.Take(t.Context(), length, func(context.Context) (migrate.Handover, error) { return migrate.Handover{}, nil }, func(ctx context.Context) error {
		n++
		return renew(ctx, n)
	})
	require.NoError(t, err)
	return k
}

func TestRenewal(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"counts from before it was asked for": func(t *testing.T) {
			const took = 5 * time.Second
			var asked time.Time
			k := keep(t, func(_ context.Context, n int) error {
				if n > 1 {
					return errSilent
				}
				asked = time.Now()
				time.Sleep(took)
				return nil
			})
			defer k.Stop()
			during, stop := k.During(t.Context())
			defer stop()
			<-during.Done()
			require.Equal(t, length, time.Since(asked))
			require.Error(t, k.Permit())
		},
		"is tried more often while there is no answer, and no longer": func(t *testing.T) {
			var asked []time.Duration
			began := time.Now()
			k := keep(t, func(_ context.Context, n int) error {
				asked = append(asked, time.Since(began))
				if n <= 2 {
					return errSilent
				}
				return nil
			})
			time.Sleep(3 * length)
			k.Stop()
			third, twelfth := length/3, length/12
			want := []time.Duration{third, third + twelfth}
			for at := third + 2*twelfth; at < 3*length; at += third {
				want = append(want, at)
			}
			require.Equal(t, want, asked)
		},
		"is waited for by whoever stops": func(t *testing.T) {
			var answered atomic.Bool
			k := keep(t, func(ctx context.Context, _ int) error {
				<-ctx.Done()
				time.Sleep(time.Second) // as a driver that closes its connection
				answered.Store(true)
				return ctx.Err()
			})
			time.Sleep(length/3 + time.Second)
			k.Stop()
			require.True(t, answered.Load())
		},
		"that cannot be had is what a write waits for": func(t *testing.T) {
			k := keep(t, func(context.Context, int) error { return errSilent })
			defer k.Stop()
			time.Sleep(length)
			ctx, waits := migrate.WithWaits(t.Context())
			ctx, end := context.WithCancel(ctx)
			defer end()
			ready := make(chan error, 1)
			go func() { ready <- k.Ready(ctx) }()
			synctest.Wait()
			now := waits.Now(0)
			require.Len(t, now, 1)
			require.Equal(t, migrate.Claiming, now[0].Cause)
			end()
			require.ErrorIs(t, <-ready, context.Canceled)
			require.Empty(t, waits.Now(0))
		},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}
