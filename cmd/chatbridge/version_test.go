package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/reports"
)

// link sets what the linker writes into a release, until the test ends.
func link(t *testing.T, version, revision, date, modified string) {
	t.Helper()
	before := []string{linkedVersion, linkedRevision, linkedDate, linkedModified}
	t.Cleanup(func() {
		linkedVersion, linkedRevision, linkedDate, linkedModified = before[0], before[1], before[2], before[3]
	})
	linkedVersion, linkedRevision, linkedDate, linkedModified = version, revision, date, modified
}

func TestVersion(t *testing.T) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	info := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-03-01T12:00:00Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	t.Run("says module, revision, date, Go, platform and ledger", func(t *testing.T) {
		var b bytes.Buffer
		require.NoError(t, writeVersion(&b, reports.Text, versionOf(info)))
		require.Equal(t, "chatbridge v1.2.3, revision abc of 2026-03-01 12:00:00 UTC with changes\nbuilt by go1.26.0 for "+platform+"\nledger schema 9\n", b.String())
	})
	t.Run("a build that Go did not stamp says what there is", func(t *testing.T) {
		var b bytes.Buffer
		require.NoError(t, writeVersion(&b, reports.Text, versionOf(&debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "(devel)"}})))
		require.Equal(t, "chatbridge (devel)\nbuilt by go1.26.0 for "+platform+"\nledger schema 9\n", b.String())
	})
	t.Run("a binary that knows nothing of itself says so", func(t *testing.T) {
		v := versionOf(nil)
		require.Equal(t, "unknown", v.Version)
		require.Equal(t, runtime.Version(), v.Go)
		require.Equal(t, platform, v.Platform)
	})
	t.Run("a release says its tag, commit and date", func(t *testing.T) {
		link(t, "v1.2.3", "abc", "2026-03-01T12:00:00Z", "")
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"version"}))
		require.Contains(t, s.stdout.String(), "chatbridge v1.2.3, revision abc of 2026-03-01 12:00:00 UTC\n")
		s = newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"version", "--output", "json"}))
		require.Contains(t, s.stdout.String(), `"version":"v1.2.3","revision":"abc","date":"2026-03-01T12:00:00Z","modified":false`)
		require.Equal(t, "v1.2.3", surroundingsOf().version)
	})
	t.Run("and of what it was built from if that was changed", func(t *testing.T) {
		link(t, "v1.2.3", "abc", "2026-03-01T12:00:00Z", "true")
		require.True(t, thisVersion().Modified)
	})
	t.Run("the ledger schema is the newest that there is", func(t *testing.T) {
		migrations, err := filepath.Glob("../../migrate/sqlite/migrations/*.sql")
		require.NoError(t, err)
		require.Len(t, migrations, ledgerSchema)
	})
}

// TestLinkedNames holds the names in the Makefile to the code: the linker says
// nothing of a variable that is not there.
func TestLinkedNames(t *testing.T) {
	read := func(elem ...string) string {
		raw, err := os.ReadFile(filepath.Join(elem...))
		require.NoError(t, err)
		return string(raw)
	}
	first := func(pattern, text string) (names []string) {
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names = append(names, match[1])
		}
		return names
	}
	declared := first(`(?m)^\t(linked\w+) +string`, read("cmd_version.go"))
	require.NotEmpty(t, declared)
	require.ElementsMatch(t, declared, first(`-X main\.(\w+)=`, read("..", "..", "Makefile")))
}
