package emulator_test

import (
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
)

func TestChatContract(t *testing.T) {
	checker := oai.Chat(t)
	b := newBench(t, emulator.Config{Archive: workspace(t)})
	b.chat = checker.Wrap(b.chat)

	for _, path := range []string{
		"/v1/Services", "/v1/Credentials", service + "/Roles", service + "/Users", service + "/Channels",
		service + "/Channels?Type=public&Type=private&PageSize=1", service + "/Users/" + userSID + "/Channels",
		private + "/Members", private + "/Members?Identity=ada", private + "/Messages?Order=desc&PageSize=2",
		private + "/Invites", private + "/Invites?Identity=bob",
		service, service + "/Roles/" + roleSID, service + "/Users/" + userSID, service + "/Users/ada",
		private, service + "/Channels/back-office", private + "/Members/" + memberSID, private + "/Messages/" + messageSID(0),
		private + "/Invites/" + inviteSID, "/v1/Credentials/" + credentialSID,
	} {
		require.Equal(t, http.StatusOK, b.readChat(path).status, path)
	}
	for _, path := range []string{
		"/v1/Services", "/v1/Credentials", service + "/Roles", service + "/Users", service + "/Channels",
		service + "/Channels?Type=public&Type=private&PageSize=1", service + "/Users/" + userSID + "/Channels",
		service + "/Users/" + userSID + "/Channels/" + privateSID,
		private + "/Members", private + "/Members?Identity=ada", private + "/Messages?Order=desc&PageSize=2",
		private + "/Invites", private + "/Invites?Identity=bob",
		service, service + "/Roles/" + roleSID, service + "/Users/" + userSID, service + "/Users/ada",
		private, service + "/Channels/back-office", private + "/Members/" + memberSID, private + "/Messages/" + messageSID(0),
		private + "/Invites/" + inviteSID, "/v1/Credentials/" + credentialSID,
	} {
		require.Equal(t, http.StatusOK, b.readChat(v2(path)).status, path)
	}
	for _, path := range []string{
		private + "/Webhooks", private + "/Webhooks?PageSize=5", private + "/Webhooks/" + webhookSID,
		service + "/Bindings", service + "/Bindings?BindingType=fcm&Identity=ada&PageSize=50", service + "/Bindings/" + bindingSID,
		service + "/Users/" + userSID + "/Bindings", service + "/Users/" + userSID + "/Bindings/" + bindingSID,
	} {
		require.Equal(t, http.StatusOK, b.readChat(v2(path)).status, path)
	}
	require.Equal(t, http.StatusOK, b.writeChat(v2(service), "Limits.ChannelMembers", "500", "Limits.UserChannels", "600").status)
	require.Equal(t, http.StatusOK, b.writeChat("/v3"+private[3:], "Type", "private", "MessagingServiceSid", "MG00000000000000000000000000000001").status)
	b.refused(b.readChat("/v1/Services/IS00000000000000000000000000000000"), http.StatusForbidden, 50050)
	require.Len(t, checker.Seen(), b.e.Routes(emulator.ChatHost), "every operation is covered")
}

func TestWorkspacesContract(t *testing.T) {
	const samples = "../../testdata/workspaces"
	for name, config := range map[string]emulator.Config{
		"generated":    {Generate: emulator.Generate{Channels: 9, Messages: 200, Services: 2, Seed: 4}},
		"files":        {Generate: emulator.Generate{Channels: 9, Messages: 200, Services: 2, Seed: 4, Files: 0.5}},
		"support-desk": {Archive: os.DirFS(samples + "/support-desk")},
	} {
		t.Run(name, func(t *testing.T) {
			checker := oai.Chat(t)
			b := newBench(t, config)
			b.chat = checker.Wrap(b.chat)
			v1, _ := b.pages(b.chat, "/v1/Services", "services")
			v2, _ := b.pages(b.chat, "/v2/Services", "services")
			require.NotEmpty(t, v1)
			require.Len(t, v2, len(v1))
			for i, s := range slices.Concat(v1, v2) {
				base := "/v1/Services/" + s["sid"].(string)
				if i >= len(v1) {
					base = "/v2/Services/" + s["sid"].(string)
				}
				b.pages(b.chat, base+"/Roles", "roles")
				b.pages(b.chat, base+"/Users", "users")
				channels, _ := b.pages(b.chat, base+"/Channels?Type=public&Type=private", "channels")
				for _, c := range channels {
					channel := base + "/Channels/" + c["sid"].(string)
					b.pages(b.chat, channel+"/Members", "members")
					b.pages(b.chat, channel+"/Messages", "messages")
				}
			}
			require.Len(t, checker.Seen(), 2*6)
		})
	}
}

func TestConversationsContract(t *testing.T) {
	checker := oai.Conversations(t)
	b := closing(newBench(t, emulator.Config{}))
	b.conversations = checker.Wrap(b.conversations)
	ok := func(a answer) answer {
		t.Helper()
		require.Contains(t, []int{http.StatusOK, http.StatusNoContent}, a.status, a.raw)
		return a
	}

	s := b.service()
	ok(b.read("/v1/Services"))
	ok(b.read(s))
	ok(b.write("/v1/Configuration", "DefaultChatServiceSid", s[len("/v1/Services/"):], "DefaultInactiveTimer", "PT5M"))
	ok(b.read("/v1/Configuration"))
	ok(b.read("/v1/Configuration/Webhooks"))
	ok(b.read("/v1/Credentials/" + b.make("/v1/Credentials", "Type", "apn", "FriendlyName", "phones", "Certificate", "c", "PrivateKey", "k", "Sandbox", "true").text("sid")))
	b.make("/v1/Credentials", "Type", "gcm", "ApiKey", "k")
	ok(b.read("/v1/Credentials"))
	// Chat v2 knows the service too.
	require.Equal(t, http.StatusOK, b.send(oai.Chat(t).Wrap(b.chat), http.MethodGet, v2(s), nil).status)

	role := b.make(s+"/Roles", "FriendlyName", "agent", "Type", "conversation", "Permission", "sendMessage", "Permission", "leaveConversation").text("sid")
	ok(b.read(s + "/Roles"))
	ok(b.read(s + "/Roles/" + role))
	ok(b.write(s+"/Roles/"+role, "Permission", "sendMessage"))
	ok(b.write(s+"/Configuration", "DefaultConversationRoleSid", role, "ReachabilityEnabled", "true"))
	ok(b.read(s + "/Configuration"))
	ok(b.write(s+"/Configuration/Notifications", "LogEnabled", "true", "NewMessage.Enabled", "true", "NewMessage.WithMedia.Enabled", "true", "AddedToConversation.Template", "hi"))
	ok(b.read(s + "/Configuration/Notifications"))
	ok(b.read(s + "/Configuration/Webhooks"))
	ok(b.write(s+"/Configuration/Webhooks", "PreWebhookUrl", "https://a.test/pre", "Filters", "onMessageAdd", "Filters", "onMessageAdded", "Method", "GET"))
	ok(b.write(s+"/Configuration/Webhooks", "PreWebhookUrl", ""))

	u := b.make(s+"/Users", "Identity", "ada", "Attributes", `{"a":1}`).text("sid")
	ok(b.read(s + "/Users?PageSize=50"))
	ok(b.read(s + "/Users/" + u))
	ok(b.read(s + "/Users/ada"))
	ok(b.write(s+"/Users/ada", "FriendlyName", "Ada"))

	c := s + "/Conversations/" + b.make(s+"/Conversations", "FriendlyName", "Desk", "UniqueName", "desk", "Attributes", "{}",
		"DateCreated", "2020-01-01T00:00:00Z", "DateUpdated", "2020-01-01T00:00:00Z", "State", "active", "Timers.Closed", "PT1H").text("sid")
	b.make(s + "/Conversations")
	ok(b.read(s + "/Conversations?PageSize=1"))
	ok(b.read(s + "/Conversations?StartDate=2020-01-01&State=active"))
	ok(b.read(c))
	ok(b.read(s + "/Conversations/desk"))
	ok(b.write(c, "FriendlyName", "Desk 2", "DateUpdated", "2020-01-02T00:00:00Z"))

	p := c + "/Participants/" + b.make(c+"/Participants", "Identity", "ada", "RoleSid", role, "DateCreated", "2020-01-01T00:00:00Z").text("sid")
	ok(b.read(c + "/Participants"))
	ok(b.read(p))
	ok(b.read(c + "/Participants/ada"))

	hook := c + "/Webhooks/" + b.make(c+"/Webhooks", "Target", "webhook", "Configuration.Url", "https://a.test", "Configuration.Method", "get", "Configuration.Filters", "onMessageAdded").text("sid")
	b.make(c+"/Webhooks", "Target", "trigger", "Configuration.Url", "https://a.test", "Configuration.Method", "post", "Configuration.Triggers", "help")
	b.make(c+"/Webhooks", "Target", "studio", "Configuration.FlowSid", "FW"+serviceSID[2:])
	ok(b.read(c + "/Webhooks?PageSize=5"))
	ok(b.read(hook))
	ok(b.remove(hook))

	m := c + "/Messages/" + b.make(c+"/Messages", "Author", "ada", "Body", "hello", "DateCreated", "2020-01-01T00:00:00Z").text("sid")
	b.make(c+"/Messages", "Body", "from the system")
	file := c + "/Messages/" + b.make(c+"/Messages", "Author", "ada", "MediaSid", b.uploaded(s, "a file")).text("sid")
	ok(b.read(file))
	ok(b.read(c + "/Messages?Order=desc&PageSize=1"))
	ok(b.read(m))
	ok(b.write(m, "Body", "hello again", "Attributes", `{"b":2}`))
	ok(b.write(p, "LastReadMessageIndex", "0", "LastReadTimestamp", "2020-01-02T00:00:00Z"))
	ok(b.read(p))

	ok(b.read(s + "/Users/ada/Conversations"))
	ok(b.read(s + "/Users/ada/Conversations/desk"))
	ok(b.write(s+"/Users/ada/Conversations/desk", "NotificationLevel", "muted"))

	b.refused(b.read(s+"/Users/nobody"), http.StatusNotFound, 20404)
	ok(b.remove(m))
	ok(b.remove(p))
	ok(b.remove(c))
	ok(b.remove(s + "/Users/ada"))
	ok(b.remove(s + "/Roles/" + role))
	ok(b.remove(s))
	require.Len(t, checker.Seen(), b.e.Routes(emulator.ConversationsHost), "every operation is covered")
}
