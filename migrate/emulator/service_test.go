package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestService(t *testing.T) {
	b := newBench(t, emulator.Config{})

	t.Run("starts with four roles and nothing else", func(t *testing.T) {
		s := b.service()
		roles, _ := b.pages(b.conversations, s+"/Roles", "roles")
		var names []string
		for _, r := range roles {
			names = append(names, r["type"].(string)+" "+r["friendly_name"].(string))
			require.NotEmpty(t, r["permissions"])
		}
		require.Equal(t, []string{"service service admin", "service service user", "conversation channel admin", "conversation channel user"}, names)
		c := b.read(s + "/Configuration")
		require.Equal(t, roles[1]["sid"], c.text("default_chat_service_role_sid"))
		require.Equal(t, roles[2]["sid"], c.text("default_conversation_creator_role_sid"))
		require.Equal(t, roles[3]["sid"], c.text("default_conversation_role_sid"))
		for _, key := range []string{"users", "conversations"} {
			items, _ := b.pages(b.conversations, s+"/"+strings.ToUpper(key[:1])+key[1:], key)
			require.Empty(t, items)
		}
		n := b.read(s + "/Configuration/Notifications")
		require.Equal(t, false, n.body["new_message"].(map[string]any)["enabled"])
		require.Nil(t, b.read(s + "/Configuration/Webhooks").body["post_webhook_url"])
	})
	t.Run("needs a name of at most 256 bytes", func(t *testing.T) {
		b.refused(b.write("/v1/Services"), http.StatusBadRequest, 50000)
		b.refused(b.write("/v1/Services", "FriendlyName", strings.Repeat("x", 257)), http.StatusBadRequest, 50003)
	})
	t.Run("is refused beyond the limit, until another is gone", func(t *testing.T) {
		b := newBench(t, emulator.Config{ServiceLimit: 1})
		s := b.service()
		b.refused(b.write("/v1/Services", "FriendlyName", "second"), http.StatusBadRequest, 21102)
		b.remove(s)
		b.service()
	})
	t.Run("is gone with everything in it when deleted", func(t *testing.T) {
		s, c := b.conversation()
		require.Equal(t, http.StatusNoContent, b.remove(s).status)
		b.refused(b.read(c), http.StatusNotFound, 20404)
	})
	t.Run("takes default roles of the right type only", func(t *testing.T) {
		s := b.service()
		roles, _ := b.pages(b.conversations, s+"/Roles", "roles")
		b.refused(b.write(s+"/Configuration", "DefaultConversationRoleSid", roles[0]["sid"].(string)), http.StatusBadRequest, 50109)
		b.refused(b.write(s+"/Configuration", "DefaultChatServiceRoleSid", roles[3]["sid"].(string)), http.StatusBadRequest, 50102)
		a := b.write(s+"/Configuration", "DefaultConversationRoleSid", roles[2]["sid"].(string), "ReachabilityEnabled", "true")
		require.Equal(t, roles[2]["sid"], a.text("default_conversation_role_sid"))
		require.Equal(t, true, a.body["reachability_enabled"])
	})
	t.Run("takes webhook events of a service only, and clears a URL that is sent empty", func(t *testing.T) {
		s := b.service()
		path := s + "/Configuration/Webhooks"
		b.refused(b.write(path, "Filters", "onUserUpdated"), http.StatusBadRequest, 50054)
		b.refused(b.write(path, "Method", "PUT"), http.StatusBadRequest, 50055)
		b.refused(b.write(path, "PostWebhookUrl", "nowhere"), http.StatusBadRequest, 50078)
		a := b.write(path, "PostWebhookUrl", "https://a.test", "Filters", "onMessageAdded", "Filters", "onMessageAdd")
		require.Equal(t, []any{"onMessageAdded", "onMessageAdd"}, a.body["filters"])
		require.Equal(t, "https://a.test", a.text("post_webhook_url"))
		require.Nil(t, b.write(path, "PostWebhookUrl", "").body["post_webhook_url"])
	})
	t.Run("keeps what an update does not name", func(t *testing.T) {
		s := b.service()
		path := s + "/Configuration/Notifications"
		b.write(path, "NewMessage.Enabled", "true", "NewMessage.Template", "hi", "NewMessage.BadgeCountEnabled", "true")
		n := b.write(path, "LogEnabled", "true").body
		require.Equal(t, true, n["log_enabled"])
		require.Equal(t, map[string]any{"enabled": true, "template": "hi", "sound": "", "badge_count_enabled": true,
			"with_media": map[string]any{"enabled": false, "template": ""}}, n["new_message"])
	})
	t.Run("refuses updates without a parameter", func(t *testing.T) {
		s, c := b.conversation()
		p := c + "/Participants/" + b.make(c+"/Participants", "Identity", "ada").text("sid")
		m := c + "/Messages/" + b.make(c+"/Messages", "Body", "x").text("sid")
		role := s + "/Roles/" + b.make(s+"/Roles", "FriendlyName", "r", "Type", "service", "Permission", "joinConversation").text("sid")
		for _, path := range []string{"/v1/Configuration", s + "/Configuration", s + "/Configuration/Notifications", s + "/Configuration/Webhooks",
			c, p, m, role, s + "/Users/ada", s + "/Users/ada/Conversations/" + c[len(s+"/Conversations/"):]} {
			b.refused(b.write(path), http.StatusBadRequest, 20161)
		}
	})
}

func TestAccount(t *testing.T) {
	t.Run("serves the default service without naming it", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		b.refused(b.read("/v1/Conversations"), http.StatusNotFound, 20404)
		s, c := b.conversation()
		sid := strings.TrimPrefix(s, "/v1/Services/")
		require.Equal(t, sid, b.write("/v1/Configuration", "DefaultChatServiceSid", sid).text("default_chat_service_sid"))
		items, _ := b.pages(b.conversations, "/v1/Conversations", "conversations")
		require.Equal(t, []string{strings.TrimPrefix(c, s+"/Conversations/")}, sids(items))
	})
	t.Run("closes conversations by its default timers", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		b.refused(b.write("/v1/Configuration", "DefaultInactiveTimer", "PT59S"), http.StatusBadRequest, 50375)
		b.refused(b.write("/v1/Configuration", "DefaultClosedTimer", "PT9M"), http.StatusBadRequest, 50376)
		b.refused(b.write("/v1/Configuration", "DefaultClosedTimer", "soon"), http.StatusBadRequest, 50380)
		b.write("/v1/Configuration", "DefaultInactiveTimer", "PT1M", "DefaultClosedTimer", "PT1H")
		_, c := b.conversation()
		require.Equal(t, map[string]any{"date_inactive": "2022-05-01T10:01:00Z", "date_closed": "2022-05-01T11:00:00Z"}, b.read(c).body["timers"])
		b.clock = started.Add(2 * 60e9)
		require.Equal(t, "inactive", b.read(c).text("state"))
		b.make(c+"/Messages", "Body", "x")
		require.Equal(t, "active", b.read(c).text("state"))
		b.clock = started.Add(3 * 3600e9)
		require.Equal(t, "closed", b.read(c).text("state"))
		b.refused(b.write(c+"/Messages", "Body", "x"), http.StatusBadRequest, 50377)
	})
}

func TestRoles(t *testing.T) {
	b := newBench(t, emulator.Config{})
	s := b.service()
	role := s + "/Roles/" + b.make(s+"/Roles", "FriendlyName", "agent", "Type", "conversation", "Permission", "sendMessage", "Permission", "leaveConversation").text("sid")

	t.Run("have their permissions replaced by an update", func(t *testing.T) {
		require.Equal(t, []any{"deleteOwnMessage"}, b.write(role, "Permission", "deleteOwnMessage").body["permissions"])
		require.Equal(t, []any{"deleteOwnMessage"}, b.read(role).body["permissions"])
	})
	t.Run("refuse permissions that their type has not", func(t *testing.T) {
		b.refused(b.write(role, "Permission", "inviteMember"), http.StatusBadRequest, 50104)
		b.refused(b.write(role, "Permission", "createConversation"), http.StatusBadRequest, 50104)
		b.refused(b.write(s+"/Roles", "FriendlyName", "r", "Type", "conversation"), http.StatusBadRequest, 20001)
	})
	t.Run("refuse another type, and a name beyond 64 bytes", func(t *testing.T) {
		b.refused(b.write(s+"/Roles", "FriendlyName", "r", "Type", "channel", "Permission", "sendMessage"), http.StatusBadRequest, 50105)
		b.refused(b.write(s+"/Roles", "FriendlyName", strings.Repeat("r", 65), "Type", "service", "Permission", "joinConversation"), http.StatusBadRequest, 50003)
	})
}

func TestUsers(t *testing.T) {
	b := newBench(t, emulator.Config{})
	s := b.service()

	t.Run("are found by SID and by identity, whatever is in it", func(t *testing.T) {
		const identity = `a/b?c#d %41 é..`
		u := b.make(s+"/Users", "Identity", identity)
		path := s + "/Users/a%2Fb%3Fc%23d%20%2541%20%C3%A9.."
		require.Equal(t, u.text("sid"), b.read(path).text("sid"))
		require.Equal(t, identity, b.read(s+"/Users/"+u.text("sid")).text("identity"))
		require.Equal(t, "Name", b.write(path, "FriendlyName", "Name").text("friendly_name"))
		b.refused(b.read(s+"/Users/a/b"), http.StatusNotFound, 20404)
	})
	t.Run("exist once for each identity, which is case-sensitive", func(t *testing.T) {
		b.make(s+"/Users", "Identity", "ada")
		b.make(s+"/Users", "Identity", "Ada")
		b.refused(b.write(s+"/Users", "Identity", "ada"), http.StatusConflict, 50201)
	})
	t.Run("refuse identities that are too long, reserved or like a SID", func(t *testing.T) {
		b.refused(b.write(s+"/Users", "Identity", strings.Repeat("é", 257)), http.StatusBadRequest, 50207)
		b.make(s+"/Users", "Identity", strings.Repeat("é", 256))
		b.refused(b.write(s+"/Users", "Identity", "system"), http.StatusBadRequest, 50203)
		b.refused(b.write(s+"/Users", "Identity", "US"+strings.Repeat("a", 32)), http.StatusBadRequest, 50206)
		b.refused(b.write(s+"/Users"), http.StatusBadRequest, 20001)
	})
	t.Run("show {} for attributes never set, and what was set byte for byte", func(t *testing.T) {
		require.Equal(t, "{}", b.make(s+"/Users", "Identity", "bob").text("attributes"))
		const set = `{ "n": 12345678901234567890, "t": "<é>" }`
		require.Equal(t, set, b.write(s+"/Users/bob", "Attributes", set).text("attributes"))
	})
	t.Run("refuse roles of another type", func(t *testing.T) {
		roles, _ := b.pages(b.conversations, s+"/Roles", "roles")
		b.refused(b.write(s+"/Users", "Identity", "eve", "RoleSid", roles[3]["sid"].(string)), http.StatusBadRequest, 50102)
		b.refused(b.write(s+"/Users", "Identity", "eve", "RoleSid", "RL0"), http.StatusBadRequest, 50100)
	})
	t.Run("leave their conversations when deleted", func(t *testing.T) {
		c := s + "/Conversations/" + b.make(s+"/Conversations").text("sid")
		b.make(c+"/Participants", "Identity", "gone")
		require.Equal(t, http.StatusNoContent, b.remove(s+"/Users/gone").status)
		b.refused(b.read(c+"/Participants/gone"), http.StatusNotFound, 20404)
	})
}
