package emulator_test

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// v2 is the path of v2 that a path of v1 is in.
func v2(path string) string { return "/v2" + strings.TrimPrefix(path, "/v1") }

// recent is the small archive with what only v2 shows: a media message, member
// attributes, and a muted and a declined channel.
func recent(t *testing.T) fs.FS {
	t.Helper()
	files := workspace(t).(fstest.MapFS)
	replace := func(name, old, new string) {
		f := files["services/"+serviceSID+"/"+name]
		require.Contains(t, string(f.Data), old)
		f.Data = []byte(strings.Replace(string(f.Data), old, new, 1))
	}
	replace("channels/"+privateSID+"/messages.jsonl", `"body":"message 0"`,
		`"type":"media","media":{"sid":"`+mediaSID+`","size":7,"content_type":"image/png","filename":"a.png"},"last_updated_by":"bob","body":"message 0"`)
	replace("channels/"+privateSID+"/members.jsonl", `"identity"`, `"attributes":"{\"seat\": 1}","identity"`)
	replace("service.json", `"friendly_name"`, `"media":{"size_limit_mb":10},"pre_webhook_retry_count":2,"friendly_name"`)
	files["services/"+serviceSID+"/user_channels.jsonl"] = &fstest.MapFile{Data: []byte(
		`{"user_sid":"` + userSID + `","channel_sid":"` + privateSID + `","status":"joined","notification_level":"muted","unread_messages_count":1}` + "\n" +
			`{"user_sid":"` + userSID + `","channel_sid":"` + publicSID + `","status":"notParticipating"}` + "\n")}
	return files
}

func TestChatV2(t *testing.T) {
	seeded := func(t *testing.T) *bench { return newBench(t, emulator.Config{Archive: recent(t)}) }

	t.Run("shows attributes in lists", func(t *testing.T) {
		b := seeded(t)
		channels, _ := b.pages(b.chat, v2(service)+"/Channels?Type=private", "channels")
		require.Equal(t, `{"k":1}`, channels[0]["attributes"])
		messages, _ := b.pages(b.chat, v2(private)+"/Messages", "messages")
		require.Equal(t, `{"a": 1}`, messages[1]["attributes"])
		users, _ := b.pages(b.chat, v2(service)+"/Users", "users")
		require.Equal(t, `{"big": 12345678901234567890}`, users[0]["attributes"])
		require.Nil(t, users[0]["is_online"])
	})
	t.Run("shows what v1 hides", func(t *testing.T) {
		b := seeded(t)
		for _, path := range []string{private + "/Messages/" + messageSID(0), private + "/Messages?PageSize=1"} {
			first := func(a answer) map[string]any {
				if list, ok := a.body["messages"].([]any); ok {
					return list[0].(map[string]any)
				}
				return a.body
			}
			newer := first(b.readChat(v2(path)))
			require.Equal(t, "media", newer["type"])
			require.Equal(t, "a.png", newer["media"].(map[string]any)["filename"])
			require.Equal(t, "bob", newer["last_updated_by"])
			require.Equal(t, "message 0", newer["body"])
			older := first(b.readChat(path))
			for _, name := range []string{"type", "media", "last_updated_by"} {
				require.NotContains(t, older, name)
			}
			require.Equal(t, "Media messages are not supported by your client", older["body"])
			require.Equal(t, messageSID(0), older["sid"])
		}
		member := private + "/Members/" + memberSID
		require.Equal(t, `{"seat": 1}`, b.readChat(v2(member)).text("attributes"))
		require.NotContains(t, b.readChat(member).body, "attributes")

		require.Equal(t, 10.0, b.readChat(v2(service)).body["media"].(map[string]any)["size_limit_mb"])
		require.Equal(t, 2.0, b.readChat(v2(service)).body["pre_webhook_retry_count"])
		require.NotContains(t, b.readChat(service).body, "media")
		require.NotContains(t, b.readChat(service).body, "pre_webhook_retry_count")
		require.NotContains(t, b.readChat(v2(service)).body, "webhooks")
		require.Contains(t, b.readChat(service).body, "webhooks")
	})
	t.Run("shows a text message as one", func(t *testing.T) {
		b := seeded(t)
		text := b.readChat(v2(private) + "/Messages/" + messageSID(1))
		require.Equal(t, "text", text.text("type"))
		require.Contains(t, text.body, "media")
		require.Nil(t, text.body["media"])
	})
	t.Run("shows what a user has to do with channels", func(t *testing.T) {
		b := seeded(t)
		path := service + "/Users/" + userSID + "/Channels"
		newer, _ := b.pages(b.chat, v2(path), "channels")
		require.Len(t, newer, 2)
		require.Equal(t, []any{"notParticipating", "default", nil}, []any{newer[0]["status"], newer[0]["notification_level"], newer[0]["member_sid"]})
		require.Equal(t, []any{"joined", "muted", memberSID}, []any{newer[1]["status"], newer[1]["notification_level"], newer[1]["member_sid"]})
		require.Equal(t, []any{1.0, 2.0}, []any{newer[1]["unread_messages_count"], newer[1]["last_consumed_message_index"]})
		require.Equal(t, "muted", b.readChat(v2(path)+"/"+privateSID).text("notification_level"))

		older, _ := b.pages(b.chat, path, "channels")
		require.Equal(t, "not_participating", older[0]["status"])
		require.NotContains(t, older[1], "notification_level")
		require.NotContains(t, older[1], "user_sid")
		require.Equal(t, http.StatusNotFound, b.readChat(path+"/"+privateSID).status, "v1 has no such fetch")
	})
	t.Run("takes smaller pages than v1", func(t *testing.T) {
		b := seeded(t)
		for path, most := range map[string]string{
			private + "/Messages": "100", private + "/Members": "100", service + "/Users": "100", service + "/Roles": "100",
			service + "/Channels": "100", private + "/Invites": "100", "/v1/Services": "100", "/v1/Credentials": "1000",
			service + "/Users/" + userSID + "/Channels": "50",
		} {
			require.Equal(t, http.StatusOK, b.readChat(v2(path)+"?PageSize="+most).status, path)
			b.refused(b.readChat(v2(path)+"?PageSize="+most+"1"), http.StatusBadRequest, 20001)
		}
	})
}
