package claim_test

import (
	"encoding/json"
	"os"
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

func TestTake(t *testing.T) {
	t.Run("holds the service until it is released, and leaves nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			before := b.Emulator.Stats().Conversations
			require.NoError(t, b.take(t, r))
			require.NoError(t, b.take(t, r), "again")
			seen, found := b.claimed(t)
			require.True(t, found)
			require.True(t, seen.Live(settle))
			host, err := os.Hostname()
			require.NoError(t, err)
			require.Contains(t, seen.Who(), host)
			require.NoError(t, b.say(t.Context(), r, "one"))
			time.Sleep(35 * time.Second)
			require.NoError(t, b.say(t.Context(), r, "two"))
			r.Release(t.Context())
			_, found = b.claimed(t)
			require.False(t, found)
			require.Error(t, b.say(t.Context(), r, "three"))
			now := b.Emulator.Stats().Conversations
			require.EqualValues(t, 2+2+3, now.Writes-before.Writes, "two messages, the claim and its end, three renewals")
			require.EqualValues(t, 1+2, now.Reads-before.Reads, "it is read again once; twice by this test")
			require.Equal(t, []string{"one", "two"}, b.bodies(t))
			require.Empty(t, r.lost)
		})
	})

	t.Run("refuses the service of a run that lives, within the time of a renewal, and names it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			require.NoError(t, b.take(t, first))
			time.Sleep(3 * time.Second)
			began := time.Now()
			err := b.take(t, second)
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			seen, _ := b.claimed(t)
			require.ErrorContains(t, err, "another run writes into it")
			require.ErrorContains(t, err, seen.Run[:8])
			require.Contains(t, migrate.HintOf(err), "wait for that run")
			require.LessOrEqual(t, time.Since(began), 15*time.Second)
			require.Contains(t, b.Events.Messages(), "another run has claimed the service: waiting to see whether it is alive")
			require.ErrorContains(t, b.say(t.Context(), second, "x"), "not claimed")
			require.NoError(t, b.say(t.Context(), first, "y"))
			second.Release(t.Context())
			first.Release(t.Context())
		})
	})

	t.Run("takes over from a dead run, and not before its claim is old enough", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			began := time.Now()
			require.NoError(t, b.take(t, first))
			old, _ := b.claimed(t)
			b.dies(t, first)
			time.Sleep(15 * time.Second)
			require.NoError(t, b.take(t, second))
			require.Equal(t, 50*time.Second, time.Since(began).Truncate(time.Second))
			now, _ := b.claimed(t)
			require.NotEqual(t, old.SID, now.SID)
			require.NotEqual(t, old.Run, now.Run)
			require.NoError(t, b.say(t.Context(), second, "x"))
			second.Release(t.Context())
		})
	})

	for name, c := range map[string]struct{ holder, own, want time.Duration }{
		"that gives its writes longer":              {45 * time.Second, settle, 85 * time.Second},
		"that gives them less":                      {time.Second, 45 * time.Second, 85 * time.Second},
		"that claims to wait for longer than a day": {25 * time.Hour, settle, time.Hour + 40*time.Second},
	} {
		t.Run("takes over from a dead run "+name+" when nothing of it can land any more", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				first := b.run(func(o *claim.Options) { o.Settle = c.holder })
				second := b.run(func(o *claim.Options) { o.Settle = c.own })
				began := time.Now()
				require.NoError(t, b.take(t, first))
				seen, _ := b.claimed(t)
				require.True(t, seen.Live(c.own))
				b.dies(t, first)
				time.Sleep(c.want - 30*time.Second)
				seen, _ = b.claimed(t)
				require.True(t, seen.Live(c.own), "whoever looks now waits")
				require.NoError(t, b.take(t, second))
				require.Equal(t, c.want, time.Since(began).Truncate(time.Second))
				second.Release(t.Context())
			})
		})
	}

	for name, far := range map[string]time.Duration{"an old date": -time.Hour, "no date": 0} {
		t.Run("is not misled by "+name+": a run that renews its claim lives", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				first := b.run(nil)
				second := b.run(func(o *claim.Options) { o.Target = misdated{o.Target, far} })
				require.NoError(t, b.take(t, first))
				require.Equal(t, migrate.Conflict, migrate.KindOf(b.take(t, second)))
				require.NoError(t, b.say(t.Context(), first, "x"))
				first.Release(t.Context())
			})
		})
	}

	t.Run("waits the whole time if the target gives its replies no date", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first := b.run(nil)
			second := b.run(func(o *claim.Options) { o.Target = misdated{Target: o.Target} })
			require.NoError(t, b.take(t, first))
			b.dies(t, first)
			time.Sleep(time.Hour)
			began := time.Now()
			require.NoError(t, b.take(t, second))
			require.Equal(t, 50*time.Second, time.Since(began).Truncate(time.Second))
			second.Release(t.Context())
		})
	})

	for name, c := range map[string]struct {
		heir func(*claim.Options)
		host string
		wait time.Duration
	}{
		"the very ledger that left it takes it at once":            {withLedger("L", "1:1"), "", 0},
		"a copy of the ledger waits":                               {withLedger("L", "1:2"), "", 50 * time.Second},
		"another ledger under the same file number waits":          {withLedger("M", "1:1"), "", 50 * time.Second},
		"the ledger of that number on another host waits":          {withLedger("L", "1:1"), "elsewhere", 50 * time.Second},
		"a ledger whose file the system does not tell apart waits": {withLedger("L", ""), "", 50 * time.Second},
		"who has no ledger waits":                                  {nil, "", 50 * time.Second},
	} {
		t.Run("of a dead run: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				first := b.run(withLedger("L", "1:1"))
				if c.wait > 0 && name[:8] == "a ledger" {
					first = b.run(c.heir)
				}
				began := time.Now()
				require.NoError(t, b.take(t, first))
				b.dies(t, first)
				if c.wait == 0 {
					began = time.Now()
				}
				if c.host != "" {
					b.rewrite(t, func(m *claim.Mark) { m.Host = c.host })
				}
				second := b.run(c.heir)
				require.NoError(t, b.take(t, second))
				require.Equal(t, c.wait, time.Since(began).Truncate(time.Second))
				second.Release(t.Context())
			})
		})
	}

	// Of a run that the ledger was not told of, what it sent is given time to land: settle
	// from now, or from 30 s after the last renewal.
	for name, c := range map[string]struct {
		own, after, wait time.Duration
	}{
		"at once":                          {wait: settle},
		"soon":                             {after: 30 * time.Second, wait: settle},
		"when some of that time is over":   {after: 34 * time.Second, wait: settle - 4*time.Second},
		"when all of that time is over":    {after: time.Minute},
		"and gave its writes more time":    {own: 25 * time.Second, wait: 25 * time.Second},
		"and gave its writes less time":    {own: 5 * time.Second, wait: settle},
		"with more time, some of it over":  {own: 25 * time.Second, after: 50 * time.Second, wait: 5 * time.Second},
		"with more time, and all of it is": {own: 25 * time.Second, after: 56 * time.Second},
	} {
		t.Run("of a dead run that its ledger does not know, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				heir := withLedger("L", "1:1")
				first := b.run(func(o *claim.Options) {
					heir(o)
					o.Unrecorded = true
					if c.own > 0 {
						o.Settle = c.own
					}
				})
				require.NoError(t, b.take(t, first))
				renewed := time.Now()
				b.dies(t, first)
				time.Sleep(time.Until(renewed.Add(c.after)))
				began := time.Now()
				second := b.run(heir)
				require.NoError(t, b.take(t, second))
				require.Equal(t, c.wait, time.Since(began).Round(time.Second))
				second.Release(t.Context())
			})
		})
	}

	t.Run("finds its own when its creation was not answered", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(func(o *claim.Options) { o.Target = lossy{Target: o.Target} })
			require.NoError(t, b.take(t, r))
			require.NoError(t, b.say(t.Context(), r, "x"))
			r.Release(t.Context())
			_, found := b.claimed(t)
			require.False(t, found)
		})
	})

	t.Run("gives way if the target took the name twice", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			require.NoError(t, b.take(t, first))
			var twice atomic.Bool
			b.intercept(func(x *emulator.Exchange) bool {
				if x.Form.Get("UniqueName") == migrate.ClaimName && twice.CompareAndSwap(false, true) {
					x.Form.Set("UniqueName", "as-good-as-taken-twice")
				}
				return false
			})
			require.Equal(t, migrate.Conflict, migrate.KindOf(b.take(t, second)))
			_, err := b.plain().Conversation(t.Context(), b.service, "as-good-as-taken-twice")
			require.Equal(t, migrate.NotFound, migrate.KindOf(err), "its own is gone")
			require.NoError(t, b.say(t.Context(), first, "x"))
			first.Release(t.Context())
		})
	})

	t.Run("touches no conversation of somebody else that has the name", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			theirs, err := b.plain().AppendConversation(t.Context(), b.service, conversations.Conversation{UniqueName: migrate.ClaimName, Attributes: `{"x":1}`})
			require.NoError(t, err)
			err = b.take(t, b.run(nil))
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			require.ErrorContains(t, err, theirs.SID)
			_, err = b.plain().Conversation(t.Context(), b.service, theirs.SID)
			require.NoError(t, err)
		})
	})

	t.Run("stops watching when it is told to", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first := b.run(nil)
			require.NoError(t, b.take(t, first))
			b.dies(t, first)
			drain := make(chan struct{})
			time.AfterFunc(7*time.Second, func() { close(drain) })
			began := time.Now()
			err := b.take(t, b.run(func(o *claim.Options) { o.Drain = drain }))
			require.ErrorIs(t, err, migrate.ErrDrained)
			require.Equal(t, 7*time.Second, time.Since(began))
		})
	})

	t.Run("goes on when the other lets go meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			require.NoError(t, b.take(t, first))
			time.AfterFunc(4*time.Second, func() { first.Release(t.Context()) })
			require.NoError(t, b.take(t, second))
			second.Release(t.Context())
		})
	})
}

func TestNotifications(t *testing.T) {
	noted := json.RawMessage(`{"new_message_enabled":true}`)
	t.Run("that are off keep the claim, without a holder, and the next run is told", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			require.NoError(t, b.take(t, first))
			require.NoError(t, first.Note(t.Context(), b.service, noted))
			seen, _ := b.claimed(t)
			require.JSONEq(t, string(noted), string(seen.Notifications), "the target has it before they are put off")
			first.Release(t.Context())
			seen, found := b.claimed(t)
			require.True(t, found)
			require.False(t, seen.Live(settle))

			began := time.Now()
			var kept json.RawMessage
			require.NoError(t, second.Take(t.Context(), b.service, source, func(n json.RawMessage) error {
				_, there := b.claimed(t)
				require.True(t, there, "told before the old claim is gone")
				kept = n
				return nil
			}))
			require.Zero(t, time.Since(began), "nobody holds it")
			require.JSONEq(t, string(noted), string(kept))
			seen, _ = b.claimed(t)
			require.JSONEq(t, string(noted), string(seen.Notifications))
			require.NoError(t, second.Note(t.Context(), b.service, nil))
			second.Release(t.Context())
			_, found = b.claimed(t)
			require.False(t, found)
		})
	})
	t.Run("that a dead run left off are passed on too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			first, second := b.run(nil), b.run(nil)
			require.NoError(t, b.take(t, first))
			require.NoError(t, first.Note(t.Context(), b.service, noted))
			b.dies(t, first)
			var kept json.RawMessage
			require.NoError(t, second.Take(t.Context(), b.service, source, func(n json.RawMessage) error { kept = n; return nil }))
			require.JSONEq(t, string(noted), string(kept))
			second.Release(t.Context())
			seen, found := b.claimed(t)
			require.True(t, found, "they are still off")
			require.Empty(t, seen.Run)
		})
	})
}
