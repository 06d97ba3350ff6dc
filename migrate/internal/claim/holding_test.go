package claim_test

import (
	"context"
	"encoding/json"
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
			_, _, err = r.EnsureCredential(t.Context(), migrate.Credential{})
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
			before := b.Emulator.Stats().Conversations.Writes
			time.Sleep(time.Minute)
			require.NoError(t, r.Err())
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

// What the claim says about push notifications has to be there before they are
// turned off. A renewal has less time than other requests.
func TestSaid(t *testing.T) {
	muted := json.RawMessage(`{"enabled":true}`)
	t.Run("a renewal that gets no answer is tried again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			b.outage(20 * time.Second)
			require.NoError(t, r.Note(t.Context(), b.service, muted))
			seen, found := b.claimed(t)
			require.True(t, found)
			require.JSONEq(t, string(muted), string(seen.Notifications))
			r.Release(t.Context())
		})
	})
	t.Run("one that never does ends the run, as out of reach", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			b.outage(time.Hour)
			err := r.Note(t.Context(), b.service, muted)
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.Contains(t, migrate.HintOf(err), "run the same command again")
			r.Release(t.Context())
		})
	})
	t.Run("one that is told to stop says so", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			drain := make(chan struct{})
			r := b.run(func(o *claim.Options) { o.Drain = drain })
			require.NoError(t, b.take(t, r))
			b.outage(time.Hour)
			time.AfterFunc(15*time.Second, func() { close(drain) })
			began := time.Now()
			require.ErrorIs(t, r.Note(t.Context(), b.service, muted), migrate.ErrDrained)
			require.Less(t, time.Since(began), time.Minute)
			r.Release(t.Context())
		})
	})
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
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
			require.Contains(t, b.Events.Messages(), "the claim on the service could not be removed; it will expire")
		})
	})
}
