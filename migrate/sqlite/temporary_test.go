package sqlite_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

func TestOpenTemporary(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder) // of Windows
	l, err := sqlite.OpenTemporary(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), migrate.MessageRecord{SourceIndex: 6}))
	_, any, err := l.Newest(t.Context(), sid("CH", 1))
	require.NoError(t, err)
	require.True(t, any)
	require.NoError(t, l.Close())
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)

	t.Setenv("TMPDIR", folder+"/nowhere")
	t.Setenv("TMP", folder+"/nowhere")
	_, err = sqlite.OpenTemporary(t.Context())
	require.Error(t, err)
}
