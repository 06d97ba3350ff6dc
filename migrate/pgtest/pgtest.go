package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const (
	// URLVariable names a server, by the URL of a role that may create databases.
	URLVariable = "CHATBRIDGE_TEST_POSTGRES"
	// RequireVariable set to 1 makes a test fail that would be skipped for want of a server.
	RequireVariable = "CHATBRIDGE_REQUIRE_POSTGRES"
)

// Guarded is a role that has to give Password. It is there only if the package
// started the server.
const (
	Guarded  = "guarded"
	Password = "correct horse"
)

// errNone says that there is no server, and how to get one.
var errNone = errors.New("no PostgreSQL: install it (apt-get install postgresql), or name one in " + URLVariable)

// server is the one that the tests of this binary share.
type server struct {
	url     string
	started bool // by this package
	stop    func()
}

var (
	shared = sync.OnceValues(start)
	inUse  atomic.Bool
	count  atomic.Int64
)

func start() (*server, error) {
	if named := os.Getenv(URLVariable); named != "" {
		return &server{url: named, stop: func() {}}, nil
	}
	s, err := startLocal()
	inUse.Store(err == nil)
	return s, err
}

// Stopping runs tests and then stops the server, if one was started.
func Stopping(m interface{ Run() int }) interface{ Run() int } { return stopping{m} }

type stopping struct{ m interface{ Run() int } }

func (s stopping) Run() int {
	defer Stop()
	return s.m.Run()
}

// Stop stops the server, if one was started.
func Stop() {
	if inUse.Load() {
		if s, err := shared(); err == nil {
			s.stop()
		}
	}
}

// Started skips a test that needs a server of this package: one whose roles and
// settings it knows.
func Started(t testing.TB) {
	t.Helper()
	if !get(t).started {
		t.Skip("needs a server that the tests start themselves: unset " + URLVariable)
	}
}

func get(t testing.TB) *server {
	t.Helper()
	s, err := shared()
	switch {
	case err == nil:
		return s
	case os.Getenv(RequireVariable) == "1":
		require.NoError(t, err)
	}
	t.Skip(err)
	return nil
}

// Database makes a database that is gone when the test ends, and returns its URL.
func Database(t testing.TB) string {
	t.Helper()
	get(t)
	url, drop, err := Make()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, drop()) })
	return url
}

// Available reports whether there is a server, for a script that has no test to skip.
// If one is required, the error says what is missing.
func Available() (bool, error) {
	_, err := shared()
	if err != nil && os.Getenv(RequireVariable) != "1" {
		return false, nil
	}
	return err == nil, err
}

// Make makes a database, and what drops it.
func Make() (raw string, drop func() error, err error) {
	s, err := shared()
	if err != nil {
		return "", nil, err
	}
	u, err := url.Parse(s.url)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("chatbridge_test_%d_%d", os.Getpid(), count.Add(1))
	u.Path = "/" + name
	return u.String(), func() error { return execute(s.url, "DROP DATABASE "+name+" WITH (FORCE)") }, execute(s.url, "CREATE DATABASE "+name)
}

// With is a URL that was changed.
func With(t testing.TB, raw string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	change(u)
	return u.String()
}

// As is the URL for another role.
func As(t testing.TB, raw, role string) string {
	t.Helper()
	return With(t, raw, func(u *url.URL) { u.User = url.User(role) })
}

// Exec carries out statements on a connection of its own.
func Exec(t testing.TB, raw string, statements ...string) {
	t.Helper()
	require.NoError(t, execute(raw, statements...))
}

func execute(raw string, statements ...string) error {
	ctx := context.Background() // also in a cleanup
	conn, err := pgx.Connect(ctx, raw)
	if err != nil {
		return err
	}
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", sql, err), conn.Close(ctx))
		}
	}
	return conn.Close(ctx)
}

// Value is the one value that a query answers with.
func Value[T any](t testing.TB, raw, query string, args ...any) (v T) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, raw)
	require.NoError(t, err)
	require.NoError(t, conn.QueryRow(ctx, query, args...).Scan(&v))
	require.NoError(t, conn.Close(ctx))
	return v
}

// Cut ends every session that a chatbridge has in a database.
func Cut(raw string) error {
	return execute(raw, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chatbridge' AND datname = current_database() AND pid <> pg_backend_pid()`)
}
