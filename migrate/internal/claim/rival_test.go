package claim_test

import (
	"context"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/origin"
)

// made is a service that a run made and claimed.
func (b *bench) made(t *testing.T, r *run, from string) conversations.Service {
	t.Helper()
	s, err := r.AppendService(t.Context(), conversations.Service{FriendlyName: "Support"})
	require.NoError(t, err)
	require.NoError(t, r.Take(t.Context(), s.SID, from, nil))
	return s
}

func TestAlone(t *testing.T) {
	const other = "IS0000000000000000000000000000000b"
	t.Run("of two that were made at the same moment the same one stays for both", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			mine, theirs := b.made(t, first, source), b.made(t, second, source)
			stays := origin.Stays(mine, theirs)
			for run, s := range map[*run]conversations.Service{first: mine, second: theirs} {
				err := run.Alone(t.Context(), s)
				if s.SID == stays.SID {
					require.NoError(t, err)
					continue
				}
				require.Equal(t, migrate.Conflict, migrate.KindOf(err))
				require.ErrorContains(t, err, stays.SID)
			}
			first.Release(t.Context())
			second.Release(t.Context())
		})
	})
	t.Run("who finds another that has begun goes, whichever is older", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			// The services before the claims, so that neither sees the other's.
			one, err := first.AppendService(t.Context(), conversations.Service{FriendlyName: "Support"})
			require.NoError(t, err)
			two, err := second.AppendService(t.Context(), conversations.Service{FriendlyName: "Support"})
			require.NoError(t, err)
			older, younger, ro, ry := one, two, first, second
			if origin.Stays(one, two).SID == two.SID {
				older, younger, ro, ry = two, one, second, first
			}
			require.NoError(t, ry.Take(t.Context(), younger.SID, source, nil))
			require.NoError(t, ry.Alone(t.Context(), younger), "the other has no claim yet")
			require.NoError(t, ro.Take(t.Context(), older.SID, source, nil))
			require.Equal(t, migrate.Conflict, migrate.KindOf(ro.Alone(t.Context(), older)))
			b.service = older.SID
			seen, _ := b.claimed(t)
			require.False(t, seen.Begun, "so that the other does not go for it")
			ro.Release(t.Context())
			ry.Release(t.Context())
		})
	})
	t.Run("who sees another begin between two looks goes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			older, err := second.AppendService(t.Context(), conversations.Service{FriendlyName: "Support"})
			require.NoError(t, err)
			time.Sleep(2 * time.Second)
			mine := b.made(t, first, source)
			var begun atomic.Bool
			b.intercept(func(x *emulator.Exchange) bool {
				if isRenewal(x) && begun.CompareAndSwap(false, true) {
					require.NoError(t, second.Take(t.Context(), older.SID, source, nil))
					require.NoError(t, second.Alone(t.Context(), older), "the older one stays, and the other has not begun")
				}
				return false
			})
			require.Equal(t, migrate.Conflict, migrate.KindOf(first.Alone(t.Context(), mine)))
			require.True(t, begun.Load())
			first.Release(t.Context())
			second.Release(t.Context())
		})
	})
	t.Run("a list of services that ends early once hides no rival", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first := b.run(nil)
			older := b.made(t, first, source)
			time.Sleep(2 * time.Second)
			short := &shortOnce{Target: b.plain()}
			second := b.run(func(o *claim.Options) { o.Target = short })
			mine := b.made(t, second, source)
			short.next = true
			require.Equal(t, migrate.Conflict, migrate.KindOf(second.Alone(t.Context(), mine)))
			require.NoError(t, first.Alone(t.Context(), older))
			first.Release(t.Context())
			second.Release(t.Context())
		})
	})
	t.Run("another source, a dead run and our own are no rivals", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second, dead := b.run(nil), b.run(nil), b.run(nil)
			b.made(t, second, other)
			lost := b.made(t, dead, source)
			b.service = lost.SID
			b.dies(t, dead)
			time.Sleep(time.Minute)
			mine := b.made(t, first, source)
			require.NoError(t, first.Alone(t.Context(), mine))
			again := b.made(t, first, source)
			require.NoError(t, first.Alone(t.Context(), again))
			first.Release(t.Context())
			second.Release(t.Context())
		})
	})
}

func TestQuiet(t *testing.T) {
	t.Run("a service that another run has for the same source is watched", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			require.NoError(t, second.Quiet(t.Context(), b.service, source), "nobody has it")
			require.NoError(t, b.take(t, first))
			require.NoError(t, first.Quiet(t.Context(), b.service, source), "its own")
			require.NoError(t, second.Quiet(t.Context(), b.service, "IS2"), "another source")
			require.Equal(t, migrate.Conflict, migrate.KindOf(second.Quiet(t.Context(), b.service, source)))
			b.dies(t, first)
			require.NoError(t, second.Quiet(t.Context(), b.service, source), "it was dead")
		})
	})
}

// shortOnce is a target whose next list of services ends before its first.
type shortOnce struct {
	migrate.Target
	next bool
}

func (s *shortOnce) Services(ctx context.Context) iter.Seq2[conversations.Service, error] {
	if s.next {
		s.next = false
		return func(func(conversations.Service, error) bool) {}
	}
	return s.Target.Services(ctx)
}
