package emulator_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// TestMediaRecord holds the record to what Twilio's own clients read and what was
// seen of it: there is no OpenAPI document.
func TestMediaRecord(t *testing.T) {
	b := closing(newBench(t, emulator.Config{}))
	s, c := b.conversation()
	fields := []string{
		"author", "category", "channel_sid", "content_type", "date_created", "date_updated", "date_upload_updated", "filename",
		"is_multipart_upstream", "links", "message_sid", "service_sid", "sid", "size", "url",
	}
	links := func(a answer) []string { return slices.Sorted(maps.Keys(a.body["links"].(map[string]any))) }
	a := b.upload(s, "car \"é\".jpg", "image/jpeg", []byte("bytes"))
	require.Equal(t, http.StatusCreated, a.status, a.raw)
	sid := a.text("sid")
	require.Regexp(t, `^ME[0-9a-f]{32}$`, sid)
	require.Equal(t, fields, slices.Sorted(maps.Keys(a.body)))
	require.Equal(t, []string{"content"}, links(a), "an upload is not told where its bytes are")
	require.Nil(t, a.body["message_sid"])
	require.Nil(t, a.body["channel_sid"])
	require.Equal(t, []any{5.0, "image/jpeg", `car "é".jpg`, "media", false}, []any{a.body["size"], a.text("content_type"), a.text("filename"), a.text("category"), a.body["is_multipart_upstream"]})
	require.Equal(t, s[len("/v1/Services/"):], a.text("service_sid"))
	for _, name := range []string{"date_created", "date_updated", "date_upload_updated"} {
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}-07:00$`, a.text(name))
	}

	message := b.make(c+"/Messages", "MediaSid", sid)
	a = b.record(s, sid)
	require.Equal(t, http.StatusOK, a.status, a.raw)
	require.Equal(t, fields, slices.Sorted(maps.Keys(a.body)))
	require.Equal(t, []string{"content", "content_direct_temporary"}, links(a))
	require.Equal(t, s+"/Media/"+sid, a.text("url"), "relative, though the page has it absolute")
	require.Equal(t, s+"/Media/"+sid+"/Content", a.body["links"].(map[string]any)["content"])
	require.Regexp(t, regexp.MustCompile(`^http://media\.test/`+sid+`\?Expires=\d+&Signature=[A-Za-z0-9~_-]+&Key-Pair-Id=APKA`), a.direct())
	require.Equal(t, message.text("sid"), a.text("message_sid"))
	require.Equal(t, c[len(c)-34:], a.text("channel_sid"))

	bare := b.upload(s, "", "", nil)
	require.Equal(t, "application/octet-stream", bare.text("content_type"))
	require.Contains(t, bare.body, "filename")
	require.Nil(t, bare.body["filename"])
	require.Zero(t, bare.body["size"])
	require.Equal(t, 2, b.e.Routes(emulator.MediaHost), "it cannot be listed, nor deleted")
}

func TestMediaAddresses(t *testing.T) {
	b := closing(newBench(t, emulator.Config{MediaBase: "http://files.test"}))
	s, c := b.conversation()
	sid := b.uploaded(s, "what it holds")
	b.make(c+"/Messages", "MediaSid", sid)
	address := b.record(s, sid).direct()
	require.True(t, strings.HasPrefix(address, "http://files.test/"+sid), address)
	denied := func(a answer, status int, code string) {
		t.Helper()
		require.Equal(t, status, a.status, a.raw)
		require.Equal(t, "text/xml", a.header.Get("Content-Type"))
		require.Contains(t, a.raw, "<Error><Code>"+code+"</Code>")
	}

	t.Run("serve for 300 seconds, and can be had anew", func(t *testing.T) {
		require.Equal(t, "what it holds", b.get(address).raw)
		b.pass(299 * time.Second)
		require.Equal(t, "what it holds", b.get(address).raw)
		b.pass(time.Second)
		denied(b.get(address), http.StatusForbidden, "AccessDenied")
		address = b.record(s, sid).direct()
		require.Equal(t, "what it holds", b.get(address).raw)
	})
	t.Run("are refused if they were changed", func(t *testing.T) {
		for _, wrong := range []string{
			strings.Replace(address, "Expires=1", "Expires=2", 1), strings.Replace(address, "Signature=", "Signature=a", 1),
			strings.Replace(address, sid, "ME"+strings.Repeat("0", 32), 1), strings.Split(address, "?")[0], strings.Split(address, "?")[0] + "?Key-Pair-Id=APKA",
			address[:strings.Index(address, "&Key-Pair-Id")],
		} {
			require.NotEqual(t, address, wrong)
			denied(b.get(wrong), http.StatusForbidden, "AccessDenied")
		}
	})
	t.Run("take no credentials, and count who sends some", func(t *testing.T) {
		require.Zero(t, b.e.Stats().CredentialsLeaked)
		denied(b.get(address, func(r *http.Request) { r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken) }), http.StatusBadRequest, "InvalidArgument")
		require.Equal(t, int64(1), b.e.Stats().CredentialsLeaked)
		require.Empty(t, b.get(address).header.Get("Twilio-Concurrent-Requests"))
	})
	t.Run("serve until the file is gone", func(t *testing.T) {
		require.NoError(t, b.e.LoseFile(sid))
		denied(b.get(address), http.StatusNotFound, "NoSuchKey")
		b.refused(b.record(s, sid), http.StatusNotFound, 20404)
		require.Error(t, b.e.LoseFile("IM1"))
	})
	t.Run("are for reading", func(t *testing.T) {
		require.Equal(t, http.StatusMethodNotAllowed, b.get(address, func(r *http.Request) { r.Method = http.MethodDelete }).status)
	})
}

func TestMediaOfMessages(t *testing.T) {
	b := closing(newBench(t, emulator.Config{Diary: true}))
	s, c := b.conversation()
	other, _ := b.conversation()

	t.Run("is one file, with or without a text", func(t *testing.T) {
		sid := b.uploaded(s, "one")
		m := b.make(c+"/Messages", "MediaSid", sid, "Author", "ada")
		require.Contains(t, m.body, "body")
		require.Nil(t, m.body["body"])
		want := []any{map[string]any{"sid": sid, "size": 3.0, "content_type": "text/plain", "filename": "a.txt"}}
		require.Equal(t, want, m.body["media"])
		require.Equal(t, want, b.read(c + "/Messages/" + m.text("sid")).body["media"])
		require.Equal(t, want, b.read(c + "/Messages").body["messages"].([]any)[0].(map[string]any)["media"])
		require.Equal(t, "one", b.bytesOf(s, sid))
		m = b.make(c+"/Messages", "MediaSid", b.uploaded(s, "two"), "Body", "look")
		require.Equal(t, "look", m.text("body"))
		require.Len(t, m.body["media"], 1)
		m = b.write(c+"/Messages/"+m.text("sid"), "Body", "")
		require.Equal(t, http.StatusOK, m.status, m.raw)
		require.Nil(t, m.body["body"])
		require.Len(t, m.body["media"], 1, "it is not changeable")
		text := b.make(c+"/Messages", "Body", "text")
		require.Contains(t, text.body, "media")
		require.Nil(t, text.body["media"])
		b.refused(b.write(c+"/Messages/"+text.text("sid"), "Body", ""), http.StatusBadRequest, 50503)
	})
	t.Run("is refused with the code of what is wrong", func(t *testing.T) {
		taken := b.uploaded(s, "taken")
		b.make(c+"/Messages", "MediaSid", taken)
		for sid, code := range map[string]int{
			"": 50510, "ME1": 50510, "IM" + strings.Repeat("1", 32): 50510, "ME" + strings.Repeat("g", 32): 50510,
			"ME" + strings.Repeat("1", 32): 50507, b.uploaded(other, "elsewhere"): 50507, taken: 50508,
		} {
			b.refused(b.write(c+"/Messages", "MediaSid", sid, "Body", "x"), http.StatusBadRequest, code)
		}
	})
	t.Run("is not taken by a message that is refused", func(t *testing.T) {
		sid := b.uploaded(s, "again")
		b.refused(b.write(c+"/Messages", "MediaSid", sid, "Attributes", "x"), http.StatusBadRequest, 50304)
		b.make(c+"/Messages", "MediaSid", sid)
	})
	t.Run("is deleted with its message", func(t *testing.T) {
		sid := b.uploaded(s, "short")
		m := b.make(c+"/Messages", "MediaSid", sid).text("sid")
		require.Equal(t, http.StatusNoContent, b.remove(c+"/Messages/"+m).status)
		b.refused(b.record(s, sid), http.StatusNotFound, 20404)
		b.refused(b.write(c+"/Messages", "MediaSid", sid), http.StatusBadRequest, 50507)

		sid = b.uploaded(s, "by a person")
		m = b.make(c+"/Messages", "MediaSid", sid).text("sid")
		require.NoError(t, b.e.DeleteAs(c[len(c)-34:], m))
		b.refused(b.record(s, sid), http.StatusNotFound, 20404)
	})
	t.Run("is deleted with its conversation, and with its service", func(t *testing.T) {
		s, c := b.conversation()
		sid := b.uploaded(s, "in a room")
		b.make(c+"/Messages", "MediaSid", sid)
		require.Equal(t, http.StatusNoContent, b.remove(c).status)
		b.refused(b.record(s, sid), http.StatusNotFound, 20404)
		b.uploaded(s, "orphan")
		before := len(b.e.Truth().Orphans)
		require.Equal(t, http.StatusNoContent, b.remove(s).status)
		require.Len(t, b.e.Truth().Orphans, before-1)
	})
}

func TestMediaWaits(t *testing.T) {
	b := closing(newBench(t, emulator.Config{}))
	s, c := b.conversation()
	kept, late := b.uploaded(s, "kept"), b.uploaded(s, "late")
	b.make(c+"/Messages", "MediaSid", kept)
	b.pass(5*time.Minute - time.Second)
	require.Zero(t, b.e.Stats().MediaCollected)
	require.Len(t, b.e.Truth().Orphans, 1)
	require.Equal(t, "late", b.bytesOf(s, late), "until then it can be read")
	b.pass(time.Second)
	b.refused(b.write(c+"/Messages", "MediaSid", late), http.StatusBadRequest, 50507)
	b.refused(b.record(s, late), http.StatusNotFound, 20404)
	require.Empty(t, b.e.Truth().Orphans)
	require.Equal(t, int64(1), b.e.Stats().MediaCollected)
	require.Equal(t, "kept", b.bytesOf(s, kept))
}

func TestMediaTruth(t *testing.T) {
	b := closing(newBench(t, emulator.Config{Diary: true}))
	s, c := b.conversation()
	one, lost := b.uploaded(s, "one"), b.uploaded(s, "lost")
	first := b.make(c+"/Messages", "MediaSid", one)
	b.make(c+"/Messages", "MediaSid", lost)
	orphan := b.uploaded(s, "orphan")
	require.NoError(t, b.e.LoseFile(lost))
	file := func(sid, body string) emulator.TrueFile {
		return emulator.TrueFile{SID: sid, ServiceSID: s[len("/v1/Services/"):], ContentType: "text/plain", Filename: "a.txt", Size: int64(len(body)), SHA256: sum(body)}
	}
	truth := b.e.Truth()
	require.Equal(t, []emulator.TrueFile{file(one, "one")}, truth.Conversations[0].Messages[0].Files)
	require.Empty(t, truth.Conversations[0].Messages[1].Files)
	require.Equal(t, []emulator.TrueFile{file(orphan, "orphan")}, truth.Orphans)
	b.remove(c + "/Messages/" + first.text("sid"))
	gone := b.e.Truth().Conversations[0].Messages[0]
	require.Equal(t, emulator.Client, gone.Gone)
	require.Equal(t, []emulator.TrueFile{file(one, "one")}, gone.Files, "it had one")

	posted, err := b.e.PostFilesAs(c[len(c)-34:], "ada", "", emulator.File{Size: 3, ContentType: "image/png"}, emulator.File{Size: 4, ContentType: "image/gif", Filename: "b.gif"})
	require.NoError(t, err)
	m := b.read(c + "/Messages/" + posted)
	require.Nil(t, m.body["body"])
	require.Len(t, m.body["media"], 2)
	messages := b.e.Truth().Conversations[0].Messages
	files := messages[len(messages)-1].Files
	require.Len(t, files, 2)
	for _, f := range files {
		require.Equal(t, f.SHA256, sum(b.bytesOf(s, f.SID)))
	}
	require.Equal(t, emulator.Person, messages[len(messages)-1].By)
	raw, err := json.Marshal(m.body["media"])
	require.NoError(t, err)
	require.Contains(t, string(raw), `"filename":null`)
}
