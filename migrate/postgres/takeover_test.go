package postgres_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

// TestStaleWriter has a writer whose lease another process took say each kind of thing.
// None of it may be kept: neither what is put, nor what is removed.
func TestStaleWriter(t *testing.T) {
	t.Parallel()
	channel, service := sid("CH", 1), sid("IS", 1)
	was, now := migrate.Fingerprint{"a": "1"}, migrate.Fingerprint{"a": "2"}
	url := pgtest.Database(t)
	for name, do := range map[string]func(ctx context.Context, l *postgres.Ledger) error{
		"puts a row": func(ctx context.Context, l *postgres.Ledger) error {
			return l.PutMessage(ctx, channel, migrate.MessageRecord{SourceIndex: 5})
		},
		"replaces a row": func(ctx context.Context, l *postgres.Ledger) error {
			return l.PutMessage(ctx, channel, migrate.MessageRecord{SourceIndex: 0, Gone: true})
		},
		"puts many": func(ctx context.Context, l *postgres.Ledger) error {
			return l.PutFindings(ctx, []migrate.FindingRecord{{Code: "a"}, {Code: "b"}})
		},
		"puts what is durable": func(ctx context.Context, l *postgres.Ledger) error {
			return l.PutService(ctx, migrate.ServiceRecord{SourceSID: service, Stage: migrate.Done})
		},
		"notes a doubt": func(ctx context.Context, l *postgres.Ledger) error {
			return l.PutDoubt(ctx, channel, migrate.DoubtRecord{SourceIndex: 7})
		},
		"removes one row": func(ctx context.Context, l *postgres.Ledger) error { return l.ForgetService(ctx, service) },
		"removes many": func(ctx context.Context, l *postgres.Ledger) error {
			return l.ForgetMessages(ctx, channel, migrate.All)
		},
		"removes by a condition": func(ctx context.Context, l *postgres.Ledger) error {
			return l.ForgetFindings(ctx, "", mapping.Severity(""))
		},
		"binds it anew":   func(ctx context.Context, l *postgres.Ledger) error { return l.Rebind(ctx, now) },
		"forgets a stray": func(ctx context.Context, l *postgres.Ledger) error { return l.ForgetStray(ctx, stray(1)) },
		"puts, and has it looked": func(ctx context.Context, l *postgres.Ledger) error {
			if err := l.PutMessage(ctx, channel, migrate.MessageRecord{SourceIndex: 5}); err != nil {
				return err
			}
			_, _, err := l.Newest(ctx, channel) // sends it into the open transaction
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := postgres.Open(t.Context(), url, name, postgres.Group(time.Hour, 1000), postgres.LeaseLength(time.Hour))
			require.NoError(t, err)
			put(t, l, 0, 3)
			require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: service}))
			require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{{Code: "c"}}))
			require.NoError(t, l.PutStray(t.Context(), stray(1)))
			require.NoError(t, l.Bind(t.Context(), was))
			everything := func() string {
				return pgtest.Value[string](t, url, `SELECT (SELECT count(*) FROM chatbridge.messages WHERE migration_id = m.id) || '/' || (SELECT count(*) FROM chatbridge.messages WHERE migration_id = m.id AND gone)
					|| '/' || (SELECT count(*) FROM chatbridge.findings WHERE migration_id = m.id) || '/' || (SELECT count(*) FROM chatbridge.doubts WHERE migration_id = m.id)
					|| '/' || (SELECT count(*) FROM chatbridge.strays WHERE migration_id = m.id) || '/' || (SELECT string_agg(stage::text, ' ') FROM chatbridge.services WHERE migration_id = m.id)
					|| '/' || (SELECT string_agg(value, ' ') FROM chatbridge.fingerprints WHERE migration_id = m.id) FROM chatbridge.migrations m WHERE name = '`+name+`'`)
			}
			require.Equal(t, "3/0/1/0/1/0/1", everything())
			pgtest.Exec(t, url, `UPDATE chatbridge.leases SET token = 'another', generation = generation + 1`)
			err = do(t.Context(), l)
			if err == nil {
				err = l.Sync(t.Context())
			}
			require.Equal(t, migrate.Conflict, migrate.KindOf(err), err)
			require.Equal(t, migrate.Conflict, migrate.KindOf(l.Lease().Permit()), "nothing is sent any more either")
			<-l.Lease().Lost()
			require.Error(t, l.Close())
			require.Equal(t, "3/0/1/0/1/0/1", everything())
			require.Equal(t, "another", pgtest.Value[string](t, url, `SELECT convert_from(token, 'UTF8') FROM chatbridge.leases JOIN chatbridge.migrations ON id = migration_id WHERE name = '`+name+`'`), "nor is the other's lease ended")
		})
	}

	t.Run("removes the whole of it", func(t *testing.T) {
		pgtest.Exec(t, url, `UPDATE chatbridge.leases SET ended = true`)
		held, err := postgres.Hold(t.Context(), url, "puts a row", postgres.LeaseLength(time.Hour))
		require.NoError(t, err)
		pgtest.Exec(t, url, `UPDATE chatbridge.leases SET token = 'another'`)
		require.Equal(t, migrate.Conflict, migrate.KindOf(held.Remove(t.Context())))
		require.NoError(t, held.Close())
		require.Equal(t, 3, committed(t, url, "puts a row"))
	})
}

func stray(n int) migrate.Stray {
	return migrate.Stray{TargetService: sid("IS", 9), Conversation: sid("CH", 9), Message: sid("IM", n), At: time.Unix(1e9+int64(n), 0).UTC()}
}

// TestStrayNotes is about what is noted of messages that landed after the lease.
func TestStrayNotes(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	open := func(name string) *postgres.Ledger {
		l, err := postgres.Open(t.Context(), url, name, postgres.LeaseLength(time.Hour))
		require.NoError(t, err)
		return l
	}
	l, other := open("default"), open("other")
	listed := func(l *postgres.Ledger, want ...migrate.Stray) {
		t.Helper()
		all, err := l.Strays(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, all)
	}
	listed(l)
	lost := migrate.Stray{TargetService: sid("IS", 9), At: time.Unix(2e9, 0).UTC()} // of a process, which has no message
	later := lost
	later.At = lost.At.Add(time.Second)
	for _, s := range []migrate.Stray{later, stray(2), lost, stray(1), stray(2)} {
		require.NoError(t, l.PutStray(t.Context(), s))
	}
	listed(l, stray(1), stray(2), lost, later)
	listed(other)
	require.NoError(t, other.PutStray(t.Context(), stray(1)))
	require.NoError(t, l.ForgetStray(t.Context(), stray(1)))
	require.NoError(t, l.ForgetStray(t.Context(), stray(1)), "it need not be there")
	require.NoError(t, l.ForgetStray(t.Context(), lost))
	listed(l, stray(2), later)
	listed(other, stray(1))

	require.NoError(t, l.Sync(t.Context()))
	pgtest.Exec(t, url, `UPDATE chatbridge.leases SET token = 'another'`)
	require.NoError(t, l.PutStray(t.Context(), stray(3)), "it needs no lease")
	_ = l.Close()
	pgtest.Exec(t, url, `UPDATE chatbridge.leases SET ended = true`)
	l = open("default")
	listed(l, stray(2), stray(3), later)
	require.NoError(t, l.Close())
	_ = other.Close()
}

// TestHandover is about how a lease that another process had comes here.
func TestHandover(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	for name, c := range map[string]struct {
		sql     string
		ago     time.Duration
		expired bool
		length  time.Duration
	}{
		"given back":                           {`ended = true, expires_at = clock_timestamp() - interval '1 hour'`, time.Hour, false, time.Minute},
		"given back long before it would end":  {`ended = true, expires_at = clock_timestamp() - interval '1 second', renewed_at = clock_timestamp()`, time.Second, false, time.Minute},
		"expired":                              {`ended = false, expires_at = clock_timestamp() - interval '1 hour'`, time.Hour, true, time.Minute},
		"expired, of another length":           {`ended = false, expires_at = clock_timestamp() - interval '90 seconds', length_ms = 5000`, 90 * time.Second, true, 5 * time.Second},
		"expired, whatever else the row says":  {`ended = false, expires_at = clock_timestamp() - interval '1 hour', renewed_at = clock_timestamp(), taken_at = clock_timestamp()`, time.Hour, true, time.Minute},
		"expired, and no failover can be seen": {`ended = false, expires_at = clock_timestamp() - interval '1 hour', timeline = 0`, time.Hour, true, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := postgres.Open(t.Context(), url, t.Name(), postgres.LeaseLength(time.Minute))
			require.NoError(t, err)
			require.Equal(t, migrate.Handover{}, l.Lease().Before(), "nobody had it")
			require.NoError(t, l.Close())
			pgtest.Exec(t, url, `UPDATE chatbridge.leases SET `+c.sql+` WHERE NOT EXISTS (SELECT FROM chatbridge.migrations WHERE id = migration_id AND name <> '`+t.Name()+`')`)
			l, err = postgres.Open(t.Context(), url, t.Name(), postgres.LeaseLength(time.Minute))
			require.NoError(t, err)
			before := l.Lease().Before()
			require.NoError(t, l.Close())
			require.Equal(t, c.expired, before.Expired)
			require.Equal(t, c.length, before.Length)
			require.WithinDuration(t, time.Now().Add(-c.ago), before.At, 25*time.Second)
		})
	}
	t.Run("a failover makes the longer of both leases last, whoever had the one before", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, t.Name(), postgres.LeaseLength(10*time.Millisecond))
		require.NoError(t, err)
		require.NoError(t, l.Close())
		const length = 700 * time.Millisecond
		pgtest.Exec(t, url, `UPDATE chatbridge.leases SET timeline = timeline + 1, length_ms = 700 WHERE length_ms = 10`)
		began := time.Now()
		l, err = postgres.Open(t.Context(), url, t.Name(), postgres.LeaseLength(10*time.Millisecond))
		require.NoError(t, err)
		before := l.Lease().Before()
		require.True(t, before.Expired)
		require.Equal(t, length, before.Length)
		require.False(t, before.At.Before(began.Add(length)))
		_ = l.Close()
	})
	t.Run("a name of its own is said besides the host", func(t *testing.T) {
		host, err := os.Hostname()
		require.NoError(t, err)
		for holder, want := range map[string]string{"": "in use by process ", "blue": "in use by blue, process ", host: "in use by process "} {
			l, err := postgres.Open(t.Context(), url, "of "+holder, postgres.Holder(holder), postgres.LeaseLength(600*time.Millisecond))
			require.NoError(t, err)
			require.ErrorContains(t, second(postgres.Open(t.Context(), url, "of "+holder)), want)
			_, err = postgres.Hold(t.Context(), url, "of "+holder)
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, postgres.Look(t.Context(), url, "of "+holder), want)
			require.NoError(t, l.Close())
			require.NoError(t, postgres.Look(t.Context(), url, "of "+holder))
		}
	})
}

// TestRenewalAfterATakeover is about a process that did not notice: its renewal changes
// nothing of the lease that another has by now.
func TestRenewalAfterATakeover(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	l, err := postgres.Open(t.Context(), url, "default", postgres.LeaseLength(3*time.Second))
	require.NoError(t, err)
	pgtest.Exec(t, url, `UPDATE chatbridge.leases SET token = 'another', expires_at = '2000-01-01'`)
	<-l.Lease().Lost()
	require.Equal(t, migrate.Conflict, migrate.KindOf(l.Lease().Permit()))
	require.Error(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}))
	require.Error(t, l.Close())
	require.True(t, pgtest.Value[bool](t, url, `SELECT expires_at = '2000-01-01' AND NOT ended FROM chatbridge.leases`))
}

// TestRenewalAfterAFailover is about a process that has the lease when a standby takes
// over: another one may have a lease that this server does not know of, so the next
// renewal comes a lease later.
func TestRenewalAfterAFailover(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	const length = 3 * time.Second
	l, err := postgres.Open(t.Context(), url, "default", postgres.LeaseLength(length))
	require.NoError(t, err)
	pgtest.Exec(t, url, `UPDATE chatbridge.leases SET timeline = timeline + 1`)
	granted := pgtest.Value[int64](t, url, `SELECT timeline FROM chatbridge.leases`)
	began := time.Now()
	require.Eventually(t, func() bool {
		return pgtest.Value[int64](t, url, `SELECT timeline FROM chatbridge.leases`) != granted
	}, time.Minute, 50*time.Millisecond)
	require.GreaterOrEqual(t, time.Since(began), length)
	require.NoError(t, l.Lease().Ready(t.Context()))
	require.NoError(t, l.Close())
}

// TestOneLease has many ask for a lease that is over: one gets it, and the others hear of
// that one.
func TestOneLease(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	l, err := postgres.Open(t.Context(), url, "default")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	const many = 6
	type got struct {
		l   *postgres.Ledger
		err error
	}
	all := make(chan got, many)
	for range many {
		go func() {
			l, err := postgres.Open(t.Context(), url, "default", postgres.LeaseLength(3*time.Second))
			all <- got{l, err}
		}()
	}
	var have *postgres.Ledger
	for range many {
		one := <-all
		if one.err != nil {
			require.Equal(t, migrate.Conflict, migrate.KindOf(one.err), one.err)
			continue
		}
		require.Nil(t, have, "two have the lease")
		have = one.l
	}
	require.NotNil(t, have)
	require.NoError(t, have.Lease().Permit())
	require.NoError(t, have.Close())
}
