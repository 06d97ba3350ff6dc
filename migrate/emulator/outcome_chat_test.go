package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
)

// channel is the path by which Chat has the conversation.
func (b try) channel() string { return strings.Replace(b.c, "/Conversations/", "/Channels/", 1) }

// follow is the status of the second page of a list of two, asked for after meanwhile.
func (b try) follow(meanwhile func()) int {
	b.t.Helper()
	b.said(b.c, 3)
	page := next(b.readChat(b.channel() + "/Messages?PageSize=1"))
	meanwhile()
	a := b.readChat(strings.TrimPrefix(page, "http://host.test"))
	if a.status != http.StatusOK {
		b.refused(a, http.StatusBadRequest, 21481)
	}
	return a.status
}

var chatTries = map[string]func(try) string{
	"chat-answers": func(b try) string {
		one, two := b.readChat(b.channel()), b.readChat(v2(b.channel()))
		require.Equal(b.t, one.status, two.status)
		return pick(b.bench, [2]int{one.status, one.code()}, map[[2]int]string{
			{200, 0}: "v1 and v2 show the service", {403, 50050}: "403, 50050", {410, 20404}: "410",
		})
	},
	"chat-list-attributes": func(b try) string {
		b.make(b.c+"/Messages", "Body", "x", "Attributes", `{"a":1}`)
		listed := func(path string) any {
			items, _ := b.pages(b.chat, path, "messages")
			return items[0]["attributes"]
		}
		require.Equal(b.t, `{"a":1}`, listed(v2(b.channel())+"/Messages"))
		return pick(b.bench, listed(b.channel()+"/Messages"), map[any]string{nil: "lists of v1 have none", `{"a":1}`: "lists of v1 have them"})
	},
	"chat-counters": func(b try) string {
		b.remove(b.c + "/Messages/" + b.said(b.c, 3)[1])
		return pick(b.bench, b.readChat(b.channel()).body["messages_count"], map[any]string{2.0: "without deleted messages", 3.0: "with deleted messages"})
	},
	"chat-media-body": func(b try) string {
		sid := b.make(b.c+"/Messages", "MediaSid", b.uploaded(b.s, "a file")).text("sid")
		newer := b.readChat(v2(b.channel()) + "/Messages/" + sid)
		require.Equal(b.t, "media", newer.text("type"))
		require.Equal(b.t, "a.txt", newer.body["media"].(map[string]any)["filename"])
		return pick(b.bench, b.readChat(b.channel()+"/Messages/"+sid).text("body"), map[string]string{
			"Media messages are not supported by your client": "the text of the service in place of a file", "": "as it is",
		})
	},
	"chat-page-size": func(b try) string {
		of := func(size string) int { return b.readChat(v2(b.channel()) + "/Messages?PageSize=" + size).status }
		require.Equal(b.t, http.StatusOK, of("50"))
		return pick(b.bench, [2]int{of("100"), of("1000")}, map[[2]int]string{
			{200, 400}: "refused above the largest", {200, 200}: "clamped", {400, 400}: "refused above 50",
		})
	},
	"chat-token-age": func(b try) string {
		status := b.follow(func() { time.Sleep(10 * time.Minute) })
		return pick(b.bench, status, map[int]string{200: "good after ten minutes", 400: "bad after nine minutes"})
	},
	"chat-token-deletion": func(b try) string {
		status := b.follow(func() { b.remove(b.c + "/Messages/" + b.posted("Body", "x").text("sid")) })
		require.Equal(b.t, http.StatusOK, b.follow(func() {}), "one that is issued afterwards is good")
		return pick(b.bench, status, map[int]string{200: "good after a deletion", 400: "bad after a deletion"})
	},
	"chat-type": func(b try) string {
		all := len(b.mustList(b.s+"/Channels?Type=public&Type=private", "channels"))
		require.Equal(b.t, 1, all)
		return pick(b.bench, len(b.mustList(b.s+"/Channels", "channels")), map[int]string{0: "public channels if Type is not sent", all: "all channels"})
	},
}

func (b try) mustList(path, key string) []map[string]any {
	b.t.Helper()
	items, _ := b.pages(b.chat, path, key)
	return items
}

// What Chat shows of the target is what its documents have, for the account that it
// belongs to and for no other.
func TestChatOfTarget(t *testing.T) {
	account := "AC" + serviceSID[2:]
	guest := func(r *http.Request) { r.SetBasicAuth(account, "other") }
	filled := func(t *testing.T, shows emulator.TargetChat) try {
		b := newBench(t, emulator.Config{
			Archive: workspace(t), TargetAccountSID: account, TargetAuthToken: "other", Unkind: emulator.Unkind{Habits: emulator.Habits{TargetChat: shows}},
		})
		make := func(path string, params ...string) string {
			a := b.send(b.conversations, http.MethodPost, path, form(params...), guest)
			require.Equal(t, http.StatusCreated, a.status, a.raw)
			return a.text("sid")
		}
		s := "/v1/Services/" + make("/v1/Services", "FriendlyName", "Desk")
		c := s + "/Conversations/" + make(s+"/Conversations", "UniqueName", "room", "Attributes", `{"a":1}`)
		p := c + "/Participants/" + make(c+"/Participants", "Identity", "ada", "Attributes", `{"seat":1}`)
		make(c+"/Messages", "Author", "ada", "Body", "x", "DateUpdated", "2020-01-01T00:00:00Z")
		make(c+"/Messages", "Author", "ada", "Body", "y")
		b.send(b.conversations, http.MethodPost, p, form("LastReadMessageIndex", "0"), guest)
		return try{bench: b, s: s, c: c}
	}
	t.Run("is shown in both editions, as their documents have it", func(t *testing.T) {
		checker := oai.Chat(t)
		b := filled(t, emulator.ChatShown)
		b.chat = checker.Wrap(b.chat)
		for _, path := range []string{
			"/v1/Services", b.s, b.s + "/Roles", b.s + "/Users", b.s + "/Users/ada", b.s + "/Users/ada/Channels", b.s + "/Channels?Type=private",
			b.s + "/Channels/room", b.channel(), b.channel() + "/Members", b.channel() + "/Messages", b.channel() + "/Invites",
		} {
			for _, path := range []string{path, v2(path)} {
				require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, path, nil, guest).status, path)
			}
		}
		require.Len(t, checker.Seen(), 2*11)
		listed := b.send(b.chat, http.MethodGet, "/v2/Services", nil, guest).body["services"].([]any)
		require.Len(t, listed, 1, "and none of the source")
		require.Equal(t, b.s[len("/v1/Services/"):], listed[0].(map[string]any)["sid"])
		message := b.send(b.chat, http.MethodGet, v2(b.channel())+"/Messages", nil, guest).body["messages"].([]any)[1].(map[string]any)
		require.NotEmpty(t, message["date_created"])
		require.Equal(t, message["date_created"], message["date_updated"], "Chat has no message without")
		require.Equal(t, false, message["was_edited"])
		seat := b.send(b.chat, http.MethodGet, v2(b.channel())+"/Members", nil, guest).body["members"].([]any)[0].(map[string]any)
		require.Equal(t, []any{"ada", `{"seat":1}`, 0.0}, []any{seat["identity"], seat["attributes"], seat["last_consumed_message_index"]})
	})
	t.Run("is no more than limits by default, refused, or gone", func(t *testing.T) {
		for shows, want := range map[emulator.TargetChat][2]int{"": {404, 20404}, emulator.ChatForbidden: {403, 50050}, emulator.ChatGone: {410, 20404}} {
			b := filled(t, shows)
			for _, path := range []string{"/v1/Services", b.channel(), v2(b.channel()), "/v1/Credentials"} {
				b.refused(b.send(b.chat, http.MethodGet, path, nil, guest), want[0], want[1])
			}
			status := b.send(b.chat, http.MethodGet, v2(b.s), nil, guest).status
			require.Equal(t, shows == "", status == http.StatusOK, "limits are shown with %q", shows)
			require.Equal(t, http.StatusOK, b.readChat(private).status, "the source answers as before")
		}
	})
	t.Run("shows each account nothing of the other", func(t *testing.T) {
		b := filled(t, emulator.ChatShown)
		for _, path := range []string{service, private, service + "/Channels"} {
			b.refused(b.send(b.chat, http.MethodGet, path, nil, guest), http.StatusForbidden, 50050)
		}
		b.refused(b.send(b.chat, http.MethodPost, b.channel(), form("FriendlyName", "x"), guest), http.StatusMethodNotAllowed, 20004)
		require.Len(t, b.mustList("/v1/Services", "services"), 1)
	})
}
