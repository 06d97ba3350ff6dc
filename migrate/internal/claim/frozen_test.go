package claim_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
)

// frozen is a target that stands between the guard and the wire, and holds every
// append of a message until it is thawed, as if the process had been stopped in
// the middle of it.
type frozen struct {
	migrate.Target
	thaw <-chan struct{}
}

func (f frozen) AppendMessage(ctx context.Context, service, conversation string, m conversations.Message) (conversations.Message, error) {
	<-f.thaw
	return f.Target.AppendMessage(ctx, service, conversation, m)
}

func TestFrozenHolder(t *testing.T) {
	t.Run("that wakes after another took over writes nothing, not even what it had begun", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			thaw := make(chan struct{})
			first := b.run(func(o *claim.Options) { o.Target = frozen{o.Target, thaw} })
			second := b.run(nil)
			require.NoError(t, b.take(t, first))
			b.outage(time.Minute) // no renewal of the frozen one
			done := make(chan error, 1)
			go func() { done <- b.say(t.Context(), first, "from the frozen one") }()
			time.Sleep(time.Second)
			require.NoError(t, b.take(t, second), "it takes over")
			require.NoError(t, b.say(t.Context(), second, "from the heir"))
			close(thaw)
			require.Error(t, <-done)
			require.Error(t, b.say(t.Context(), first, "more from the frozen one"))
			require.Equal(t, migrate.Conflict, migrate.KindOf(first.Err()))
			require.Equal(t, []string{"from the heir"}, b.bodies(t))
			first.Release(t.Context())
			_, found := b.claimed(t)
			require.True(t, found, "the claim of the other is left alone")
			second.Release(t.Context())
		})
	})

	t.Run("that renews between the last look of another and the deletion writes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			require.NoError(t, b.take(t, first))
			seen, _ := b.claimed(t)
			// Renewals get through again at the very moment of the deletion.
			var deleted atomic.Bool
			var renewals atomic.Int64
			b.intercept(func(x *emulator.Exchange) bool {
				if x.Method == http.MethodDelete && x.Path[4] == seen.SID && !deleted.Swap(true) {
					time.Sleep(3 * time.Second) // on its way
				}
				if isRenewal(x) && deleted.Load() {
					renewals.Add(1)
				}
				return isRenewal(x) && !deleted.Load()
			})
			taken := make(chan error, 1)
			go func() { taken <- b.take(t, second) }()
			time.Sleep(45 * time.Second)
			wrote := make(chan error, 1)
			go func() { wrote <- b.say(t.Context(), first, "from the first") }()
			require.NoError(t, <-taken)
			require.Positive(t, renewals.Load(), "it did renew")
			require.Error(t, <-wrote)
			require.NoError(t, b.say(t.Context(), second, "from the second"))
			require.Equal(t, []string{"from the second"}, b.bodies(t))
			first.Release(t.Context())
			second.Release(t.Context())
		})
	})

	t.Run("who is slow to delete what it looked at waits until the other cannot write any more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			require.NoError(t, b.take(t, first))
			seen, _ := b.claimed(t)
			var looked atomic.Bool
			var deleted time.Time
			b.intercept(func(x *emulator.Exchange) bool {
				if x.Method == http.MethodDelete && x.Path[4] == seen.SID {
					looked.Store(true)
					time.Sleep(25 * time.Second) // the first wakes meanwhile, and renews as it should
					deleted = time.Now()
				}
				return isRenewal(x) && !looked.Load()
			})
			taken := make(chan error, 1)
			go func() { taken <- b.take(t, second) }()
			// It writes all the time, from when it may again.
			last := make(chan time.Time, 1)
			go func() {
				var at time.Time
				for b.say(t.Context(), first, "first") == nil {
					at = time.Now()
					time.Sleep(500 * time.Millisecond)
				}
				last <- at
			}()
			require.NoError(t, <-taken)
			got := time.Now()
			at := <-last
			require.True(t, at.After(deleted.Add(-10*time.Second)), "the first wrote again after it woke")
			require.True(t, at.Before(got), "and not once the other had the service")
			first.Release(t.Context())
			second.Release(t.Context())
		})
	})
}
