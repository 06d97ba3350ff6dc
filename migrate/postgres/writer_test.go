package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

const (
	childVariable = "CHATBRIDGE_TEST_LEDGER"
	childChannels = 3
	childLease    = 3 * time.Second
)

// TestMain also serves as the other process: the tests run their own binary with
// childVariable set.
func TestMain(m *testing.M) {
	if url := os.Getenv(childVariable); url != "" {
		os.Exit(child(url))
	}
	goleak.VerifyTestMain(pgtest.Stopping(m))
}

// child writes messages in turn into a few channels until it is killed, and
// prints how many it has put after each.
func child(url string) int {
	ctx := context.Background()
	l, err := postgres.Open(ctx, url, "default", postgres.LeaseLength(childLease))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for n := 0; ; n++ {
		r := migrate.MessageRecord{SourceIndex: int64(n / childChannels), SourceSID: sid("IM", n), TargetSID: sid("IM", n)}
		if err := l.PutMessage(ctx, sid("CH", n%childChannels), r); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(n + 1)
	}
}

// startChild starts the other process and returns when it has put so many.
func startChild(t *testing.T, url string, puts int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(self)
	command.Env = append(os.Environ(), childVariable+"="+url)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		require.NoError(t, err, lines.Text())
		if n >= puts {
			return command
		}
	}
	require.FailNow(t, "the other process ended before it was killed")
	return nil
}

func TestTwoProcesses(t *testing.T) {
	t.Run("a second writer is told who has the migration, and others are free", func(t *testing.T) {
		url := pgtest.Database(t)
		other := startChild(t, url, 1)
		host, err := os.Hostname()
		require.NoError(t, err)

		_, err = postgres.Open(t.Context(), url, "default")

		require.ErrorContains(t, err, fmt.Sprintf("process %d on %s since 2", other.Process.Pid, host))
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NotEmpty(t, migrate.HintOf(err))
		l, err := postgres.Open(t.Context(), url, "another")
		require.NoError(t, err)
		require.NoError(t, l.Close())
	})

	t.Run("a killed writer leaves a prefix of its puts and its lock is taken over", func(t *testing.T) {
		url := pgtest.Database(t)
		const puts = 9000
		other := startChild(t, url, puts)
		require.NoError(t, other.Process.Kill())
		require.Error(t, other.Wait())

		l, err := postgres.Open(t.Context(), url, "default")
		require.NoError(t, err)
		var counts [childChannels]int64
		for c := range childChannels {
			for m, err := range l.Messages(t.Context(), sid("CH", c), -1) {
				require.NoError(t, err)
				require.Equal(t, counts[c], m.SourceIndex)
				counts[c]++
			}
		}
		require.GreaterOrEqual(t, counts[0]+counts[1]+counts[2], int64(puts-2000), "more than a group is lost")
		require.True(t, counts[0] >= counts[1] && counts[1] >= counts[2] && counts[2] >= counts[0]-1,
			"a put is there without the one before it: %v", counts)
		require.NoError(t, l.Close())
		before := l.Lease().Before()
		require.True(t, before.Expired)
		require.Equal(t, childLease, before.Length)
		require.WithinRange(t, before.At, time.Now().Add(-time.Minute), time.Now())
	})
}

func TestGroups(t *testing.T) {
	url := pgtest.Database(t)
	t.Run("a full group is committed at once", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, "full", postgres.Group(time.Hour, 10))
		require.NoError(t, err)
		put(t, l, 0, 19)
		require.Equal(t, 10, committed(t, url, "full"))
		put(t, l, 19, 20)
		require.Equal(t, 20, committed(t, url, "full"))
		require.NoError(t, l.Close())
	})

	t.Run("a put is committed in time, whoever puts next", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, "in time", postgres.Group(time.Nanosecond, 1000))
		require.NoError(t, err)
		for n := range 3 {
			put(t, l, n, n+1)
			require.Eventually(t, func() bool { return committed(t, url, "in time") == n+1 }, time.Minute, time.Millisecond)
		}
		require.NoError(t, l.Close())
	})

	// A put that fails takes the group with it that was open, at once and for whoever
	// reads: what is shown as put must not be gone later.
	t.Run("a failed put takes its group with it, and what is left is a prefix", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, "failed", postgres.Group(time.Hour, 1000))
		require.NoError(t, err)
		put(t, l, 0, 3)
		require.NoError(t, l.Sync(t.Context()))
		pgtest.Exec(t, url, `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'disk full'; END $$`,
			`CREATE TRIGGER refuse BEFORE INSERT ON chatbridge.messages FOR EACH ROW WHEN (new.source_index = 6) EXECUTE FUNCTION no()`)
		put(t, l, 3, 6)
		newest, _, err := l.Newest(t.Context(), sid("CH", 1))
		require.NoError(t, err)
		require.EqualValues(t, 5, newest.SourceIndex)
		put(t, l, 6, 7)
		err = l.Sync(t.Context())
		require.Equal(t, migrate.Failed, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), "space")
		newest, _, err = l.Newest(t.Context(), sid("CH", 1))
		require.NoError(t, err)
		require.EqualValues(t, 2, newest.SourceIndex)
		require.Error(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}))
		require.Error(t, l.Close())
		require.Equal(t, 3, committed(t, url, "failed"))
	})
}

func TestSessions(t *testing.T) {
	raw := pgtest.Database(t)
	l, err := postgres.Open(t.Context(), raw, "default")
	require.NoError(t, err)
	require.NoError(t, l.Close())

	t.Run("a commit waits for the disk, whatever the database does by default", func(t *testing.T) {
		pgtest.Exec(t, raw, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit TO off', current_database()); END $$`)
		l, err := postgres.Open(t.Context(), raw, "default")
		require.NoError(t, err)
		value, err := l.Setting(t.Context(), "synchronous_commit")
		require.NoError(t, err)
		require.Equal(t, "on", value)
		require.NoError(t, l.Close())
	})

	t.Run("a pooler that shares one session is refused", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), raw, "default")
		require.NoError(t, err)
		err = l.Shared(t.Context())
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), "session mode")
		require.NoError(t, l.Close())
	})

	t.Run("a closed ledger answers nothing", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), raw, "default")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		_, _, err = l.LastRun(t.Context())
		require.ErrorContains(t, err, "ledger is closed")
		require.ErrorContains(t, l.PutMessage(t.Context(), sid("CH", 1), migrate.MessageRecord{}), "ledger is closed")
		require.ErrorContains(t, l.Sync(t.Context()), "ledger is closed")
	})
}

func TestStoredForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }),
			rapid.SampledFrom([]string{`\x`, `\x00`, "\x00", sid("CH", 1), "0123456789abcde", "0123456789abcdef"})).Draw(t, "text")
		back, err := postgres.TextBack(s)
		require.NoError(t, err)
		require.Equal(t, s, back)
		back, bytes, err := postgres.SIDBack("CH", s)
		require.NoError(t, err)
		require.Equal(t, s, back)
		require.Equal(t, s[:min(2, len(s))] == "CH" && len(s) == 34 && bytes == 16, bytes == 16)
	})
}

func TestPlainURLs(t *testing.T) {
	for raw, want := range map[string]struct {
		plain    string
		password bool
	}{
		"postgres://host/db":                             {"postgres://host/db", false},
		"postgresql://me@host:5433/db?sslmode=require":   {"postgresql://me@host:5433/db?sslmode=require", false},
		"postgres://me:secret@host/db":                   {"postgres://me@host/db", true},
		"postgres://me:@host/db":                         {"postgres://me@host/db", true},
		"postgres://host/db?password=secret&sslmode=off": {"postgres://host/db?sslmode=off", true},
		"postgres://me@host/db?sslpassword=secret":       {"postgres://me@host/db", true},
		"postgres://me:secret%zz@host/db":                {"postgres://…", true},
		"postgres://me:se:cr@et@host/db":                 {"postgres://me@host/db", true},
	} {
		require.True(t, postgres.IsURL(raw))
		require.Equal(t, want.plain, postgres.Plain(raw))
		require.Equal(t, want.password, postgres.HasPassword(raw), raw)
	}
	require.False(t, postgres.IsURL("chatbridge.db"))
}

// TestFailover is about a standby that took over and may not have what was granted last.
func TestFailover(t *testing.T) {
	url := pgtest.Database(t)
	const length = 300 * time.Millisecond
	l, err := postgres.Open(t.Context(), url, "default", postgres.LeaseLength(length))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	pgtest.Exec(t, url, `UPDATE chatbridge.leases SET timeline = timeline + 1`)
	began := time.Now()
	l, err = postgres.Open(t.Context(), url, "default", postgres.LeaseLength(length))
	require.NoError(t, err)
	before := l.Lease().Before()
	require.True(t, before.Expired, "what was sent may still land")
	require.False(t, before.At.Before(began.Add(length)))
	require.NoError(t, l.Close())
	l, err = postgres.Open(t.Context(), url, "default", postgres.LeaseLength(length))
	require.NoError(t, err)
	require.False(t, l.Lease().Before().Expired)
	require.NoError(t, l.Close())
}

// TestFailoverOfTheHolder is about a process whose lease a new primary shows again,
// although another one may have taken it from the old one.
func TestFailoverOfTheHolder(t *testing.T) {
	url := pgtest.Database(t)
	const length = 900 * time.Millisecond
	l, err := postgres.Open(t.Context(), url, "default", postgres.LeaseLength(length))
	require.NoError(t, err)
	require.NoError(t, l.Lease().Permit())
	pgtest.Exec(t, url, `UPDATE chatbridge.leases SET timeline = timeline + 1`)
	during, stop := l.Lease().During(t.Context())
	defer stop()
	<-during.Done() // it lapses
	require.Equal(t, migrate.Unavailable, migrate.KindOf(l.Lease().Permit()))
	require.NoError(t, l.Lease().Ready(t.Context()), "and is renewed when no other can last")
	require.NoError(t, l.Close())
}
