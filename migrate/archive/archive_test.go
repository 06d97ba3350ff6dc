package archive_test

import (
	"archive/zip"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

const (
	serviceSID = "IS00000000000000000000000000000001"
	channelSID = "CH00000000000000000000000000000001"
	emptySID   = "CH00000000000000000000000000000002"
)

// workspace is a small archive that tests take apart.
func workspace() fstest.MapFS {
	fsys := fstest.MapFS{}
	put := func(name string, lines ...string) {
		fsys[name] = &fstest.MapFile{Data: []byte(strings.Join(lines, "\n") + "\n")}
	}
	put(archive.ManifestPath, `{"schema_version":1,"account_sid":"AC1","source_api":"v1","x":1}`)
	put(archive.ServicePath(serviceSID), `{"sid":"`+serviceSID+`","friendly_name":"desk"}`)
	put(archive.RolesPath(serviceSID), `{"sid":"RL1","permissions":["sendMessage"]}`)
	put(archive.UsersPath(serviceSID), `{"sid":"US1","identity":"ann"}`, `{"sid":"US2","identity":"bo","attributes":"{}"}`)
	put(archive.ChannelsPath(serviceSID),
		`{"sid":"`+channelSID+`","messages_count":3,"members_count":1}`,
		`{"sid":"`+emptySID+`","messages_count":0,"members_count":0}`)
	put(archive.MembersPath(serviceSID, channelSID), `{"sid":"MB1","last_consumed_message_index":0}`)
	put(archive.MessagesPath(serviceSID, channelSID),
		`{"sid":"IM0","index":0,"body":"a"}`, `{"sid":"IM2","index":2,"body":"b"}`, `{"sid":"IM5","index":5,"body":"c"}`)
	return fsys
}

func open(t *testing.T, fsys fs.FS) *archive.Archive {
	t.Helper()
	a, err := archive.Open(fsys)
	require.NoError(t, err)
	return a
}

func lines(a *archive.Archive, name string) ([]string, error) {
	var got []string
	for raw, err := range a.Lines(name) {
		if err != nil {
			return got, err
		}
		got = append(got, string(raw))
	}
	return got, nil
}

func TestOpen(t *testing.T) {
	refused := func(t *testing.T, manifest, want string) {
		fsys := workspace()
		fsys[archive.ManifestPath].Data = []byte(manifest)
		_, err := archive.Open(fsys)
		require.ErrorContains(t, err, want)
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
	}
	t.Run("reads the manifest and lists services", func(t *testing.T) {
		a := open(t, workspace())
		require.Equal(t, []string{serviceSID}, a.Services())
		require.Equal(t, "AC1", a.Manifest.AccountSID)
	})
	t.Run("refuses a newer schema and says so, whatever else changed in it", func(t *testing.T) {
		refused(t, `{"schema_version":2,"files":[],"account_sid":7}`, "schema version 2 is newer than 1")
	})
	t.Run("refuses a manifest without a version", func(t *testing.T) {
		refused(t, `{"account_sid":"AC1"}`, "has no schema_version")
	})
	t.Run("refuses a manifest that is not JSON", func(t *testing.T) {
		refused(t, `schema_version: 1`, "read manifest.json")
	})
	t.Run("refuses a manifest that names a file outside the format", func(t *testing.T) {
		refused(t, `{"schema_version":1,"files":{"../secret.jsonl":{}}}`, "not a path of the archive format")
	})
	t.Run("refuses a folder without a manifest", func(t *testing.T) {
		fsys := workspace()
		delete(fsys, archive.ManifestPath)
		_, err := archive.Open(fsys)
		require.ErrorContains(t, err, "manifest.json is missing")
		require.NotEmpty(t, migrate.HintOf(err))
	})
	t.Run("refuses a service folder that is no SID", func(t *testing.T) {
		fsys := workspace()
		fsys["services/desk/service.json"] = &fstest.MapFile{Data: []byte("{}")}
		_, err := archive.Open(fsys)
		require.ErrorContains(t, err, `"desk" is no service SID`)
	})
}

func TestOpenPath(t *testing.T) {
	t.Run("refuses a path that is not there, and a file that is no zip", func(t *testing.T) {
		plain := filepath.Join(t.TempDir(), "plain.zip")
		require.NoError(t, os.WriteFile(plain, []byte("no zip"), 0o600))
		for _, path := range []string{plain, plain + ".gone"} {
			_, _, err := archive.OpenPath(path)
			require.Equal(t, migrate.Usage, migrate.KindOf(err), path)
			require.NotEmpty(t, migrate.HintOf(err), path)
		}
	})
	t.Run("does not follow a symbolic link out of the folder", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, workspace()))
		outside := filepath.Join(t.TempDir(), "users.jsonl")
		require.NoError(t, os.WriteFile(outside, []byte(`{"sid":"US9"}`), 0o600))
		users := filepath.Join(dir, filepath.FromSlash(archive.UsersPath(serviceSID)))
		require.NoError(t, os.Remove(users))
		require.NoError(t, os.Symlink(outside, users))

		a, closer, err := archive.OpenPath(dir)
		require.NoError(t, err)
		defer closer.Close()
		_, err = lines(a, archive.UsersPath(serviceSID))
		require.Error(t, err)
	})
	for name, prefix := range map[string]string{"its root": "", "a folder at its root": "desk/"} {
		t.Run("reads a zip with the archive in "+name, func(t *testing.T) {
			a, closer, err := archive.OpenPath(zipped(t, workspace(), prefix))
			require.NoError(t, err)
			defer closer.Close()
			got, err := lines(a, archive.UsersPath(serviceSID))
			require.NoError(t, err)
			require.Len(t, got, 2)
		})
	}
}

// zipped writes fsys into a zip file and returns its path.
func zipped(t *testing.T, fsys fs.FS, prefix string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "workspace.zip")
	f, err := os.Create(path)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		out, err := z.Create(prefix + name)
		if err != nil {
			return err
		}
		_, err = out.Write(data)
		return err
	}))
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	return path
}

func TestService(t *testing.T) {
	a := open(t, workspace())
	t.Run("returns the resource", func(t *testing.T) {
		raw, err := a.Service(serviceSID)
		require.NoError(t, err)
		require.True(t, json.Valid(raw))
	})
	t.Run("follows no name that is not a SID", func(t *testing.T) {
		for _, sid := range []string{"", "..", "../..", "IS", "is" + serviceSID[2:], strings.ToUpper("ISabcdef0000000000000000000000000a"), serviceSID + "/../" + serviceSID} {
			_, err := a.Service(sid)
			require.ErrorContains(t, err, "not a path of the archive format", sid)
		}
	})
}
