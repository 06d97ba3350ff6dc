package emulator_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestUnkindFiles(t *testing.T) {
	t.Run("are stored under another name, or with another type", func(t *testing.T) {
		b := closing(unkind(t, "media-name=1,media-type=1"))
		s := b.service()
		names := map[string]bool{}
		for n := range 20 {
			a := b.upload(s, "Übung.txt", "text/plain", []byte(strconv.Itoa(n)))
			require.NotEqual(t, "Übung.txt", a.text("filename"))
			require.Equal(t, "application/octet-stream", a.text("content_type"))
			require.Equal(t, a.text("filename"), b.record(s, a.text("sid")).text("filename"))
			names[a.text("filename")] = true
		}
		require.Len(t, names, 3, "none, a part, and with other letters: %v", names)
		require.Equal(t, map[string]int64{"media-name": 20, "media-type": 20}, b.e.Mischief())
		require.NotEqual(t, "application/octet-stream", b.upload(s, "a", "", nil).text("content_type"))
		kind := closing(unkind(t, "media-type=1"))
		require.Equal(t, "Übung.txt", kind.upload(kind.service(), "Übung.txt", "text/plain", nil).text("filename"))
	})
	t.Run("are collected before their message", func(t *testing.T) {
		b := closing(unkind(t, "collect=0.5"))
		s, c := b.conversation()
		codes := map[int]int{}
		for n := range 60 {
			sid := b.uploaded(s, strconv.Itoa(n))
			a := b.write(c+"/Messages", "MediaSid", sid)
			if codes[a.code()]++; a.code() != 0 {
				b.refused(a, http.StatusBadRequest, 50507)
				b.refused(b.record(s, sid), http.StatusNotFound, 20404)
			}
		}
		require.InDelta(t, 30, codes[50507], 12)
		require.Equal(t, int64(codes[50507]), b.e.Mischief()["collect"])
		require.Equal(t, int64(codes[50507]), b.e.Stats().MediaCollected)
		require.Empty(t, b.e.Truth().Orphans)
	})
	t.Run("of the source are gone, always the same", func(t *testing.T) {
		gone := func(spec string) (gone int) {
			b := newBench(t, emulator.Config{Generate: emulator.Generate{Channels: 1, Messages: 100, Files: 1, Seed: 3}, Seed: 7, Unkind: parsed(t, spec)})
			c := b.e.Channels()[0]
			s := "/v1/Services/" + c.ServiceSID
			there := b.e.Truth().Channels[0].Files
			messages, _ := b.pages(b.chat, v2(s)+"/Channels/"+c.SID+"/Messages?PageSize=100", "messages")
			for range 2 {
				for _, m := range messages {
					a := b.record(s, m["media"].(map[string]any)["sid"].(string))
					_, has := there[m["sid"].(string)]
					require.Equal(t, has, a.status == http.StatusOK, "the truth says the same")
					if !has {
						gone++
					}
				}
			}
			return gone
		}
		require.InDelta(t, 60, gone("media-gone=0.3"), 24)
		require.Zero(t, gone("people=0.1"))
		b := closing(unkind(t, "media-gone=1"))
		s := b.service()
		require.Equal(t, "uploaded", b.bytesOf(s, b.uploaded(s, "uploaded")), "those of the target are not")
	})
	t.Run("are two of a message in Conversations", func(t *testing.T) {
		b := closing(newBench(t, emulator.Config{Archive: filed(t), Shared: true, Unkind: parsed(t, "media-more=1")}))
		m := b.read(service + "/Conversations/" + privateSID + "/Messages/" + messageSID(3))
		require.Len(t, m.body["media"], 2)
		second := m.body["media"].([]any)[1].(map[string]any)
		require.Len(t, b.bytesOf(service, second["sid"].(string)), int(second["size"].(float64)))
		require.Equal(t, int64(2), b.e.Mischief()["media-more"])
		one := b.readChat(v2(private) + "/Messages/" + messageSID(3)).body["media"].(map[string]any)
		require.Equal(t, archivedSID, one["sid"], "Chat shows one")
	})
	t.Run("are another writer's own in its copies", func(t *testing.T) {
		b := closing(newBench(t, emulator.Config{Archive: workspace(t), Seed: 7, Diary: true, Unkind: parsed(t, "second-writer=1")}))
		s, c := b.conversation()
		b.make(c+"/Messages", "MediaSid", b.uploaded(s, "twice"), "DateCreated", "2019-01-01T00:00:00Z")
		messages := b.e.Truth().Conversations[0].Messages
		require.Len(t, messages, 2)
		require.Equal(t, emulator.Rival, messages[1].By)
		require.NotEqual(t, messages[0].Files[0].SID, messages[1].Files[0].SID)
		b.remove(c + "/Messages/" + messages[0].SID)
		require.Equal(t, "twice", b.bytesOf(s, messages[1].Files[0].SID), "a deletion leaves the other's bytes")
		b.remove(c + "/Messages/" + messages[1].SID)
		require.Empty(t, b.e.Truth().Orphans)
	})
	t.Run("are drawn by what they hold, however uploads interleave", func(t *testing.T) {
		hit := func(noise bool) (codes []int) {
			b := closing(unkind(t, "collect=0.4,media-type=0.5"))
			s, c := b.conversation()
			for n := range 30 {
				if noise {
					b.uploaded(s, "noise "+strconv.Itoa(n))
				}
				sid := b.uploaded(s, strconv.Itoa(n))
				a := b.write(c+"/Messages", "MediaSid", sid)
				codes = append(codes, a.code())
			}
			return codes
		}
		require.Equal(t, hit(false), hit(true))
	})
}
