package sqlite_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

func TestFiles(t *testing.T) {
	t.Run("are none in a ledger from before it knew files, which goes on with them", func(t *testing.T) {
		path := closed(t, 1)
		alter(t, path, withoutPages+`DROP TABLE files; ALTER TABLE runs DROP COLUMN settle; DELETE FROM goose_db_version WHERE version_id > 5`)
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		_, known, err := r.File(t.Context(), sid("CH", 1), 0)
		require.NoError(t, err)
		require.False(t, known)
		for range r.Files(t.Context(), sid("CH", 1)) {
			require.Fail(t, "it keeps none")
		}
		files, bytes, err := r.CountFiles(t.Context())
		require.NoError(t, err)
		require.Zero(t, files)
		require.Zero(t, bytes)
		require.NoError(t, r.Close())

		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.PutFile(t.Context(), sid("CH", 1), migrate.FileRecord{SourceIndex: 3}))
		_, known, err = l.File(t.Context(), sid("CH", 1), 3)
		require.NoError(t, err)
		require.True(t, known)
		require.NoError(t, l.Close())
	})
	for name, digest := range map[string]string{"shorter": "zeroblob(31)", "longer": "zeroblob(33)", "no": "x''"} {
		t.Run("with "+name+" digest than SHA-256 are damaged", func(t *testing.T) {
			path := closed(t, 1)
			l, err := sqlite.Open(t.Context(), path)
			require.NoError(t, err)
			require.NoError(t, l.PutFile(t.Context(), sid("CH", 1), migrate.FileRecord{SourceIndex: 3}))
			require.NoError(t, l.Close())
			alter(t, path, `UPDATE files SET sha256 = `+digest)
			r, err := sqlite.OpenReader(t.Context(), path)
			require.NoError(t, err)
			_, _, err = r.File(t.Context(), sid("CH", 1), 3)
			require.ErrorContains(t, err, "the digest of a file has another length than SHA-256")
			require.NoError(t, r.Close())
		})
	}
}

func TestFilesOfMoreThanAPage(t *testing.T) {
	l, err := sqlite.Open(t.Context(), closed(t, 1))
	require.NoError(t, err)
	const files = 501
	for n := range int64(files) {
		require.NoError(t, l.PutFile(t.Context(), sid("CH", 1), migrate.FileRecord{SourceIndex: n}))
	}
	next := int64(0)
	for f, err := range l.Files(t.Context(), sid("CH", 1)) {
		require.NoError(t, err)
		require.Equal(t, next, f.SourceIndex)
		next++
	}
	require.EqualValues(t, files, next)
	require.NoError(t, l.Close())
}
