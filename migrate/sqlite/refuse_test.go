package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		kind migrate.Kind
		path func(t *testing.T) string
	}{
		"a folder": {migrate.Usage, func(t *testing.T) string {
			folder := filepath.Join(t.TempDir(), "ledger.db")
			require.NoError(t, os.Mkdir(folder, 0o700))
			return folder
		}},
		"an empty path":         {migrate.Usage, func(*testing.T) string { return "" }},
		"a missing folder":      {migrate.Usage, func(t *testing.T) string { return filepath.Join(t.TempDir(), "missing", "ledger.db") }},
		"a device":              {migrate.Usage, func(*testing.T) string { return os.DevNull }},
		"a path below a file":   {migrate.Usage, func(t *testing.T) string { return filepath.Join(write(t, "a file"), "ledger.db") }},
		"a folder of no writer": {migrate.Usage, func(*testing.T) string { return "/proc/ledger.db" }},
		"a text file": {migrate.Usage, func(t *testing.T) string {
			return write(t, "not a ledger, but longer than a header of one hundred bytes")
		}},
		"a short file": {migrate.Usage, func(t *testing.T) string { return write(t, "SQL") }},
		"another program's database": {migrate.Usage, func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "ledger.db")
			alter(t, path, "CREATE TABLE songs (title TEXT)")
			return path
		}},
		"a database with another application's mark": {migrate.Usage, func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "ledger.db")
			alter(t, path, "PRAGMA application_id = 1")
			return path
		}},
		"a newer schema": {migrate.Conflict, func(t *testing.T) string {
			path := closed(t, 1)
			alter(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
			return path
		}},
		"a ledger without a schema version": {migrate.Failed, func(t *testing.T) string {
			path := closed(t, 1)
			alter(t, path, "DROP TABLE goose_db_version")
			return path
		}},
		"a ledger whose schema versions are gone": {migrate.Failed, func(t *testing.T) string {
			path := closed(t, 1)
			alter(t, path, "DELETE FROM goose_db_version")
			return path
		}},
		"a ledger whose schema versions are something else": {migrate.Failed, func(t *testing.T) string {
			path := closed(t, 1)
			alter(t, path, "ALTER TABLE goose_db_version RENAME COLUMN version_id TO version")
			return path
		}},
		"an old ledger without its channels": {migrate.Failed, func(t *testing.T) string {
			path := closed(t, 1)
			alter(t, path, "DROP TABLE channels; DELETE FROM goose_db_version WHERE version_id > 1")
			return path
		}},
		"a schema of nonsense": {migrate.Failed, func(t *testing.T) string {
			path := closed(t, 1)
			alter(t, path, "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'nonsense' WHERE name = 'runs'")
			return path
		}},
		"a header of nonsense": {migrate.Failed, func(t *testing.T) string {
			return write(t, "SQLite format 3\x00"+strings.Repeat("nonsense", 1000))
		}},
		"a damaged page": {migrate.Failed, func(t *testing.T) string {
			path := closed(t, 5000)
			damage(t, path)
			return path
		}},
		"a file that was cut off": {migrate.Failed, func(t *testing.T) string {
			path := closed(t, 5000)
			require.NoError(t, os.Truncate(path, 8192))
			return path
		}},
	} {
		t.Run(name+" is refused with a hint and left as it was", func(t *testing.T) {
			path := c.path(t)
			var before map[string]string
			watched := path != "" && filepath.Dir(path) != "/proc" && filepath.Dir(path) != "/dev" && isFolder(filepath.Dir(path))
			if watched {
				before = snapshot(t, filepath.Dir(path))
			}

			_, err := sqlite.Open(t.Context(), path)

			require.Error(t, err)
			require.Equal(t, c.kind, migrate.KindOf(err), err)
			require.NotEmpty(t, migrate.HintOf(err), err)
			if c.kind == migrate.Failed {
				require.Contains(t, migrate.HintOf(err), "keep the file for inspection")
				said := "it is damaged"
				if name == "a ledger without a schema version" || name == "a ledger whose schema versions are gone" {
					said = "it has no schema version"
				}
				require.ErrorContains(t, err, said)
			}
			if watched {
				require.Equal(t, before, snapshot(t, filepath.Dir(path)))
			}

			if name == "a damaged page" || name == "a file that was cut off" || name == "an old ledger without its channels" {
				return // found when it is read
			}
			_, err = sqlite.OpenReader(t.Context(), path)
			want := c.kind
			if name == "a missing folder" || name == "a folder of no writer" {
				want = migrate.NotFound
			}
			require.Equal(t, want, migrate.KindOf(err), "a reader says the same: %v", err)
		})
	}
}
