package emulator_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestMediaUploads(t *testing.T) {
	folder := func(t *testing.T) string {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		t.Setenv("TMP", dir)
		return dir
	}
	inside := func(t *testing.T, dir string) (n int) {
		require.NoError(t, filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				n++
			}
			return err
		}))
		return n
	}
	t.Run("are kept in a folder of their own, which closing removes", func(t *testing.T) {
		dir := folder(t)
		b := newBench(t, emulator.Config{})
		s, c := b.conversation()
		all := func() []string { names, _ := filepath.Glob(filepath.Join(dir, "*")); return names }
		require.Empty(t, all(), "there is none before the first")
		b.make(c+"/Messages", "MediaSid", b.uploaded(s, "kept"))
		gone := b.make(c+"/Messages", "MediaSid", b.uploaded(s, "deleted")).text("sid")
		b.uploaded(s, "collected")
		require.Equal(t, 3, inside(t, dir))
		b.remove(c + "/Messages/" + gone)
		require.Equal(t, 2, inside(t, dir))
		b.pass(time.Hour)
		b.e.Stats()
		require.Equal(t, 1, inside(t, dir))
		require.NoError(t, b.e.Close())
		require.Empty(t, all())
		require.NoError(t, b.e.Close())
		require.Equal(t, http.StatusInternalServerError, b.upload(s, "", "", []byte("x")).status)
		require.Empty(t, all())
		b = newBench(t, emulator.Config{})
		s = b.service()
		require.NoError(t, b.e.Close())
		require.Equal(t, http.StatusInternalServerError, b.upload(s, "", "", []byte("x")).status)
		require.Empty(t, all(), "nor is one made after it")
	})
	t.Run("leave nothing if they are refused, or come to nothing", func(t *testing.T) {
		dir := folder(t)
		loses := false
		b := closing(newBench(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if loses && x.Host == emulator.MediaHost {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			commit().WriteTo(w)
		}}))
		s := b.service()
		short := func(r *http.Request) { r.ContentLength++ }
		require.Equal(t, http.StatusBadRequest, b.upload(s, "", "", []byte("short"), short).status)
		require.Zero(t, inside(t, dir))
		kept := b.uploaded(s, "kept")
		loses = true
		require.Equal(t, http.StatusBadGateway, b.upload(s, "", "", []byte("lost")).status)
		loses = false
		require.Eventually(t, func() bool { runtime.GC(); return inside(t, dir) == 1 }, 10*time.Second, time.Millisecond)
		runtime.GC()
		require.Equal(t, "kept", b.bytesOf(s, kept))
	})
	t.Run("need a length, and have it", func(t *testing.T) {
		b := closing(newBench(t, emulator.Config{}))
		s := b.service()
		length := func(n int64) func(*http.Request) { return func(r *http.Request) { r.ContentLength = n } }
		b.refused(b.upload(s, "", "", []byte("abc"), length(-1)), http.StatusLengthRequired, 20001)
		b.refused(b.upload(s, "", "", []byte("abc"), length(4)), http.StatusBadRequest, 20001)
		b.refused(b.upload(s, "", "", []byte("abc"), length(2)), http.StatusBadRequest, 20001)
	})
	t.Run("are as large as their service allows", func(t *testing.T) {
		b := closing(newBench(t, emulator.Config{MediaLimitMB: 1}))
		s := b.service()
		require.Equal(t, 1.0, b.readChat(v2(s)).body["media"].(map[string]any)["size_limit_mb"])
		require.Equal(t, http.StatusCreated, b.upload(s, "", "", make([]byte, 1<<20)).status)
		require.Equal(t, http.StatusRequestEntityTooLarge, b.upload(s, "", "", make([]byte, 1<<20+1)).status)
		huge := func(r *http.Request) { r.ContentLength = 150<<20 + 1 }
		require.Equal(t, http.StatusRequestEntityTooLarge, b.upload(s, "", "", nil, huge).status, "and that is said before they come")

		b = closing(newBench(t, emulator.Config{Archive: recent(t), Shared: true}))
		require.Equal(t, http.StatusCreated, b.upload(service, "", "", make([]byte, 10<<20)).status)
		require.Equal(t, http.StatusRequestEntityTooLarge, b.upload(service, "", "", make([]byte, 10<<20+1)).status)
	})
	t.Run("are files even if they look like a form", func(t *testing.T) {
		b := closing(newBench(t, emulator.Config{}))
		s := b.service()
		a := b.upload(s, "a", "application/x-www-form-urlencoded", []byte("MediaSid=ME1"))
		require.Equal(t, "MediaSid=ME1", b.bytesOf(s, a.text("sid")))
	})
	t.Run("go to a service that is there, with its credentials", func(t *testing.T) {
		b := closing(newBench(t, emulator.Config{Archive: recent(t), TargetAccountSID: accountSID, TargetAuthToken: "t"}))
		theirs := func(r *http.Request) { r.SetBasicAuth(accountSID, "t") }
		nobody := func(r *http.Request) { r.Header.Del("Authorization") }
		made := b.send(b.conversations, http.MethodPost, "/v1/Services", form("FriendlyName", "x"), theirs)
		target := "/v1/Services/" + made.text("sid")
		sid := b.upload(target, "", "", []byte("x"), theirs).text("sid")
		require.Equal(t, http.StatusOK, b.record(target, sid, theirs).status)
		b.refused(b.upload(target, "", "", nil, nobody), http.StatusUnauthorized, 20003)
		b.refused(b.record(target, sid, nobody), http.StatusUnauthorized, 20003)
		b.refused(b.record(target, sid), http.StatusNotFound, 20404)
		b.refused(b.upload(target, "", "", nil), http.StatusNotFound, 20404)
		b.refused(b.upload(service, "", "", nil, theirs), http.StatusNotFound, 20404)
		b.refused(b.record(service, mediaSID, theirs), http.StatusNotFound, 20404)
		require.Equal(t, http.StatusOK, b.record(service, mediaSID).status)
		require.Zero(t, b.e.Stats().RefusedSourceWrites)
		b.refused(b.upload(service, "", "", nil), http.StatusMethodNotAllowed, 20004)
		require.Equal(t, int64(1), b.e.Stats().RefusedSourceWrites)
		require.Equal(t, http.StatusBadRequest, b.upload(target, "", "", nil, theirs, func(r *http.Request) { r.URL.RawQuery = "Category=x" }).status)
		require.Positive(t, b.e.Stats().Media.Reads)
		require.Positive(t, b.e.Stats().Media.Writes)
	})
}

// A socket shows what the length in a header is worth.
func TestMediaServer(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s, err := emulator.Serve(t.Context(), emulator.Config{Generate: emulator.Generate{Channels: 1, Messages: 40, Files: 1, FileBytes: 1 << 20}, Shared: true})
	require.NoError(t, err)
	defer func() {
		left, _ := os.ReadDir(dir)
		require.NotEmpty(t, left)
		require.NoError(t, s.Close())
		left, _ = os.ReadDir(dir)
		require.Empty(t, left)
	}()
	service := s.Channels()[0].ServiceSID
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, f := range s.Truth().Channels[0].Files {
		r, err := http.NewRequest(http.MethodGet, s.MediaURL+"/v1/Services/"+service+"/Media/"+f.SID, nil)
		require.NoError(t, err)
		r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
		resp, err := client.Do(r)
		require.NoError(t, err)
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		address := string(raw[bytes.Index(raw, []byte(s.MediaURL+"/ME")):])
		resp, err = client.Get(address[:strings.IndexByte(address, '"')])
		require.NoError(t, err)
		raw, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, f.Size, resp.ContentLength)
		require.Equal(t, f.SHA256, sum(string(raw)))
	}
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(s.MediaURL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/Services/%s/Media HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nAuthorization: Basic %s\r\n\r\nshort", service, basic())
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.NoError(t, resp.Body.Close())
	require.Empty(t, s.Truth().Orphans)
}

func basic() string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}
