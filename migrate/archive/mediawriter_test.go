package archive_test

import (
	"archive/zip"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

func lamp(size int64) migrate.Media {
	return migrate.Media{SID: fileSID, Size: size, ContentType: "image/png", Filename: "lamp.png"}
}

// lampArchive is a finished archive with one file of a message.
func lampArchive(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "made")
	w := create(t, dir)
	require.NoError(t, w.WriteService(serviceSID, []byte(`{"sid":"`+serviceSID+`"}`)))
	require.NoError(t, w.WriteMedia(serviceSID, lamp(6), strings.NewReader("a\r\nlam")))
	require.NoError(t, w.WriteMediaList(serviceSID))
	require.NoError(t, w.Close())
	return dir
}

func TestWriterOfMedia(t *testing.T) {
	t.Run("takes nothing that is shorter or longer than it is said to be, or ends with an error", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "made")
		w := create(t, dir)
		for _, r := range []string{"", "lam", "lamp!"} {
			require.ErrorContains(t, w.WriteMedia(serviceSID, lamp(4), strings.NewReader(r)), "the length is wrong")
		}
		require.ErrorIs(t, w.WriteMedia(serviceSID, lamp(4), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("lamp")))), iotest.ErrTimeout)
		require.Len(t, files(t, os.DirFS(dir)), 1, "the journal alone")
		require.NoError(t, w.WriteMediaList(serviceSID))
		require.NoError(t, w.WriteMedia(serviceSID, lamp(4), strings.NewReader("lamp")))
		require.NoError(t, w.WriteMediaList(serviceSID))
		require.NoError(t, w.Close(), "what was not taken is not still open")
	})
	t.Run("makes no file that the format does not name", func(t *testing.T) {
		w := create(t, t.TempDir())
		defer w.Abandon()
		for _, sid := range []string{"", "../x", "ME" + strings.Repeat("A", 32)} {
			m := lamp(0)
			m.SID = sid
			require.ErrorContains(t, w.WriteMedia(serviceSID, m, strings.NewReader("")), "not a path")
		}
		_, err := w.Lines(archive.MediaPath(serviceSID, fileSID))
		require.ErrorContains(t, err, "line by line")
	})
	t.Run("follows no link", func(t *testing.T) {
		dir := t.TempDir()
		w := create(t, dir)
		defer w.Abandon()
		at := filepath.Join(dir, filepath.FromSlash(archive.MediaPath(serviceSID, fileSID))) + ".unfinished"
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
		require.NoError(t, os.Symlink("elsewhere", at))
		require.ErrorIs(t, w.WriteMedia(serviceSID, lamp(4), strings.NewReader("lamp")), migrate.ErrSymlink)
	})
	t.Run("takes away what a killed run left of a file that is missing now", func(t *testing.T) {
		dir := t.TempDir()
		w := create(t, dir)
		at := filepath.Join(dir, filepath.FromSlash(archive.MediaPath(serviceSID, fileSID))) + ".unfinished"
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
		require.NoError(t, os.WriteFile(at, []byte("la"), 0o600))
		require.NoError(t, w.MissMedia(archive.MissingMedia{ServiceSID: serviceSID, SID: fileSID, Reason: "it was gone"}))
		require.NoFileExists(t, at)
		require.NoError(t, w.MissMedia(archive.MissingMedia{ServiceSID: serviceSID, SID: "../" + fileSID, Reason: "it has no place"}))
		require.NoError(t, w.Close())
	})
}

func TestContinueOfMediaWithoutARecord(t *testing.T) {
	dir := t.TempDir()
	w, err := archive.Continue(t.Context(), dir, manifest)
	require.NoError(t, err)
	require.NoError(t, w.WriteMedia(serviceSID, lamp(4), strings.NewReader("lamp")))
	require.NoError(t, w.Abandon())
	for record, want := range map[string]bool{"media": true, "x": false} {
		path := filepath.Join(dir, "unfinished.jsonl")
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(raw), `"media":{`)
		changed := filepath.Join(t.TempDir(), "made")
		require.NoError(t, os.CopyFS(changed, os.DirFS(dir)))
		require.NoError(t, os.WriteFile(filepath.Join(changed, "unfinished.jsonl"), []byte(strings.Replace(string(raw), `"media":{`, `"`+record+`":{`, 1)), 0o600))
		w, err := archive.Continue(t.Context(), changed, manifest)
		require.NoError(t, err)
		_, kept := w.Kept(archive.MediaPath(serviceSID, fileSID))
		require.Equal(t, want, kept, "of a file that nobody can list, nothing is kept")
		require.NoError(t, w.Abandon())
	}
}

func TestVerifyOfMedia(t *testing.T) {
	name := filepath.FromSlash(archive.MediaPath(serviceSID, fileSID))
	verify := func(t *testing.T, dir string) error {
		a, closer, err := archive.OpenPath(dir)
		require.NoError(t, err)
		defer closer.Close()
		return a.Verify(t.Context())
	}
	require.NoError(t, verify(t, lampArchive(t)))
	for damage, content := range map[string]string{"another byte": "a\r\nlan", "a line end that changed": "a\nlam", "an end that is missing": "a\r\n", "an end that is added": "a\r\nlam!"} {
		t.Run("finds "+damage, func(t *testing.T) {
			dir := lampArchive(t)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			require.ErrorContains(t, verify(t, dir), fileSID+": has")
		})
	}
	t.Run("finds one that is missing, and one that was slipped in", func(t *testing.T) {
		dir := lampArchive(t)
		other := filepath.Join(filepath.Dir(filepath.Join(dir, name)), "ME00000000000000000000000000000002")
		require.NoError(t, os.Rename(filepath.Join(dir, name), other))
		err := verify(t, dir)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "not in the manifest")
	})
}

func TestPackOfMedia(t *testing.T) {
	dir := lampArchive(t)
	path := filepath.Join(t.TempDir(), "made.zip")
	require.NoError(t, archive.Pack(t.Context(), dir, path))
	z, err := zip.OpenReader(path)
	require.NoError(t, err)
	for _, f := range z.File {
		require.Equal(t, strings.Contains(f.Name, "/files/"), f.Method == zip.Store, f.Name)
	}
	require.NoError(t, z.Close())
	a, closer, err := archive.OpenPath(path)
	require.NoError(t, err)
	defer closer.Close()
	require.NoError(t, a.Verify(t.Context()))
	s := archive.NewSource(a)
	defer s.Close()
	m, got, err := readMedia(t, s, serviceSID, fileSID)
	require.NoError(t, err)
	require.Equal(t, lamp(6), m)
	require.Equal(t, "a\r\nlam", got)
}

func TestRemoveOfMedia(t *testing.T) {
	folder := filepath.Join("services", serviceSID, "files")
	t.Run("leaves nothing, finished or not", func(t *testing.T) {
		dir := lampArchive(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, folder, "ME00000000000000000000000000000002.unfinished"), []byte("la"), 0o600))
		r, err := archive.Look(dir)
		require.NoError(t, err)
		require.Empty(t, r.Others)
		require.EqualValues(t, 2, r.Media)
		_, err = r.Remove()
		require.NoError(t, err)
		require.NoDirExists(t, dir)
	})
	t.Run("keeps what is not named as a file of a message is", func(t *testing.T) {
		dir := lampArchive(t)
		for _, name := range []string{"notes.txt", "me00000000000000000000000000000002", fileSID + ".png", fileSID + "a", "CH00000000000000000000000000000001"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, folder, name), nil, 0o600))
		}
		inner := filepath.Join(dir, folder, "ME00000000000000000000000000000003")
		require.NoError(t, os.Mkdir(inner, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(inner, fileSID), nil, 0o600))
		r, err := archive.Look(dir)
		require.NoError(t, err)
		require.Len(t, r.Others, 6)
		_, err = r.Remove()
		require.NoError(t, err)
		require.Equal(t, 6, filesIn(t, dir))
	})
	t.Run("knows a zip with files, and one with more than that", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "made.zip")
		dir := lampArchive(t)
		require.NoError(t, archive.Pack(t.Context(), dir, path))
		r, err := archive.Look(path)
		require.NoError(t, err)
		require.EqualValues(t, 1, r.Media)
		require.NoError(t, os.WriteFile(filepath.Join(dir, folder, "notes.txt"), nil, 0o600))
		_, err = archive.Look(zipped(t, os.DirFS(dir), ""))
		require.ErrorIs(t, err, archive.ErrMixed)
	})
	t.Run("knows half a zip by a file", func(t *testing.T) {
		raw, err := os.ReadFile(zipped(t, os.DirFS(lampArchive(t)), ""))
		require.NoError(t, err)
		at := strings.Index(string(raw), folder+"/ME")
		require.Positive(t, at)
		half := filepath.Join(t.TempDir(), "made.zip.packing")
		require.NoError(t, os.WriteFile(half, raw[at-30:at+90], 0o600))
		_, err = archive.Look(half)
		require.NoError(t, err)
	})
}
