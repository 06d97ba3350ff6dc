package archive_test

import (
	"fmt"
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

func TestLines(t *testing.T) {
	messages := archive.MessagesPath(serviceSID, channelSID)
	with := func(t *testing.T, content string) ([]string, error) {
		fsys := workspace()
		fsys[messages].Data = []byte(content)
		return lines(open(t, fsys), messages)
	}
	t.Run("keeps the bytes of each line", func(t *testing.T) {
		want := []string{`{"n":9007199254740993,"future":[ 1.50, 1E400 ]}`, `{"s":"\u0041\/é\ud800"}`, "{\"s\":\"\xff\"}"}
		got, err := with(t, strings.Join(want, "\n")+"\n")
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
	t.Run("takes line ends of either kind and a last line without one", func(t *testing.T) {
		got, err := with(t, "{\"a\":1}\r\n{\"b\":2}")
		require.NoError(t, err)
		require.Equal(t, []string{`{"a":1}`, `{"b":2}`}, got)
	})
	t.Run("yields nothing for an empty file", func(t *testing.T) {
		got, err := with(t, "")
		require.NoError(t, err)
		require.Empty(t, got)
	})
	for name, bad := range map[string]string{
		"a line cut short":      `{"index":3,"bo`,
		"an array":              `[1]`,
		"an empty line":         ``,
		"two objects in a line": `{}{}`,
		"a byte order mark":     "\ufeff{}",
		"a key that is no UTF-8 beside no object": "\xff{}",
	} {
		t.Run("names file and line of "+name, func(t *testing.T) {
			got, err := with(t, "{}\n{}\n"+bad+"\n{}\n")
			require.ErrorContains(t, err, messages+":3: ")
			require.Len(t, got, 2)
		})
	}
	t.Run("reads a line of the greatest length", func(t *testing.T) {
		long := `{"a":"` + strings.Repeat("x", archive.MaxLine-len(`{"a":""}`)) + `"}`
		got, err := with(t, "{}\n"+long+"\n{}\n")
		require.NoError(t, err)
		require.Equal(t, []string{"{}", long, "{}"}, got)
	})
	t.Run("names file and line of a line that is longer", func(t *testing.T) {
		for _, more := range []int{1, 2, 3, archive.MaxLine} {
			long := `{"a":"` + strings.Repeat("x", archive.MaxLine-len(`{"a":""}`)+more) + `"}`
			_, err := with(t, "{}\n"+long+"\n")
			require.ErrorIs(t, err, archive.ErrLineTooLong, more)
			require.ErrorContains(t, err, messages+":2: ")
		}
	})
	t.Run("follows no path outside the format", func(t *testing.T) {
		a := open(t, workspace())
		for _, name := range []string{"", "/etc/passwd", "../x.jsonl", archive.MembersPath(serviceSID, ".."),
			archive.RolesPath("../" + serviceSID), "services/" + serviceSID + "/other.jsonl", "./" + archive.CredentialsPath} {
			_, err := lines(a, name)
			require.ErrorContains(t, err, "not a path of the archive format", name)
		}
	})
}

func TestMissingFiles(t *testing.T) {
	without := func(t *testing.T, name string) error {
		fsys := workspace()
		delete(fsys, name)
		_, err := lines(open(t, fsys), name)
		return err
	}
	t.Run("optional files may be missing", func(t *testing.T) {
		require.NoError(t, without(t, archive.CredentialsPath))
		require.NoError(t, without(t, archive.InvitesPath(serviceSID, channelSID)))
	})
	t.Run("a channel that is said to be empty needs no folder", func(t *testing.T) {
		require.NoError(t, without(t, archive.MessagesPath(serviceSID, emptySID)))
		require.NoError(t, without(t, archive.MembersPath(serviceSID, emptySID)))
	})
	t.Run("anything else that is missing is an error", func(t *testing.T) {
		for _, name := range []string{archive.RolesPath(serviceSID), archive.UsersPath(serviceSID), archive.ChannelsPath(serviceSID),
			archive.MembersPath(serviceSID, channelSID), archive.MessagesPath(serviceSID, channelSID)} {
			require.ErrorIs(t, without(t, name), fs.ErrNotExist, name)
		}
	})
	t.Run("a channel that is not listed is not found", func(t *testing.T) {
		unknown := "CH0000000000000000000000000000dead"
		_, err := lines(open(t, workspace()), archive.MessagesPath(serviceSID, unknown))
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		require.ErrorContains(t, err, unknown)
	})
	t.Run("an optional file that the manifest names must be there", func(t *testing.T) {
		fsys := workspace()
		fsys[archive.ManifestPath].Data = fmt.Appendf(nil, `{"schema_version":1,"files":{%q:{}}}`, archive.CredentialsPath)
		_, err := lines(open(t, fsys), archive.CredentialsPath)
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

func TestTheSameSIDTwice(t *testing.T) {
	again := strings.Repeat("0", 31) + "9"
	for name, line := range map[string]string{
		archive.MessagesPath(serviceSID, channelSID): `{"sid":"IM` + again + `","index":%d,"body":"x"}`,
		archive.MembersPath(serviceSID, channelSID):  `{"sid":"MB` + again + `","identity":"i%d"}`,
		archive.InvitesPath(serviceSID, channelSID):  `{"sid":"IN` + again + `","identity":"i%d"}`,
		archive.UsersPath(serviceSID):                `{"sid":"US` + again + `","identity":"i%d"}`,
		archive.RolesPath(serviceSID):                `{"sid":"RL` + again + `","friendly_name":"r%d"}`,
	} {
		t.Run("is an error that names it and the line: "+name, func(t *testing.T) {
			fsys := workspace()
			fsys[name] = &fstest.MapFile{Data: fmt.Appendf(nil, line+"\n"+line+"\n", 1, 2)}
			src := archive.NewSource(open(t, fsys))
			var err error
			count := func(one error) {
				if one != nil {
					err = one
				}
			}
			for _, e := range src.Messages(t.Context(), serviceSID, channelSID, migrate.Span{After: migrate.All}) {
				count(e)
			}
			for _, e := range src.Members(t.Context(), serviceSID, channelSID) {
				count(e)
			}
			for _, e := range src.Invites(t.Context(), serviceSID, channelSID) {
				count(e)
			}
			for _, e := range src.Users(t.Context(), serviceSID) {
				count(e)
			}
			for _, e := range src.Roles(t.Context(), serviceSID) {
				count(e)
			}
			require.ErrorContains(t, err, again+" is listed twice")
			require.ErrorContains(t, err, name+":2: ")
		})
	}
}

func TestManifestOfAnySize(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, archive.ManifestPath)
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	require.NoError(t, os.Truncate(path, 1<<30)) // a hole: it takes no room
	_, _, err := archive.OpenPath(dir)
	require.ErrorContains(t, err, "manifest.json has 1073741824 bytes, at most")
}

func TestLastLineCutShort(t *testing.T) {
	name := archive.MessagesPath(serviceSID, channelSID)
	fsys := workspace()
	fsys[name].Data = []byte("{\"index\":1}\n{\"index\":2,\"bo")
	_, err := lines(open(t, fsys), name)
	require.ErrorContains(t, err, name+":2: the file is cut short")
}
