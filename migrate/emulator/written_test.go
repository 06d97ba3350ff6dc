package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestWritten(t *testing.T) {
	b := newBench(t, emulator.Config{})
	s, c := b.conversation()
	sid := strings.TrimPrefix(s, "/v1/Services/")
	b.make(c+"/Messages", "Body", "x")
	b.read(c)
	b.write(c+"/Messages", "Author", "ada") // is refused
	b.writeChat(v2(s), "Limits.ChannelMembers", "500")
	b.uploaded(s, "a file")
	require.Equal(t, map[string]int64{sid: 5}, b.e.Written())
	require.Zero(t, b.e.WrittenOutside(sid))

	other := b.service()
	b.write("/v1/Configuration", "DefaultChatServiceSid", sid)
	b.make("/v1/Conversations")
	require.Equal(t, map[string]int64{sid: 6, other[len("/v1/Services/"):]: 1, "": 1}, b.e.Written())
	require.EqualValues(t, 2, b.e.WrittenOutside(sid))
	b.remove(c)
	b.remove(s)
	stats := b.e.Stats()
	require.EqualValues(t, []int64{2, 1}, []int64{stats.ServicesMade, stats.ServicesDeleted})
}

// What would have been called is counted: callbacks of the account only for a write
// that asks for them, Event Streams for any.
func TestListenersOfAnAccount(t *testing.T) {
	b := newBench(t, emulator.Config{
		AccountWebhooks: emulator.AccountWebhooks{Post: "https://a.test/post", Filters: []string{"onMessageAdded", "onUserAdded"}},
		Subscriptions: []emulator.Subscription{
			{Description: "chat", Types: []string{"com.twilio.conversations.message.added", "com.twilio.conversations.user.added"}},
			{Description: "calls", Types: []string{"com.twilio.voice.insights.call-event.ringing"}},
		},
	})
	hooked := func(r *http.Request) { r.Header.Set("X-Twilio-Webhook-Enabled", "true") }
	s, c := b.conversation()
	b.make(c+"/Messages", "Body", "x")
	b.make(s+"/Users", "Identity", "ada")
	require.EqualValues(t, []int64{0, 2}, []int64{b.e.Stats().Webhooks, b.e.Stats().Streamed})
	b.send(b.conversations, http.MethodPost, c+"/Messages", form("Body", "x"), hooked)
	b.send(b.conversations, http.MethodPost, s+"/Users", form("Identity", "bob"), hooked)
	b.send(b.conversations, http.MethodPost, c, form("FriendlyName", "x"), hooked)
	require.EqualValues(t, []int64{2, 4}, []int64{b.e.Stats().Webhooks, b.e.Stats().Streamed})

	hooks := b.read("/v1/Configuration/Webhooks")
	require.Equal(t, []any{"https://a.test/post", nil, "POST", "webhook"},
		[]any{hooks.body["post_webhook_url"], hooks.body["pre_webhook_url"], hooks.body["method"], hooks.body["target"]})
	require.Equal(t, http.StatusMethodNotAllowed, b.write("/v1/Configuration/Webhooks", "PostWebhookUrl", "").status)
}

func TestEventStreams(t *testing.T) {
	const sink = "DG00000000000000000000000000000001"
	config := emulator.Config{
		TargetAccountSID: "AC" + serviceSID[2:], TargetAuthToken: "other",
		Subscriptions: []emulator.Subscription{
			{Description: "chat", SinkSID: sink, Types: []string{"com.twilio.conversations.message.added", "com.twilio.conversations.user.added"}},
			{Description: "calls", Types: []string{"com.twilio.voice.insights.call-event.ringing"}},
		},
	}
	owner := func(r *http.Request) { r.SetBasicAuth(config.TargetAccountSID, "other") }
	b := newBench(t, config)
	ask := func(path string) answer { return b.send(b.e.Events(), http.MethodGet, path, nil, owner) }

	all := ask("/v1/Subscriptions?PageSize=1")
	require.Equal(t, http.StatusOK, all.status, all.raw)
	one := all.body["subscriptions"].([]any)[0].(map[string]any)
	require.Equal(t, []any{"chat", sink, config.TargetAccountSID}, []any{one["description"], one["sink_sid"], one["account_sid"]})
	second := ask(strings.TrimPrefix(next(all), "http://host.test")).body["subscriptions"].([]any)[0].(map[string]any)
	require.Equal(t, "calls", second["description"])
	require.Len(t, ask("/v1/Subscriptions?SinkSid=" + sink).body["subscriptions"], 1)
	require.Equal(t, one["sid"], ask("/v1/Subscriptions/"+one["sid"].(string)).text("sid"))
	types := ask("/v1/Subscriptions/" + one["sid"].(string) + "/SubscribedEvents").body["types"].([]any)
	require.Len(t, types, 2)
	require.Equal(t, "com.twilio.conversations.message.added", types[0].(map[string]any)["type"])
	b.refused(ask("/v1/Subscriptions/DF00000000000000000000000000000000"), http.StatusNotFound, 20404)

	b.refused(b.send(b.e.Events(), http.MethodGet, "/v1/Subscriptions", nil), http.StatusUnauthorized, 20003)
	config.EventsDenied = true
	b = newBench(t, config)
	b.refused(ask("/v1/Subscriptions"), http.StatusUnauthorized, 20003)
	require.EqualValues(t, 1, b.e.Stats().Events.Reads)
}
