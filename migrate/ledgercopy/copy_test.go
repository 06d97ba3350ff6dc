package ledgercopy_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"chatbridge/migrate"
	"chatbridge/migrate/ledgercopy"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
	"chatbridge/migrate/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Stopping(m)) }

// contents are all records, in an order that does not matter.
func contents(t require.TestingT, l migrate.LedgerContents) (all []migrate.LedgerContent) {
	for one, err := range l.Contents(context.Background()) {
		require.NoError(t, err)
		all = append(all, one)
	}
	return all
}

func copyTo(t require.TestingT, from migrate.LedgerContents, to migrate.Whole) {
	n := int64(0)
	counts, err := ledgercopy.Copy(context.Background(), from, to, func(more int64) { n += more })
	require.NoError(t, err)
	for _, one := range counts {
		n -= one
	}
	require.Zero(t, n)
	require.NoError(t, to.Close())
}

func TestRoundTrip(t *testing.T) {
	url := pgtest.Database(t)
	folder := ledgertest.Dir(t)
	var count atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		n := count.Add(1)
		ctx := t.Context()
		path := filepath.Join(folder, fmt.Sprint(n, ".db"))
		drawn, err := sqlite.Create(ctx, path) // which does not wait for the disk after each put
		require.NoError(t, err)
		ledgertest.Fill(t, drawn)
		require.NoError(t, drawn.Keep(ctx))
		require.NoError(t, drawn.Close())
		first, err := sqlite.Open(ctx, path)
		require.NoError(t, err)
		want := contents(t, first)
		lastWant, _, err := first.LastRun(ctx)
		require.NoError(t, err)
		idWant, err := first.Identity(ctx)
		require.NoError(t, err)

		name := fmt.Sprint("migration ", n)
		whole, err := postgres.Create(ctx, url, name)
		require.NoError(t, err)
		copyTo(t, first, whole)
		require.NoError(t, first.Close())
		between, err := postgres.Open(ctx, url, name)
		require.NoError(t, err)
		require.ElementsMatch(t, want, contents(t, between))

		back := filepath.Join(folder, fmt.Sprint(n, "-back.db"))
		file, err := sqlite.Create(ctx, back)
		require.NoError(t, err)
		copyTo(t, between, file)
		require.NoError(t, between.Close())
		second, err := sqlite.Open(ctx, back)
		require.NoError(t, err)
		require.ElementsMatch(t, want, contents(t, second))
		last, _, err := second.LastRun(ctx)
		require.NoError(t, err)
		require.Equal(t, lastWant, last)
		id, err := second.Identity(ctx)
		require.NoError(t, err)
		require.Equal(t, idWant.ID, id.ID)
		require.NoError(t, second.Close())
	})
	files, err := filepath.Glob(filepath.Join(folder, "*.unfinished*"))
	require.NoError(t, err)
	require.Empty(t, files)
}

// short is a ledger whose contents end with an error after so many.
type short struct {
	migrate.LedgerContents
	after int
}

var errShort = errors.New("it broke")

func (s short) Contents(ctx context.Context) iter.Seq2[migrate.LedgerContent, error] {
	return func(yield func(migrate.LedgerContent, error) bool) {
		n := 0
		for one, err := range s.LedgerContents.Contents(ctx) {
			if n == s.after {
				yield(migrate.LedgerContent{}, errShort)
				return
			}
			n++
			if !yield(one, err) {
				return
			}
		}
	}
}

// forgetful keeps one message less than it was given.
type forgetful struct{ migrate.Whole }

func (f forgetful) PutMessage(ctx context.Context, channel string, r migrate.MessageRecord) error {
	if r.SourceIndex == 7 {
		return nil
	}
	return f.Whole.PutMessage(ctx, channel, r)
}

// closed closes what was opened.
func closed(r migrate.LedgerReader, err error) error {
	if err != nil {
		return nil
	}
	return r.Close()
}

func TestWholeOrNothing(t *testing.T) {
	url := pgtest.Database(t)
	from, err := sqlite.Open(t.Context(), filepath.Join(ledgertest.Dir(t), "from.db"))
	require.NoError(t, err)
	for n := range int64(5000) {
		require.NoError(t, from.PutMessage(t.Context(), "CH1", migrate.MessageRecord{SourceIndex: n}))
	}
	folder := ledgertest.Dir(t)
	path := filepath.Join(folder, "to.db")
	for kind, c := range map[string]struct {
		create func() (migrate.Whole, error)
		there  func() error
	}{
		"a file": {
			func() (migrate.Whole, error) { return sqlite.Create(t.Context(), path) },
			func() error { r, err := sqlite.OpenReader(t.Context(), path); return errors.Join(err, closed(r, err)) },
		},
		"a database": {
			func() (migrate.Whole, error) { return postgres.Create(t.Context(), url, "to") },
			func() error {
				r, err := postgres.OpenReader(t.Context(), url, "to")
				return errors.Join(err, closed(r, err))
			},
		},
	} {
		for name, spoil := range map[string]func(migrate.Whole) error{
			"a copy that breaks off": func(to migrate.Whole) error {
				_, err := ledgercopy.Copy(t.Context(), short{from, 4500}, to, func(int64) {})
				return err
			},
			"a copy that lacks something": func(to migrate.Whole) error {
				_, err := ledgercopy.Copy(t.Context(), from, forgetful{to}, func(int64) {})
				return err
			},
			"a copy that nobody kept": func(to migrate.Whole) error { return errShort },
		} {
			t.Run("of "+name+" nothing is left in "+kind, func(t *testing.T) {
				to, err := c.create()
				require.NoError(t, err)
				require.Error(t, spoil(to))
				require.NoError(t, to.Close())
				require.Equal(t, migrate.NotFound, migrate.KindOf(c.there()))
				files, err := filepath.Glob(path + ".*")
				require.NoError(t, err)
				require.Empty(t, files)
			})
		}

		t.Run("what is in "+kind+" already is not replaced", func(t *testing.T) {
			to, err := c.create()
			require.NoError(t, err)
			copyTo(t, from, to)
			require.NoError(t, c.there())
			_, err = c.create()
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			require.NotEmpty(t, migrate.HintOf(err))
		})
	}
	require.NoError(t, from.Close())
	require.NoFileExists(t, path+".lock")
	require.NoFileExists(t, path+".unfinished")
	_, err = os.Stat(path)
	require.NoError(t, err)
}

func TestOriginalsNeedAPlace(t *testing.T) {
	l, err := postgres.Open(t.Context(), pgtest.Database(t), "default")
	require.NoError(t, err)
	require.NoError(t, l.PutDropped(t.Context(), []migrate.Dropped{{Code: "body-too-long", SID: "IM1", Original: "long"}}))
	path := filepath.Join(t.TempDir(), "l.db")
	to, err := sqlite.Create(t.Context(), path)
	require.NoError(t, err)
	_, err = ledgercopy.Copy(t.Context(), l, to, func(int64) {})
	require.ErrorContains(t, err, "no place for what policies dropped")
	require.NoError(t, to.Close())
	require.NoError(t, l.Close())
	require.NoFileExists(t, path)
}
