package archive_test

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/sourcetest"
)

const fileSID = "ME00000000000000000000000000000001"

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// putFile puts a file of a message into an archive without digests in its manifest.
func putFile(fsys fstest.MapFS, sid, content string) {
	fsys[archive.MediaPath(serviceSID, sid)] = &fstest.MapFile{Data: []byte(content)}
	list := archive.MediaListPath(serviceSID)
	if fsys[list] == nil {
		fsys[list] = &fstest.MapFile{}
	}
	line := fmt.Sprintf(`{"sid":%q,"size":%d,"content_type":"text/plain","filename":"a.txt","sha256":%q}`, sid, len(content), digestOf(content))
	fsys[list].Data = append(fsys[list].Data, line+"\n"...)
}

// withManifest is the archive with a manifest of these fields.
func withManifest(t *testing.T, fsys fstest.MapFS, m archive.Manifest) fstest.MapFS {
	t.Helper()
	m.SchemaVersion, m.AccountSID, m.SourceAPI = archive.SchemaVersion, "AC1", "v2"
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	fsys[archive.ManifestPath] = &fstest.MapFile{Data: raw}
	return fsys
}

// readMedia reads a file whole.
func readMedia(t *testing.T, s migrate.Source, serviceSID, sid string) (migrate.Media, string, error) {
	t.Helper()
	m, body, err := s.OpenMedia(t.Context(), serviceSID, sid)
	if err != nil {
		require.Nil(t, body)
		return m, "", err
	}
	got, err := io.ReadAll(body)
	require.NoError(t, body.Close())
	return m, string(got), err
}

func TestSourceMedia(t *testing.T) {
	const content = "a lamp, four feet high"
	name, list := archive.MediaPath(serviceSID, fileSID), archive.MediaListPath(serviceSID)
	made := func() fstest.MapFS {
		fsys := workspace()
		putFile(fsys, fileSID, content)
		return fsys
	}
	manifest := archive.Manifest{Files: map[string]archive.File{name: {SHA256: digestOf(content), Bytes: int64(len(content))}}}
	for damage, c := range map[string]struct {
		spoil func(fstest.MapFS)
		want  string
	}{
		"none":                      {func(fstest.MapFS) {}, ""},
		"a digest in the list only": {func(fsys fstest.MapFS) { withManifest(t, fsys, archive.Manifest{}) }, ""},
		"a digest in the manifest only": {func(fsys fstest.MapFS) {
			fsys[list].Data = []byte(strings.Replace(string(fsys[list].Data), `,"sha256":"`+digestOf(content)+`"`, "", 1))
		}, ""},
		"another byte": {func(fsys fstest.MapFS) { fsys[name].Data = []byte(strings.Replace(content, "four", "five", 1)) }, "SHA-256"},
		"another byte, with a digest in the list only": {func(fsys fstest.MapFS) {
			withManifest(t, fsys, archive.Manifest{})
			fsys[name].Data = []byte(strings.Replace(content, "four", "five", 1))
		}, "SHA-256"},
		"an end that is cut off": {func(fsys fstest.MapFS) { fsys[name].Data = []byte(content[:9]) }, "9 bytes"},
		"an end that is added":   {func(fsys fstest.MapFS) { fsys[name].Data = []byte(content + "!") }, "23 bytes"},
		"no file":                {func(fsys fstest.MapFS) { delete(fsys, name) }, "open services/"},
		"a folder": {func(fsys fstest.MapFS) {
			delete(fsys, name)
			fsys[name+"/x"] = &fstest.MapFile{}
		}, "not a file"},
		"another size in the list": {func(fsys fstest.MapFS) {
			fsys[list].Data = []byte(strings.Replace(string(fsys[list].Data), `:22`, `:21`, 1))
		}, "the manifest says 22"},
		"another digest in the list": {func(fsys fstest.MapFS) {
			fsys[list].Data = []byte(strings.Replace(string(fsys[list].Data), `"sha256":"`, `"sha256":"0`, 1))
		}, "the manifest says 22"},
		"a list of no JSON":        {func(fsys fstest.MapFS) { fsys[list].Data = []byte("x\n") }, "not a JSON object"},
		"a list that has it twice": {func(fsys fstest.MapFS) { fsys[list].Data = append(fsys[list].Data, fsys[list].Data...) }, "listed twice"},
		"a size that is no number": {func(fsys fstest.MapFS) {
			fsys[list].Data = []byte(strings.Replace(string(fsys[list].Data), `:22`, `:"22"`, 1))
		}, "size"},
	} {
		fsys := withManifest(t, made(), manifest)
		c.spoil(fsys)
		for kind, from := range stored(t, fsys) {
			t.Run("of "+kind+" with "+damage, func(t *testing.T) {
				m, got, err := readMedia(t, source(t, from), serviceSID, fileSID)
				if c.want == "" {
					require.NoError(t, err)
					require.Equal(t, migrate.Media{SID: fileSID, Size: int64(len(content)), ContentType: "text/plain", Filename: "a.txt"}, m)
					require.Equal(t, content, got)
					return
				}
				require.ErrorContains(t, err, c.want)
				e, ok := errors.AsType[*migrate.Error](err)
				require.True(t, ok)
				require.Equal(t, migrate.Failed, e.Kind, "it is not taken for a file that the source no longer had")
				require.Equal(t, fileSID, e.SID)
				require.Less(t, len(got), len(content), "nobody is given all of a file that is damaged")
				if damage != "no file" {
					require.True(t, migrate.Unreadable(err), "it costs its channel alone")
				}
			})
		}
	}

	for why, c := range map[string]struct {
		manifest archive.Manifest
		want     string
	}{
		"nobody looked":            {archive.Manifest{}, "by an older chatbridge"},
		"it was told to":           {archive.Manifest{Media: archive.MediaLeftOut}, "--files=false"},
		"no message had named it":  {archive.Manifest{Media: archive.MediaRead}, ""},
		"it was gone":              {archive.Manifest{Media: archive.MediaRead, MediaMissing: []archive.MissingMedia{{serviceSID, fileSID, "it was gone"}}}, "it was gone"},
		"another service's was so": {archive.Manifest{Media: archive.MediaRead, MediaMissing: []archive.MissingMedia{{"IS2", fileSID, "it was gone"}}}, ""},
	} {
		for _, others := range []bool{false, true} {
			t.Run(fmt.Sprintf("that is not there because %s, with others: %v", why, others), func(t *testing.T) {
				fsys := withManifest(t, workspace(), c.manifest)
				if others {
					putFile(fsys, "ME00000000000000000000000000000002", "other")
				}
				_, _, err := readMedia(t, source(t, fsys), serviceSID, fileSID)
				require.Equal(t, migrate.NotFound, migrate.KindOf(err))
				require.Contains(t, err.Error()+migrate.HintOf(err), c.want)
				if c.want == "" {
					require.Equal(t, "read file "+fileSID+": the archive does not have it", err.Error())
				}
			})
		}
	}
	t.Run("follows no name that is not a SID", func(t *testing.T) {
		fsys := made()
		for _, sid := range []string{"", ".", "..", "../files.jsonl", "../service.json", "../../../" + archive.ManifestPath,
			fileSID + "/x", "ME" + strings.Repeat("A", 32), "me" + fileSID[2:], "IM" + fileSID[2:], fileSID[:33], fileSID + "0"} {
			putFile(fsys, sid, "x") // a list may say what it likes
			_, _, err := readMedia(t, source(t, fsys), serviceSID, sid)
			require.Equal(t, migrate.NotFound, migrate.KindOf(err), sid)
			require.ErrorContains(t, err, "not a path of the archive format", sid)
		}
	})
	t.Run("follows no link out of the folder", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, made()))
		outside := filepath.Join(t.TempDir(), "outside")
		require.NoError(t, os.WriteFile(outside, []byte(content), 0o600))
		at := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.Remove(at))
		require.NoError(t, os.Symlink(outside, at))
		a, closer, err := archive.OpenPath(dir)
		require.NoError(t, err)
		defer closer.Close()
		s := archive.NewSource(a)
		defer s.Close()
		_, _, err = readMedia(t, s, serviceSID, fileSID)
		require.Error(t, err)
	})
}

// growing are files that are longer than they were when they were looked at.
type growing struct{ fs.FS }

func (g growing) Open(name string) (fs.File, error) {
	f, err := g.FS.Open(name)
	if err != nil || !strings.Contains(name, "/files/") {
		return f, err
	}
	return longer{f, io.MultiReader(f, strings.NewReader("!"))}, nil
}

type longer struct {
	fs.File
	io.Reader
}

func (l longer) Read(p []byte) (int, error) { return l.Reader.Read(p) }

func TestMediaThatGrows(t *testing.T) {
	fsys := workspace()
	putFile(fsys, fileSID, "a lamp")
	_, got, err := readMedia(t, source(t, growing{fsys}), serviceSID, fileSID)
	require.ErrorContains(t, err, "more than the 6 bytes")
	require.Less(t, len(got), 6)
}

// TestConformanceOfZip reads the world from a zip, in which files cannot seek.
func TestConformanceOfZip(t *testing.T) {
	opened := func(t *testing.T, files fs.FS) migrate.Source {
		a, closer, err := archive.OpenPath(zipped(t, files, ""))
		require.NoError(t, err)
		s := archive.NewSource(a)
		t.Cleanup(func() { require.NoError(t, errors.Join(s.Close(), closer.Close())) })
		return s
	}
	sourcetest.Run(t, sourcetest.Suite{
		Open: func(t *testing.T, w sourcetest.World) migrate.Source { return opened(t, w.Files()) },
		Broken: func(t *testing.T, w sourcetest.World) migrate.Source {
			files := w.Files()
			file := files[archive.MessagesPath(w.Long())]
			file.Data = []byte(strings.Replace(string(file.Data), `"index":150`, `"index":"150"`, 1))
			return opened(t, files)
		},
		Kind:  migrate.Failed,
		Media: true,
		BrokenMedia: func(t *testing.T, w sourcetest.World) migrate.Source {
			path := zipped(t, w.Files(), "")
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			z, err := zip.OpenReader(path)
			require.NoError(t, err)
			for _, f := range z.File {
				if f.Name == archive.MediaPath(w.LongFile()) {
					at, err := f.DataOffset()
					require.NoError(t, err)
					raw[at+100] ^= 0xff
				}
			}
			require.NoError(t, z.Close())
			require.NoError(t, os.WriteFile(path, raw, 0o600))
			a, closer, err := archive.OpenPath(path)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, closer.Close()) })
			return archive.NewSource(a)
		},
	})
}
