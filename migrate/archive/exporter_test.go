package archive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// live is an emulator as a migrate.Source.
type live struct {
	*emulator.Server
	source *twilio.Source
}

func serve(t *testing.T, c emulator.Config) live {
	t.Helper()
	s, err := emulator.Serve(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	base := transport.NewBase(16)
	t.Cleanup(base.CloseIdleConnections)
	src, err := twilio.NewSource(twilio.Config{
		BaseURL: s.ChatURL, Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.New(transport.Options{Base: base, Patience: transport.Patience{Attempts: 1}}),
	})
	require.NoError(t, err)
	return live{s, src}
}

var manifest = archive.Manifest{AccountSID: emulator.DefaultAccountSID, SourceAPI: "v1", Tool: "test"}

// export runs one export as a process would, and finishes the archive when it
// ended well.
func (l live) export(t *testing.T, ctx context.Context, dir string) (archive.Exported, error) {
	t.Helper()
	w, err := archive.Continue(ctx, dir, manifest)
	require.NoError(t, err)
	x := archive.Exporter{Source: l.source, Observer: silent{}, Concurrency: 4}
	got, err := x.Run(ctx, w)
	if err != nil {
		require.NoError(t, w.Abandon())
		return got, err
	}
	return got, w.Close()
}

type silent struct{}

func (silent) Total(string, int64) {}
func (silent) Done(string, int64)  {}
func (silent) Event(migrate.Event) {}

// files are the files of an archive but the manifest, empty ones left out, and
// sorted by lines where their order means nothing.
func files(t *testing.T, fsys fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == archive.ManifestPath {
			return err
		}
		raw, err := fs.ReadFile(fsys, name)
		if len(raw) == 0 || strings.HasSuffix(name, "user_channels.jsonl") {
			return err
		}
		lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
		if !strings.HasSuffix(name, "messages.jsonl") {
			slices.Sort(lines)
		}
		all[name] = strings.Join(lines, "\n")
		return err
	}))
	return all
}

// requireSame fetches each resource of a file by itself, and requires the bytes
// that the archive has. It returns how many there are.
func (l live) requireSame(t *testing.T, a *archive.Archive, file string) int {
	t.Helper()
	if strings.HasSuffix(file, "user_channels.jsonl") {
		return 0
	}
	folder := strings.NewReplacer("services/", "/v1/Services/", "channels/", "Channels/").Replace(strings.TrimSuffix(file, path.Base(file)))
	lists := map[string]string{
		"service.json": "", "credentials.jsonl": "/v1/Credentials/", "roles.jsonl": "Roles/", "users.jsonl": "Users/", "channels.jsonl": "Channels/",
		"members.jsonl": "Members/", "messages.jsonl": "Messages/", "invites.jsonl": "Invites/",
	}
	raws := a.Lines(file)
	if path.Base(file) == "service.json" {
		raws = func(yield func(json.RawMessage, error) bool) { yield(a.Service(path.Base(path.Dir(file)))) }
	}
	n := 0
	for raw, err := range raws {
		require.NoError(t, err)
		var h struct{ SID string }
		require.NoError(t, json.Unmarshal(raw, &h))
		at := folder + lists[path.Base(file)] + h.SID
		if path.Base(file) == "service.json" {
			at = strings.TrimSuffix(folder, "/")
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.ChatURL+at, nil)
		require.NoError(t, err)
		req.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		whole, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.Equal(t, http.StatusOK, resp.StatusCode, at)
		require.True(t, bytes.Equal(bytes.TrimSpace(whole), bytes.TrimSpace(raw)), "%s differs from %s", file, at)
		n++
	}
	return n
}

// resourcesOf counts the resources of a workspace, those of user_channels.jsonl
// left out.
func resourcesOf(t *testing.T, fsys fs.FS) int {
	n := 0
	for _, content := range files(t, fsys) {
		n += strings.Count(content, "\n") + 1
	}
	return n
}

func sampled(name string) fs.FS {
	return os.DirFS(filepath.Join("..", "..", "testdata", "workspaces", name))
}

func TestExport(t *testing.T) {
	for _, name := range []string{"support-desk", "edge-cases"} {
		t.Run("brings every resource of "+name+" over HTTP, byte for byte", func(t *testing.T) {
			l := serve(t, emulator.Config{Archive: sampled(name)})
			dir := filepath.Join(t.TempDir(), "made")
			got, err := l.export(t, t.Context(), dir)
			require.NoError(t, err)
			require.Empty(t, got.Vanished)
			require.Empty(t, got.Appeared)
			a, closer, err := archive.OpenPath(dir)
			require.NoError(t, err)
			defer closer.Close()
			require.NoError(t, a.Verify(t.Context()))
			n := 0
			for file := range a.Manifest.Files {
				n += l.requireSame(t, a, file)
			}
			require.Equal(t, resourcesOf(t, sampled(name)), n)
			require.Zero(t, l.Stats().RefusedSourceWrites+l.Stats().Conversations.Writes)
		})
	}

	t.Run("stopped at any moment, it goes on and ends as if it had not been", func(t *testing.T) {
		whole := serve(t, emulator.Config{Archive: sampled("support-desk")})
		straight := filepath.Join(t.TempDir(), "straight")
		_, err := whole.export(t, t.Context(), straight)
		require.NoError(t, err)
		reads := whole.Stats().Chat.Reads
		want := files(t, os.DirFS(straight))
		for _, at := range []int64{5, reads / 2, reads - 3} {
			ctx, cancel := context.WithCancel(t.Context())
			var seen atomic.Int64
			l := serve(t, emulator.Config{Archive: sampled("support-desk"), Intercept: func(w http.ResponseWriter, _ *http.Request, _ *emulator.Exchange, commit func() emulator.Reply) {
				if seen.Add(1) == at {
					cancel()
				}
				commit().WriteTo(w)
			}})
			dir := filepath.Join(t.TempDir(), "made")
			_, err := l.export(t, ctx, dir)
			require.Error(t, err)
			require.NoFileExists(t, filepath.Join(dir, archive.ManifestPath))
			before := l.Stats().Chat.Reads
			got, err := l.export(t, t.Context(), dir)
			require.NoError(t, err)
			require.True(t, maps.Equal(want, files(t, os.DirFS(dir))), "stopped at request %d", at)
			require.NoFileExists(t, filepath.Join(dir, "unfinished.jsonl"))
			if at > 5 {
				require.Positive(t, got.Kept)
				require.Less(t, l.Stats().Chat.Reads-before, reads, "what was complete is not read again")
			}
		}
	})

	t.Run("a channel that is deleted meanwhile is left out and named", func(t *testing.T) {
		var l live
		gone := ""
		l = serve(t, emulator.Config{Archive: sampled("support-desk"), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if len(x.Path) == 6 && x.Path[5] == "Messages" && x.Path[4] == gone {
				if err := l.DeleteChannel(gone); err != nil {
					panic(err)
				}
			}
			commit().WriteTo(w)
		}})
		gone = l.Channels()[3].SID
		dir := filepath.Join(t.TempDir(), "made")
		got, err := l.export(t, t.Context(), dir)
		require.NoError(t, err)
		require.Equal(t, []archive.Resource{{Kind: migrate.KindChannels, SID: gone}}, got.Vanished)
		a, closer, err := archive.OpenPath(dir)
		require.NoError(t, err)
		defer closer.Close()
		require.NoError(t, a.Verify(t.Context()))
		for name, content := range files(t, os.DirFS(dir)) {
			require.NotContains(t, name, gone)
			require.NotContains(t, content, `"sid":"`+gone+`"`)
		}
		src := archive.NewSource(a)
		defer src.Close()
		n := 0
		for c, err := range src.Channels(t.Context(), a.Services()[0]) {
			require.NoError(t, err)
			for _, err := range src.Messages(t.Context(), a.Services()[0], c.SID, migrate.Span{After: migrate.All}) {
				require.NoError(t, err)
			}
			n++
		}
		require.Equal(t, 20, n)
	})
}

func TestContinue(t *testing.T) {
	users, roles := archive.UsersPath(serviceSID), archive.RolesPath(serviceSID)
	begun := func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "made")
		w, err := archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		write(t, w, users, `{"sid":"US1"}`)
		write(t, w, roles, `{"sid":"RL1"}`, `{"sid":"RL2"}`)
		require.NoError(t, w.Abandon())
		return dir
	}
	again := func(t *testing.T, dir string) *archive.Writer {
		w, err := archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		t.Cleanup(func() { _ = w.Abandon() })
		return w
	}
	t.Run("keeps what is complete", func(t *testing.T) {
		w := again(t, begun(t))
		kept, ok := w.Kept(roles)
		require.True(t, ok)
		require.EqualValues(t, 2, kept.Lines)
		n, size := w.Size()
		require.EqualValues(t, 2, n)
		require.EqualValues(t, 3*len("{\"sid\":\"RL1\"}\n"), size)
	})
	t.Run("does not keep a file that changed, or is gone", func(t *testing.T) {
		dir := begun(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(users)), []byte("{\"sid\":\"US2\"}\n"), 0o600))
		require.NoError(t, os.Remove(filepath.Join(dir, filepath.FromSlash(roles))))
		w := again(t, dir)
		for _, name := range []string{users, roles} {
			_, ok := w.Kept(name)
			require.False(t, ok, name)
		}
	})
	t.Run("does not keep what was removed, nor call kept what was written anew", func(t *testing.T) {
		dir := begun(t)
		w := again(t, dir)
		require.NoError(t, w.Remove(users))
		write(t, w, roles, `{"sid":"RL3"}`)
		for _, name := range []string{users, roles} {
			_, ok := w.Kept(name)
			require.False(t, ok, name)
		}
		require.NoError(t, w.Abandon())
		w = again(t, dir)
		_, ok := w.Kept(users)
		require.False(t, ok)
		kept, ok := w.Kept(roles)
		require.True(t, ok)
		require.EqualValues(t, 1, kept.Lines)
	})
	t.Run("survives a journal whose last line is torn", func(t *testing.T) {
		dir := begun(t)
		path := filepath.Join(dir, "unfinished.jsonl")
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, raw[:len(raw)-5], 0o600))
		w := again(t, dir)
		_, ok := w.Kept(users)
		require.True(t, ok)
		_, ok = w.Kept(roles)
		require.False(t, ok)
		require.Equal(t, 3, bytes.Count(raw, []byte("\n")))
	})
	for name, prepare := range map[string]func(*testing.T) (string, archive.Manifest){
		"another account": func(t *testing.T) (string, archive.Manifest) {
			return begun(t), archive.Manifest{AccountSID: "AC2", SourceAPI: "v1"}
		},
		"another scope": func(t *testing.T) (string, archive.Manifest) {
			other := manifest
			other.Scope = serviceSID
			return begun(t), other
		},
		"a finished archive": func(t *testing.T) (string, archive.Manifest) {
			dir := begun(t)
			require.NoError(t, again(t, dir).Close())
			return dir, manifest
		},
		"somebody's files": func(t *testing.T) (string, archive.Manifest) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600))
			return dir, manifest
		},
	} {
		t.Run("refuses a folder with "+name, func(t *testing.T) {
			dir, m := prepare(t)
			_, err := archive.Continue(t.Context(), dir, m)
			require.Equal(t, migrate.Usage, migrate.KindOf(err), "%v", err)
			require.NotEmpty(t, migrate.HintOf(err))
		})
	}
}
