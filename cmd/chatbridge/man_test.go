package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMan(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "share", "man1")
	s := newScreen("", false)
	require.Equal(t, exitDone, run(t.Context(), s.console, []string{"man", dir}), s.stderr.String())

	t.Run("there is a page for the program and for each command", func(t *testing.T) {
		require.FileExists(t, filepath.Join(dir, "chatbridge.1"))
		for _, cmd := range newRoot(s.console).Commands() {
			if cmd.Runnable() {
				require.FileExists(t, filepath.Join(dir, "chatbridge-"+cmd.Name()+".1"))
			}
		}
	})
	t.Run("a page has the flags, and its tables line by line", func(t *testing.T) {
		raw, err := os.ReadFile(filepath.Join(dir, "chatbridge-migrate.1"))
		require.NoError(t, err)
		page := string(raw)
		require.Contains(t, page, `.TH "CHATBRIDGE-MIGRATE" "1"`)
		require.Contains(t, page, `\fB--only-failed\fP`)
		require.Contains(t, page, "\n  0  done and clean\n  1  failed\n")
		require.NotContains(t, page, "Auto generated")
	})
	t.Run("names with underscores are not set in italics", func(t *testing.T) {
		raw, err := os.ReadFile(filepath.Join(dir, "chatbridge.1"))
		require.NoError(t, err)
		require.Contains(t, string(raw), `TWILIO_ACCOUNT_SID`)
	})
	t.Run("one folder is wanted", func(t *testing.T) {
		for _, args := range [][]string{{"man"}, {"man", "a", "b"}} {
			require.Equal(t, exitUsage, run(t.Context(), newScreen("", false).console, args))
		}
	})
	t.Run("a folder that cannot be made is an error", func(t *testing.T) {
		require.Equal(t, exitFailed, run(t.Context(), newScreen("", false).console, []string{"man", filepath.Join(dir, "chatbridge.1")}))
	})
	t.Run("the date is that of the commit, so that the same program writes the same pages", func(t *testing.T) {
		link(t, "v1.2.3", "abc", "2019-03-01T12:00:00Z", "")
		require.Equal(t, exitDone, run(t.Context(), newScreen("", false).console, []string{"man", dir}))
		raw, err := os.ReadFile(filepath.Join(dir, "chatbridge.1"))
		require.NoError(t, err)
		require.Contains(t, string(raw), `.TH "CHATBRIDGE" "1" "Mar 2019"`)
	})
}
