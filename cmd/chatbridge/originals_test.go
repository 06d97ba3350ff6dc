package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sidecar"
	"chatbridge/migrate/sqlite"
)

var someOriginals = []migrate.Dropped{
	{Code: "body-too-long", SID: "IM1", ChannelSID: "CH1", Field: "body", Original: "long"},
	{Code: "text-invalid", SID: "US1", Original: "\xff"},
}

func TestOriginals(t *testing.T) {
	t.Run("are lines that the schema knows", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "l.db")
		file, err := sidecar.Grow(originalsFile(path))
		require.NoError(t, err)
		require.NoError(t, file.Put(someOriginals))
		require.NoError(t, file.Keep())
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"ledger", "originals", "--ledger", path}), "the ledger is gone, they are not")
		require.Equal(t, 2, bytes.Count(s.stdout.Bytes(), []byte("\n")))
		satisfyEach(t, "originals", bytes.Lines(s.stdout.Bytes()))
		require.Empty(t, s.stderr.String())
	})

	t.Run("a ledger without any says so", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "l.db")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.Close())
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"ledger", "originals", "--ledger", path}))
		require.Empty(t, s.stdout.String())
		require.Contains(t, s.stderr.String(), "No originals are kept")
	})

	t.Run("that cannot all be written leave no file", func(t *testing.T) {
		dir := t.TempDir()
		path, out := filepath.Join(dir, "l.db"), filepath.Join(dir, "out.jsonl")
		require.NoError(t, os.WriteFile(originalsFile(path), []byte("{\"code\":\"a\",\"sid\":\"IM1\",\"original\":\"a\"}\nhello\n"), 0o600))
		s := newScreen("", false)
		require.Equal(t, exitFailed, run(t.Context(), s.console, []string{"ledger", "originals", "--ledger", path, "--out", out}))
		require.NoFileExists(t, out)
	})

	t.Run("stand without their ledger at no time after a copy", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "l.db")
		for name, keep := range map[string]error{"kept": nil, "not kept": errors.New("no space")} {
			whole, err := createLedger(t.Context(), path)
			require.NoError(t, err)
			if keep != nil {
				whole = unkept{whole, keep}
			}
			w, err := takesOriginals(whole, path)
			require.NoError(t, err, name)
			require.NoError(t, w.(migrate.DroppedLedger).PutDropped(t.Context(), someOriginals))
			require.ErrorIs(t, w.Keep(t.Context()), keep)
			require.NoError(t, w.Close())
			if keep != nil {
				require.NoFileExists(t, path)
				require.NoFileExists(t, originalsFile(path))
				continue
			}
			require.FileExists(t, path)
			require.FileExists(t, originalsFile(path))
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Remove(originalsFile(path)))
		}
	})

	t.Run("that a killed copy left are in no way of the next one, and others are", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "my ledger.db")
		begin := func() migrate.Whole {
			whole, err := createLedger(t.Context(), path)
			require.NoError(t, err)
			w, err := takesOriginals(whole, path)
			require.NoError(t, err)
			return w
		}
		killed := begin().(*wholeWithFile)
		require.NoError(t, killed.PutDropped(t.Context(), someOriginals))
		require.NoError(t, killed.file.Keep()) // and no further
		require.NoError(t, killed.Close())
		require.NoFileExists(t, path)
		require.FileExists(t, originalsFile(path))

		other := begin()
		err := other.(migrate.DroppedLedger).PutDropped(t.Context(), []migrate.Dropped{{Code: "a", SID: "IM9", Original: "another"}})
		require.Equal(t, exitLedger, statusOf(err))
		require.ErrorContains(t, err, "exists already")
		require.Equal(t, fmt.Sprintf("to keep it under another name: mv '%[1]s' '%[1]s.old'; then run the same command again", originalsFile(path)), migrate.HintOf(err))
		require.NoError(t, other.Close())

		again := begin()
		require.NoError(t, again.(migrate.DroppedLedger).PutDropped(t.Context(), someOriginals))
		require.NoError(t, again.Keep(t.Context()))
		require.NoError(t, again.Close())
		require.FileExists(t, path)
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"ledger", "originals", "--ledger", path}))
		require.Equal(t, len(someOriginals), bytes.Count(s.stdout.Bytes(), []byte("\n")))
	})

	t.Run("that a killed copy left are purged by the name of its ledger", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "l.db")
		left := originalsFile(path) + sidecar.UnfinishedSuffix
		require.NoError(t, os.WriteFile(left, []byte("{\"code\":\"a\",\"sid\":\"IM1\",\"original\":\"a\"}\n"), 0o600))
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"purge", "--execute", "--yes", "--ledger", path}), s.stderr.String())
		require.NoFileExists(t, left)
	})
}

// unkept is a ledger that cannot be kept.
type unkept struct {
	migrate.Whole
	error
}

func (u unkept) Keep(context.Context) error { return u.error }
