package claim_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
)

func TestLost(t *testing.T) {
	t.Run("a claim that is gone at a renewal ends the verb at once, and nothing is written any more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			seen, _ := b.claimed(t)
			require.NoError(t, b.plain().DeleteConversation(t.Context(), b.service, seen.SID))
			began := time.Now()
			err := <-r.lost
			require.LessOrEqual(t, time.Since(began), 10*time.Second)
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			require.True(t, migrate.EndsRun(t.Context(), err))
			require.Equal(t, err, r.Err())
			require.Equal(t, err, b.say(t.Context(), r, "x"))
			_, err = r.AppendService(t.Context(), conversations.Service{FriendlyName: "y"})
			require.Equal(t, r.Err(), err)
			require.Empty(t, b.bodies(t))
			r.Release(t.Context())
		})
	})
	t.Run("a service that is deleted takes its claim along", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			require.NoError(t, r.DeleteService(t.Context(), b.service))
			time.Sleep(time.Minute)
			require.NoError(t, r.Err())
			before := b.Emulator.Stats().Conversations.Writes
			r.Release(t.Context())
			require.Equal(t, before, b.Emulator.Stats().Conversations.Writes)
		})
	})
}

// outage loses every renewal for a while, and nothing else.
func (b *bench) outage(d time.Duration) {
	until := time.Now().Add(d)
	b.intercept(func(x *emulator.Exchange) bool { return isRenewal(x) && time.Now().Before(until) })
}

func TestLapsed(t *testing.T) {
	t.Run("a claim that cannot be renewed holds writes back until it was renewed twice", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			began := time.Now()
			b.outage(60 * time.Second)
			time.Sleep(29 * time.Second)
			require.NoError(t, b.say(t.Context(), r, "in time"))
			time.Sleep(2 * time.Second)
			require.NoError(t, b.say(t.Context(), r, "later"))
			require.GreaterOrEqual(t, time.Since(began), 70*time.Second)
			require.Less(t, time.Since(began), 95*time.Second)
			require.Equal(t, []string{"in time", "later"}, b.bodies(t))
			r.Release(t.Context())
		})
	})
	t.Run("a write waits no longer than other requests do, and running again can succeed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			b.outage(time.Hour)
			time.Sleep(31 * time.Second)
			err := b.say(t.Context(), r, "x")
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.ErrorContains(t, err, "could not be renewed in time")
			require.Empty(t, b.bodies(t))
			require.Error(t, b.say(canceled(t), r, "y"))
			r.Release(t.Context())
		})
	})
	t.Run("a clock that was set forward counts as time that passed", func(t *testing.T) {
		asked := time.Now()
		for _, c := range []struct {
			now  time.Time
			good bool
		}{
			{asked.Add(30 * time.Second), true},
			{asked.Add(30*time.Second + 1), false},
			{asked.Add(31 * time.Second).Round(0), false}, // the wall alone
			{asked.Add(-time.Hour).Round(0), true},        // set back
		} {
			require.Equal(t, c.good, claim.Valid(asked, c.now))
		}
		require.False(t, claim.Valid(time.Time{}, asked))
	})
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

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
			var deleted bool
			renewals := 0
			b.intercept(func(x *emulator.Exchange) bool {
				if x.Method == http.MethodDelete && x.Path[4] == seen.SID && !deleted {
					deleted = true
					time.Sleep(3 * time.Second) // on its way
				}
				if isRenewal(x) && deleted {
					renewals++
				}
				return isRenewal(x) && !deleted
			})
			taken := make(chan error, 1)
			go func() { taken <- b.take(t, second) }()
			time.Sleep(45 * time.Second)
			wrote := make(chan error, 1)
			go func() { wrote <- b.say(t.Context(), first, "from the first") }()
			require.NoError(t, <-taken)
			require.Positive(t, renewals, "it did renew")
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
			var looked, deleted time.Time
			b.intercept(func(x *emulator.Exchange) bool {
				if x.Method == http.MethodDelete && x.Path[4] == seen.SID {
					looked = time.Now()
					time.Sleep(25 * time.Second) // the first wakes meanwhile, and renews as it should
					deleted = time.Now()
				}
				return isRenewal(x) && looked.IsZero()
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

func TestRelease(t *testing.T) {
	t.Run("leaves the claim to expire while a write may still land", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, later := range []time.Duration{5 * time.Second, 11 * time.Second} {
				b := newBench(t)
				r := b.run(nil)
				require.NoError(t, b.take(t, r))
				b.intercept(func(x *emulator.Exchange) bool { return x.Form.Has("Body") })
				require.Equal(t, migrate.InDoubt, migrate.KindOf(b.say(t.Context(), r, "x")))
				b.on.Store(nil)
				time.Sleep(later)
				r.Release(t.Context())
				_, found := b.claimed(t)
				require.Equal(t, later < settle, found)
			}
		})
	})
	t.Run("takes no longer than a moment if the run was stopped at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			b.intercept(func(*emulator.Exchange) bool { return true })
			began := time.Now()
			r.Release(canceled(t))
			require.LessOrEqual(t, time.Since(began), 2*time.Second)
		})
	})
	t.Run("says so if nobody answers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			b.dies(t, r)
			require.Contains(t, b.Events.Messages(), "the claim on the service could not be removed, and expires")
		})
	})
}
