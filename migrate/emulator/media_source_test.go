package emulator_test

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/heap"
)

var (
	mediaSID    = "ME" + strings.Repeat("a", 32)
	archivedSID = "ME" + strings.Repeat("b", 32)
)

// filed is the small archive with a file of message 0, of which it has no bytes, and
// one of message 3, of which it has.
func filed(t *testing.T) fstest.MapFS {
	t.Helper()
	w := workspace(t).(fstest.MapFS)
	name := "services/" + serviceSID + "/channels/" + privateSID + "/messages.jsonl"
	text := string(w[name].Data)
	for body, media := range map[string]string{
		`"body":"message 0"`: `"body":null,"type":"media","media":{"sid":"` + mediaSID + `","size":3000,"content_type":"image/png","filename":null}`,
		`"body":"message 3"`: `"body":"message 3","type":"media","media":{"sid":"` + archivedSID + `","size":9,"content_type":"text/plain","filename":"a.txt"}`,
	} {
		require.Contains(t, text, body)
		text = strings.Replace(text, body, media, 1)
	}
	w[name] = &fstest.MapFile{Data: []byte(text)}
	about := "services/" + serviceSID + "/service.json"
	w[about] = &fstest.MapFile{Data: []byte(strings.Replace(string(w[about].Data), `"friendly_name"`, `"media":{"size_limit_mb":10,"compatibility_message":"a file"},"friendly_name"`, 1))}
	w["services/"+serviceSID+"/files/"+archivedSID] = &fstest.MapFile{Data: []byte("archived!")}
	return w
}

func TestMediaOfSource(t *testing.T) {
	t.Run("is what the archive has, and invented where it has none", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: filed(t)})
		require.Equal(t, "archived!", b.bytesOf(service, archivedSID))
		invented := b.bytesOf(service, mediaSID)
		require.Len(t, invented, 3000)
		require.Equal(t, invented, newBench(t, emulator.Config{Archive: filed(t)}).bytesOf(service, mediaSID), "the same each time")
		a := b.record(service, archivedSID)
		require.Equal(t, []any{messageSID(3), privateSID, "ada", "a.txt"}, []any{a.text("message_sid"), a.text("channel_sid"), a.text("author"), a.text("filename")})
		b.refused(b.record(service, "ME"+strings.Repeat("c", 32)), http.StatusNotFound, 20404)
		b.refused(b.record("/v1/Services/IS"+strings.Repeat("2", 32), mediaSID), http.StatusNotFound, 20404)
		for _, c := range b.e.Truth().Channels {
			if c.SID == privateSID {
				require.Len(t, c.Files, 2)
				require.Equal(t, sum("archived!"), c.Files[messageSID(3)].SHA256)
				require.Equal(t, sum(invented), c.Files[messageSID(0)].SHA256)
			}
		}
	})
	t.Run("shows in v2, and in v1 as what its service says in its place", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: filed(t)})
		for _, index := range []int{0, 3} {
			require.Equal(t, "a file", b.readChat(private+"/Messages/"+messageSID(index)).text("body"))
		}
		require.Equal(t, "a file", b.readChat(private + "/Messages").body["messages"].([]any)[0].(map[string]any)["body"])
		newer := b.readChat(v2(private) + "/Messages/" + messageSID(0))
		require.Nil(t, newer.body["body"])
		require.Equal(t, mediaSID, newer.body["media"].(map[string]any)["sid"])
	})
	t.Run("goes with its message and with its channel", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: filed(t)})
		address := b.record(service, archivedSID).direct()
		require.NoError(t, b.e.EditInChannel(privateSID, messageSID(3), "edited"))
		require.Equal(t, "archived!", b.bytesOf(service, archivedSID))
		require.NoError(t, b.e.DeleteInChannel(privateSID, messageSID(3)))
		b.refused(b.record(service, archivedSID), http.StatusNotFound, 20404)
		require.Equal(t, http.StatusNotFound, b.get(address).status)
		require.NoError(t, b.e.DeleteChannel(privateSID))
		b.refused(b.record(service, mediaSID), http.StatusNotFound, 20404)
	})
	t.Run("can come later", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: filed(t)})
		message, sid, err := b.e.AppendFileToChannel(privateSID, "ada", "", emulator.File{Size: 70, ContentType: "audio/ogg"})
		require.NoError(t, err)
		require.Len(t, b.bytesOf(service, sid), 70)
		m := b.readChat(v2(private) + "/Messages/" + message)
		require.Equal(t, []any{"media", nil}, []any{m.text("type"), m.body["body"]})
		require.NoError(t, b.e.LoseFile(sid))
		b.refused(b.record(service, sid), http.StatusNotFound, 20404)
	})
	t.Run("is in Conversations too in one account", func(t *testing.T) {
		b := closing(newBench(t, emulator.Config{Archive: filed(t), Shared: true}))
		c := service + "/Conversations/" + privateSID
		m := b.read(c + "/Messages/" + messageSID(3))
		require.Equal(t, archivedSID, m.body["media"].([]any)[0].(map[string]any)["sid"])
		require.Equal(t, "archived!", b.bytesOf(service, archivedSID))
		b.refused(b.write(c+"/Messages", "MediaSid", archivedSID), http.StatusBadRequest, 50508)
		b.make(c+"/Messages", "MediaSid", b.uploaded(service, "new"))
		b.remove(c + "/Messages/" + messageSID(3))
		b.refused(b.record(service, archivedSID), http.StatusNotFound, 20404)
	})
}

func TestGeneratedFiles(t *testing.T) {
	description := emulator.Generate{Channels: 3, Messages: 600, Seed: 7, Files: 0.5, FileBytes: 2000, Attributes: 0.1}
	b := newBench(t, emulator.Config{Generate: description})
	bare := description
	bare.Files = 0
	plain := newBench(t, emulator.Config{Generate: bare})
	files, texts, nameless := 0, 0, 0
	for _, c := range b.e.Channels() {
		base := "/v1/Services/" + c.ServiceSID
		path := v2(base) + "/Channels/" + c.SID + "/Messages?PageSize=100"
		with, _ := b.pages(b.chat, path, "messages")
		without, _ := plain.pages(plain.chat, path, "messages")
		for i, m := range with {
			media, has := m["media"].(map[string]any)
			if !has {
				require.Equal(t, without[i], m, "a message without a file is as it would be without files at all")
				continue
			}
			files++
			if m["body"] != nil {
				texts++
				require.Equal(t, without[i]["body"], m["body"])
			}
			if media["filename"] == nil {
				nameless++
			}
			require.Equal(t, "media", m["type"])
			require.Len(t, b.bytesOf(base, media["sid"].(string)), int(media["size"].(float64)))
			require.LessOrEqual(t, media["size"], 2000.0)
		}
	}
	require.InDelta(t, 300, files, 50)
	require.InDelta(t, 75, texts, 30)
	require.Positive(t, nameless)
	g, err := emulator.ParseGenerate("channels=3,messages=600,seed=7,files=0.5,file-bytes=2000,attributes=0.1")
	require.NoError(t, err)
	require.Equal(t, description, g)
	for _, wrong := range []string{"channels=1,files=2", "channels=1,files=x", "channels=1,file-bytes=-1"} {
		_, err := emulator.ParseGenerate(wrong)
		require.Error(t, err, wrong)
	}
}

// nowhere takes a reply and keeps nothing of it.
type nowhere struct {
	header http.Header
	n      int64
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(b []byte) (int, error) { w.n += int64(len(b)); return len(b), nil }

// large is a file of 100 MB in the source.
func large(t testing.TB) (b *bench, sid string) {
	fsys := workspace(&testing.T{}).(fstest.MapFS)
	b = &bench{t: &testing.T{}}
	e, err := emulator.New(emulator.Config{Archive: fs.FS(fsys)})
	require.NoError(t, err)
	b.e = e
	_, sid, err = e.AppendFileToChannel(privateSID, "ada", "", emulator.File{Size: 100 << 20, ContentType: "video/mp4"})
	require.NoError(t, err)
	return b, sid
}

func TestMediaMemory(t *testing.T) {
	if !heap.Alone(t) {
		return
	}
	b, sid := large(t)
	address := b.record(service, sid).direct()
	w := &nowhere{header: http.Header{}}
	require.Less(t, heap.Allocated(func() {
		b.e.Media().ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	}), int64(1<<20), "bytes allocated to serve 100 MB")
	require.Equal(t, int64(100<<20), w.n)

	t.Setenv("TMPDIR", t.TempDir())
	b = closing(newBench(t, emulator.Config{}))
	s := b.service()
	r := httptest.NewRequest(http.MethodPost, "http://media.test"+s+"/Media", io.LimitReader(endless{}, 20<<20))
	r.ContentLength = 20 << 20
	r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	var a answer
	require.Less(t, heap.Allocated(func() { a = b.ask(r) }), int64(1<<20), "bytes allocated to take 20 MB")
	require.Equal(t, http.StatusCreated, a.status, a.raw)
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func BenchmarkContent(b *testing.B) {
	e, sid := large(b)
	address := e.record(service, sid).direct()
	b.SetBytes(100 << 20)
	for b.Loop() {
		e.e.Media().ServeHTTP(&nowhere{header: http.Header{}}, httptest.NewRequest(http.MethodGet, address, nil))
	}
}
