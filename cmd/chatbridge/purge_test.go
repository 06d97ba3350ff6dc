package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/reports"
)

// purgeable is a ledger whose last run has the status.
func purgeable(t *testing.T, status string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "l.db")
	l, err := openLedger(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "one", StartedAt: time.Now(), EndedAt: time.Now(), Status: status, Summary: []byte("{}")}))
	require.NoError(t, l.Close())
	return path
}

func TestPurge(t *testing.T) {
	purge := func(t *testing.T, answer string, args ...string) (int, screen) {
		s := newScreen(answer, answer != "")
		return run(t.Context(), s.console, append([]string{"purge"}, args...)), s
	}
	t.Run("refuses a ledger that is in use, and deletes nothing else either", func(t *testing.T) {
		path, other := purgeable(t, migrate.Complete), purgeable(t, migrate.Complete)
		l, err := openLedger(t.Context(), path)
		require.NoError(t, err)
		for _, args := range [][]string{{"--ledger", path}, {"--ledger", path, "--execute", "--yes"}, {"--execute", "--yes", other, path}} {
			status, s := purge(t, "", args...)
			require.Equal(t, exitLedger, status, s.stderr.String())
			require.Contains(t, s.stderr.String(), "in use by process")
		}
		require.NoError(t, l.Close())
		require.FileExists(t, path)
		require.FileExists(t, other)
	})
	t.Run("asks at a terminal, with everything in view, and takes yes alone for yes", func(t *testing.T) {
		path := purgeable(t, migrate.Complete)
		status, s := purge(t, "n\n", "--ledger", path, "--execute")
		require.Equal(t, exitUsage, status)
		require.Contains(t, s.stderr.String(), path)
		require.Contains(t, s.stderr.String(), "would be deleted. Nothing has been deleted.")
		require.Contains(t, s.stderr.String(), "chatbridge undo")
		require.Contains(t, s.stderr.String(), "Delete these files from this machine, for good.\nBegin? [y/N]")
		require.FileExists(t, path)
		status, s = purge(t, "y\n", "--ledger", path, "--execute")
		require.Equal(t, exitDone, status, s.stderr.String())
		require.NoFileExists(t, path)
	})
	t.Run("a migration that is not complete still needs its ledger", func(t *testing.T) {
		for _, status := range []string{migrate.Partial, migrate.InterruptedStatus, migrate.FailedStatus} {
			path := purgeable(t, status)
			code, s := purge(t, "", "--ledger", path, "--execute", "--yes")
			require.Equal(t, exitUsage, code)
			require.Contains(t, s.stderr.String(), "its last run is "+status)
			require.FileExists(t, path)
		}
		path := filepath.Join(t.TempDir(), "none.db")
		l, err := openLedger(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.Close())
		code, s := purge(t, "", "--ledger", path, "--execute", "--yes")
		require.Equal(t, exitUsage, code)
		require.Contains(t, s.stderr.String(), "no run recorded")
	})
	t.Run("an undo that took everything back is finished too", func(t *testing.T) {
		path := purgeable(t, migrate.UndoneStatus)
		code, s := purge(t, "", "--ledger", path, "--execute", "--yes")
		require.Equal(t, exitDone, code, s.stderr.String())
		require.NoFileExists(t, path)
	})
	t.Run("says what the ledger knows of notifications that are still off", func(t *testing.T) {
		path := purgeable(t, migrate.Partial)
		l, err := openLedger(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: "IS1", TargetSID: "IS2", Saved: []byte(`{}`)}))
		require.NoError(t, l.Close())
		_, s := purge(t, "", "--ledger", path)
		require.Contains(t, s.stdout.String(), "push notifications of 1 service")
	})
}

func TestPurgeKnowsAFileByTwoNames(t *testing.T) {
	path := purgeable(t, migrate.Complete)
	link := filepath.Join(t.TempDir(), "link")
	if os.Symlink(filepath.Dir(path), link) != nil {
		t.Skip("this system makes no links")
	}
	twin := filepath.Join(filepath.Dir(path), "twin.html")
	require.NoError(t, os.WriteFile(twin+".1", []byte("<!doctype html><meta name=\"generator\" content=\"chatbridge\">"), 0o600))
	require.NoError(t, os.Link(twin+".1", twin+".2"))
	s := newScreen("", false)
	status := run(t.Context(), s.console, []string{"purge", "--execute", "--yes", path, filepath.Join(link, filepath.Base(path)), twin + ".1", twin + ".2"})
	require.Equal(t, exitDone, status, s.stderr.String())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestPurgeOfALogThatIsLeft(t *testing.T) {
	for _, named := range []func(string) []string{
		func(path string) []string { return []string{"--ledger", path} },
		func(path string) []string { return []string{path} },
	} {
		from, path := filepath.Join(t.TempDir(), "from.db"), filepath.Join(t.TempDir(), "l.db")
		l, err := openLedger(t.Context(), from)
		require.NoError(t, err)
		require.NoError(t, l.Bind(t.Context(), migrate.Fingerprint{"a": "b"}))
		raw, err := os.ReadFile(from + "-wal")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path+"-wal", raw, 0o600))
		require.NoError(t, l.Close())
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, append([]string{"purge", "--execute", "--yes"}, named(path)...)), s.stderr.String())
		require.NoFileExists(t, path+"-wal")
	}
}

func TestPurgeOfAnExportThatIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.zip")
	w, err := archive.Continue(t.Context(), path+".unfinished", archive.Manifest{AccountSID: "AC1", SourceAPI: "v1"})
	require.NoError(t, err)
	for _, named := range []string{path, path + ".unfinished"} {
		s := newScreen("", false)
		require.Equal(t, exitLedger, run(t.Context(), s.console, []string{"purge", "--execute", "--yes", named}))
		require.Contains(t, s.stderr.String(), "an export is writing it")
		require.Contains(t, s.stderr.String(), "hint: wait for the export to end")
	}
	require.NoError(t, w.Abandon())
	s := newScreen("", false)
	require.Equal(t, exitDone, run(t.Context(), s.console, []string{"purge", "--execute", "--yes", path}), s.stderr.String())
	require.NoDirExists(t, path+".unfinished")
}

func TestPurgeOfOriginalsAlone(t *testing.T) {
	const line = `{"code":"media","sid":"IM1","original":"a"}` + "\n"
	purge := func(t *testing.T, args ...string) (int, string) {
		s := newScreen("", false)
		return run(t.Context(), s.console, append([]string{"purge", "--execute", "--yes"}, args...)), s.stderr.String()
	}
	beside := func(t *testing.T, ledger string) string {
		require.NoError(t, os.WriteFile(ledger+originalsSuffix, []byte(line), 0o600))
		return ledger + originalsSuffix
	}
	t.Run("beside a ledger in use is refused", func(t *testing.T) {
		ledger := purgeable(t, migrate.Complete)
		path := beside(t, ledger)
		l, err := openLedger(t.Context(), ledger)
		require.NoError(t, err)
		status, said := purge(t, path)
		require.Equal(t, exitLedger, status, said)
		require.FileExists(t, path)
		require.NoError(t, l.Close())
		status, said = purge(t, path)
		require.Equal(t, exitDone, status, said)
		require.NoFileExists(t, path)
		require.FileExists(t, ledger)
	})
	t.Run("of a migration that is not finished is refused, unless told otherwise", func(t *testing.T) {
		ledger := purgeable(t, migrate.Partial)
		path := beside(t, ledger)
		status, said := purge(t, path)
		require.Equal(t, exitUsage, status)
		require.Contains(t, said, "belongs to "+ledger+": its last run is partial")
		require.FileExists(t, path)
		status, said = purge(t, "--unfinished", path)
		require.Equal(t, exitDone, status, said)
		require.NoFileExists(t, path)
		require.FileExists(t, ledger)
	})
	t.Run("beside a file that is no ledger are nobody's", func(t *testing.T) {
		for _, text := range []string{"", "hello"} {
			other := filepath.Join(t.TempDir(), "l.db")
			require.NoError(t, os.WriteFile(other, []byte(text), 0o600))
			path := beside(t, other)
			status, said := purge(t, path)
			require.Equal(t, exitDone, status, said)
			require.NoFileExists(t, path)
			require.FileExists(t, other)
		}
	})
}

func TestSweepKeepsWhatItDidNotLookAt(t *testing.T) {
	const line = `{"code":"media","sid":"IM1","original":"a"}` + "\n"
	path := filepath.Join(t.TempDir(), "l.db.originals.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(line), 0o600))
	s := &sweep{}
	require.NoError(t, s.path(t.Context(), path))
	require.NoError(t, os.Rename(path, path+".old"))
	require.NoError(t, os.WriteFile(path, []byte("somebody's"), 0o600))
	p := s.result(true)
	s.remove(&p)
	require.False(t, p.Items[0].Done)
	require.Contains(t, p.Items[0].Reason, "another file was put in its place")
	require.FileExists(t, path)
	require.Zero(t, p.Items[0].Files)
	var b bytes.Buffer
	require.NoError(t, reports.WritePurge(&b, reports.Text, p))
	require.Contains(t, b.String(), "0 files with 0 bytes deleted; 1 thing stays in whole or in part.")
}

func TestSweepTakesForDoneWhatIsGone(t *testing.T) {
	const line = `{"code":"media","sid":"IM1","original":"a"}` + "\n"
	path := filepath.Join(t.TempDir(), "l.db.originals.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(line), 0o600))
	s := &sweep{}
	require.NoError(t, s.path(t.Context(), path))
	require.NoError(t, os.Remove(path))
	p := s.result(true)
	s.remove(&p)
	require.True(t, p.Items[0].Done)
	require.Empty(t, p.Items[0].Reason)
	require.Zero(t, p.Items[0].Files)
}

func TestSweepFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	far := filepath.Join(dir, "far", "archive")
	require.NoError(t, os.CopyFS(far, os.DirFS(filepath.Join("..", "..", "testdata", "workspaces", "support-desk"))))
	require.NoError(t, os.CopyFS(filepath.Join(dir, "near"), os.DirFS(far)))
	require.NoError(t, os.Mkdir(filepath.Join(far, "below"), 0o700))
	t.Chdir(filepath.Join(dir, "near"))
	for name, to := range map[string]string{"link": far, "deep": filepath.Join(far, "below")} {
		if os.Symlink(to, name) != nil {
			t.Skip("this system makes no links")
		}
	}
	for _, path := range []string{"link", "link/", "link/.", "link//", "deep/..", "manifest.json/", ""} {
		s := &sweep{}
		err := s.path(t.Context(), path)
		require.Equal(t, exitUsage, statusOf(err), path)
		require.Empty(t, s.items, path)
	}
	s := &sweep{}
	require.NoError(t, s.path(t.Context(), "../far/archive/"))
	require.Equal(t, filepath.Join("..", "far", "archive"), s.items[0].Path)
}

func TestSweepFindsHalvesOfAFolderWithASlash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "support.zip")
	require.NoError(t, os.CopyFS(path+".unfinished", os.DirFS(filepath.Join("..", "..", "testdata", "workspaces", "support-desk"))))
	s := &sweep{}
	require.NoError(t, s.path(t.Context(), path+"/"))
	require.Equal(t, path+".unfinished", s.items[0].Path)
}
