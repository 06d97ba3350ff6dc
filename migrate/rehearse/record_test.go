package rehearse_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/rehearse"
)

func TestRecord(t *testing.T) {
	t.Run("a second process is refused", func(t *testing.T) {
		path := t.TempDir() + "/rehearsal.json"
		record, _, _, err := rehearse.OpenRecord(path)
		require.NoError(t, err)
		_, _, _, err = rehearse.OpenRecord(path)
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NoError(t, record.Close())
		record, _, _, err = rehearse.OpenRecord(path)
		require.NoError(t, err)
		require.NoError(t, record.Close())
	})
	for name, content := range map[string]string{
		"is damaged":               `{"schema_version":1,"comm`,
		"is something else":        `{"schema_version":1,"command":"audit"}`,
		"is of another version":    `{"schema_version":2,"command":"rehearse-service"}`,
		"names any service at all": `{"schema_version":1,"command":"rehearse-service","friendly_name":"Support","token":"0123","service_sid":"IS00000000000000000000000000000000"}`,
		"has no token":             `{"schema_version":1,"command":"rehearse-service","friendly_name":"chatbridge rehearsal ","token":""}`,
		"has a SID that is none":   `{"schema_version":1,"command":"rehearse-service","friendly_name":"chatbridge rehearsal 0123456789abcdef0123456789abcdef","token":"0123456789abcdef0123456789abcdef","service_sid":"../Services"}`,
	} {
		t.Run("a record that "+name+" is refused", func(t *testing.T) {
			path := t.TempDir() + "/rehearsal.json"
			require.NoError(t, os.WriteFile(path+".service", []byte(content), 0o600))
			_, _, _, err := rehearse.OpenRecord(path)
			require.Equal(t, migrate.Usage, migrate.KindOf(err), "%v", err)
			kept, err := os.ReadFile(path + ".service")
			require.NoError(t, err)
			require.Equal(t, content, string(kept))
		})
	}
	t.Run("only a rehearsal is overwritten, and only its owner may read it", func(t *testing.T) {
		path := t.TempDir() + "/rehearsal.json"
		require.NoError(t, rehearse.Replaceable(path))
		for range 2 {
			require.NoError(t, rehearse.Save(path, migrate.Rehearsal{SchemaVersion: 1, Command: "rehearse"}))
			require.NoError(t, rehearse.Replaceable(path))
		}
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.NoFileExists(t, path+".unfinished")
		for _, other := range []string{"", "{}", `{"command":"audit","schema_version":1}`, "a letter"} {
			require.NoError(t, os.WriteFile(path, []byte(other), 0o600))
			require.Equal(t, migrate.Usage, migrate.KindOf(rehearse.Replaceable(path)), other)
		}
	})
	t.Run("no symbolic link is followed", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(dir+"/precious", []byte("x"), 0o600))
		for _, link := range []string{"rehearsal.json", "rehearsal.json.unfinished"} {
			require.NoError(t, os.Symlink(dir+"/precious", dir+"/"+link))
			require.ErrorIs(t, rehearse.Save(dir+"/rehearsal.json", migrate.Rehearsal{}), migrate.ErrSymlink)
			require.NoError(t, os.Remove(dir+"/"+link))
		}
		raw, err := os.ReadFile(dir + "/precious")
		require.NoError(t, err)
		require.Equal(t, "x", string(raw))
	})
}
