package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

// said gathers what a ledger tells.
type said struct {
	mu  sync.Mutex
	all []string
}

func (s *said) tell(e migrate.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e.Message)
}

var oneOutage = []string{"lost the connection to the database of the ledger; waiting for it", "the database of the ledger is back"}

// committed counts the messages that another session sees.
func committed(t *testing.T, url, name string) int {
	t.Helper()
	r, err := postgres.OpenReader(t.Context(), url, name)
	require.NoError(t, err)
	n, err := r.CountMessages(t.Context(), sid("CH", 1))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return int(n)
}

// swaps puts two channels so that sending them again, when they were committed, is
// refused: what is repeated must not be what has taken place.
func swaps(t *testing.T, l migrate.Ledger) {
	t.Helper()
	for _, c := range []migrate.ChannelRecord{
		{SourceSID: sid("CH", 1), TargetSID: sid("CH", 9)}, {SourceSID: sid("CH", 1)}, {SourceSID: sid("CH", 2), TargetSID: sid("CH", 9)},
	} {
		require.NoError(t, l.PutChannel(t.Context(), c))
	}
}

func TestLostConnections(t *testing.T) {
	url := pgtest.Database(t)
	for name, lose := range map[string]func(t *testing.T, p *proxy, l migrate.Ledger){
		"between two groups": func(_ *testing.T, p *proxy, _ migrate.Ledger) { p.cut() },
		"with a transaction open": func(t *testing.T, p *proxy, l migrate.Ledger) {
			_, ok, err := l.Newest(t.Context(), sid("CH", 1))
			require.NoError(t, err)
			require.True(t, ok)
			p.cut()
		},
		"before the server has the puts": func(t *testing.T, p *proxy, l migrate.Ledger) {
			require.NoError(t, l.PutFailure(t.Context(), migrate.Failure{SourceSID: "CH1"}))
			p.set(func(p *proxy) { p.before = "INSERT INTO chatbridge.failures" })
		},
		"before the server has the commit": func(_ *testing.T, p *proxy, _ migrate.Ledger) { p.set(func(p *proxy) { p.before = "COMMIT" }) },
		"after the server has the commit":  func(_ *testing.T, p *proxy, _ migrate.Ledger) { p.set(func(p *proxy) { p.after = "COMMIT" }) },
		"by an end of the session": func(t *testing.T, _ *proxy, _ migrate.Ledger) {
			pgtest.Exec(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chatbridge' AND pid <> pg_backend_pid()`)
		},
	} {
		t.Run("lost "+name+", a ledger goes on, with every put in it once", func(t *testing.T) {
			p, heard := newProxy(t, url), &said{}
			l, err := postgres.Open(t.Context(), p.url, name, postgres.Group(time.Hour, 1000), postgres.Events(heard.tell))
			require.NoError(t, err)
			put(t, l, 0, 10)
			require.NoError(t, l.Sync(t.Context()))
			put(t, l, 10, 20)
			swaps(t, l)
			lose(t, p, l)
			require.NoError(t, l.Sync(t.Context()))
			require.Equal(t, 20, committed(t, url, name))
			put(t, l, 20, 30)
			n, err := l.CountMessages(t.Context(), sid("CH", 1))
			require.NoError(t, err)
			require.EqualValues(t, 30, n)
			require.NoError(t, l.Close())
			require.Equal(t, 30, committed(t, url, name))
			require.Equal(t, oneOutage, heard.all)
		})
	}

	t.Run("a session that the server has not missed yet is ended", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, "not missed", postgres.Group(time.Hour, 1000))
		require.NoError(t, err)
		put(t, l, 0, 10)
		left := l.Forget()
		require.NoError(t, l.Sync(t.Context()))
		require.Equal(t, 10, committed(t, url, "not missed"))
		require.Error(t, left.Ping(t.Context()))
		require.NoError(t, l.Close())
	})

	t.Run("waiting for it is no stall", func(t *testing.T) {
		p := newProxy(t, url)
		waits := 0
		ctx, noted := migrate.WithWaits(t.Context())
		l, err := postgres.Open(ctx, p.url, "no stall", postgres.Pause(func(context.Context, time.Duration) error {
			waits++
			if waits == 3 {
				require.Equal(t, migrate.Unreachable, noted.Now(0)[0].Cause)
				p.set(func(p *proxy) { p.refuses = false })
			}
			return nil
		}))
		require.NoError(t, err)
		p.set(func(p *proxy) { p.refuses = true })
		p.cut()
		require.NoError(t, l.PutRun(ctx, migrate.RunRecord{ID: "a"}))
		require.GreaterOrEqual(t, waits, 3)
		require.NoError(t, l.Close())
	})

	t.Run("after long enough it gives up, and reads and writes say so", func(t *testing.T) {
		p := newProxy(t, url)
		l, err := postgres.Open(t.Context(), p.url, "long", postgres.Patience(0), postgres.Group(time.Hour, 1000))
		require.NoError(t, err)
		put(t, l, 0, 5)
		require.NoError(t, l.Sync(t.Context()))
		put(t, l, 5, 10)
		p.set(func(p *proxy) { p.refuses = true })
		p.cut()
		for _, err := range []error{l.Sync(t.Context()), l.PutMessage(t.Context(), sid("CH", 1), migrate.MessageRecord{}), l.Close()} {
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.ErrorContains(t, err, "no connection to its database")
			require.Contains(t, migrate.HintOf(err), "chatbridge migrate again")
		}
		require.Equal(t, 5, committed(t, url, "long"))
	})

	t.Run("whoever is told to stop does not wait, and what was put is kept", func(t *testing.T) {
		p := newProxy(t, url)
		ctx, stop := context.WithCancel(t.Context())
		l, err := postgres.Open(t.Context(), p.url, "stop", postgres.Group(time.Hour, 1000), postgres.Pause(func(context.Context, time.Duration) error {
			stop()
			return ctx.Err()
		}))
		require.NoError(t, err)
		put(t, l, 0, 5)
		p.set(func(p *proxy) { p.refuses = true })
		p.cut()
		require.Equal(t, migrate.Interrupted, migrate.KindOf(l.Sync(ctx)))
		p.set(func(p *proxy) { p.refuses = false })
		require.NoError(t, l.Close())
		require.Equal(t, 5, committed(t, url, "stop"))
	})
}

func TestAnotherWriterMeanwhile(t *testing.T) {
	url := pgtest.Database(t)
	for name, stays := range map[string]bool{"one that is still there": true, "one that has gone again": false} {
		t.Run("a writer that lost its lock to "+name+" writes nothing any more", func(t *testing.T) {
			p := newProxy(t, url)
			var other *postgres.Ledger
			l, err := postgres.Open(t.Context(), p.url, name, postgres.Group(time.Hour, 1000), postgres.LeaseLength(100*time.Millisecond), postgres.Pause(func(context.Context, time.Duration) error {
				if other == nil {
					var err error
					other, err = postgres.Open(t.Context(), url, name)
					require.NoError(t, err)
					put(t, other, 0, 3)
					if !stays {
						require.NoError(t, other.Close())
					}
					p.set(func(p *proxy) { p.refuses = false })
				}
				return nil
			}))
			require.NoError(t, err)
			put(t, l, 0, 10)
			p.set(func(p *proxy) { p.refuses = true })
			p.cut()
			require.Equal(t, migrate.Conflict, migrate.KindOf(l.Sync(t.Context())))
			require.Equal(t, migrate.Conflict, migrate.KindOf(l.PutRun(t.Context(), migrate.RunRecord{ID: "a"})))
			require.Error(t, l.Close())
			require.NoError(t, other.Close())
			require.Equal(t, 3, committed(t, url, name))
		})
	}

	t.Run("a commit without the right to it is refused, whoever let the lock slip", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, "slip", postgres.Group(time.Hour, 1000))
		require.NoError(t, err)
		put(t, l, 0, 10)
		pgtest.Exec(t, url, `UPDATE chatbridge.leases SET token = 'another'`)
		require.Equal(t, migrate.Conflict, migrate.KindOf(l.Sync(t.Context())))
		require.Error(t, l.Close())
		require.Zero(t, committed(t, url, "slip"))
	})
}

// A read whose connection is lost, by a server that dies, say, is made again, and what
// was read of it before does not count.
func TestLostWhileReading(t *testing.T) {
	for name, lose := range map[string]func(p *proxy){
		"before the answer":        func(p *proxy) { p.before = "FROM chatbridge.channels" },
		"in the middle of answers": func(p *proxy) { p.short = true },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, pgtest.Database(t)) // a query that was asked before is not spelled out again
			l, err := postgres.Open(t.Context(), p.url, "default")
			require.NoError(t, err)
			const many = 300
			for i := range many {
				require.NoError(t, l.PutChannel(t.Context(), migrate.ChannelRecord{SourceSID: sid("CH", i), ServiceSID: sid("IS", 1)}))
			}
			require.NoError(t, l.Sync(t.Context()))
			p.set(lose)
			n := 0
			for c, err := range l.Channels(t.Context(), sid("IS", 1)) {
				require.NoError(t, err)
				require.Equal(t, sid("CH", n), c.SourceSID)
				n++
			}
			require.Equal(t, many, n)
			p.set(func(p *proxy) { require.Empty(t, p.before); require.False(t, p.short) })
			require.NoError(t, l.Close())
		})
	}
}
