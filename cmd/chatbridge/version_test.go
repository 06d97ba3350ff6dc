package main

import (
	"bytes"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/reports"
)

func TestVersion(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"},
	}}
	t.Run("says module, revision, Go and ledger", func(t *testing.T) {
		var b bytes.Buffer
		require.NoError(t, writeVersion(&b, reports.Text, versionOf(info)))
		require.Equal(t, "chatbridge v1.2.3, revision abc with changes\nbuilt by go1.26.0\nledger schema 5\n", b.String())
	})
	t.Run("a binary that knows nothing of itself says so", func(t *testing.T) {
		require.Equal(t, "unknown", versionOf(nil).Version)
	})
	t.Run("the ledger schema is the newest that there is", func(t *testing.T) {
		migrations, err := filepath.Glob("../../migrate/sqlite/migrations/*.sql")
		require.NoError(t, err)
		require.Len(t, migrations, ledgerSchema)
	})
}
