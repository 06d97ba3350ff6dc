package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRefusalsBelowTheLimits(t *testing.T) {
	b := unkind(t, "body-max=10,refuse=escapes+blank")
	_, c := b.conversation()
	b.refused(b.write(c+"/Messages", "Body", "12345678901"), http.StatusBadRequest, 50504)
	b.refused(b.write(c+"/Messages", "Body", " \n"), http.StatusBadRequest, 50503)
	b.refused(b.write(c+"/Messages", "Body", "x", "Attributes", `{"a":"\n"}`), http.StatusBadRequest, 50304)
	b.make(c+"/Messages", "Body", "1234567890", "Attributes", `{"a":"b"}`)
	require.Equal(t, map[string]int64{"body-max": 1, "refuse": 2}, b.e.Mischief())
}

func TestASecondRoleOfAName(t *testing.T) {
	role := []string{"FriendlyName", "agent", "Type", "service", "Permission", "joinConversation"}
	for spec, refuses := range map[string]bool{"refuse=blank": false, "refuse=second-role": true} {
		b := unkind(t, spec)
		s, _ := b.conversation()
		b.make(s+"/Roles", role...)
		b.make(s+"/Roles", "FriendlyName", "agent", "Type", "conversation", "Permission", "sendMessage")
		if refuses {
			b.refused(b.write(s+"/Roles", role...), http.StatusBadRequest, 50000)
			continue
		}
		b.make(s+"/Roles", role...)
	}
}

func TestFirewall(t *testing.T) {
	b := unkind(t, "firewall=0.2")
	_, c := b.conversation()
	statuses := map[int]int{}
	for i := range 60 {
		body := strings.Repeat("x", i+1)
		first := b.raw(c+"/Messages", "Body", body)
		require.Equal(t, first.status, b.raw(c+"/Messages", "Body", body).status, "whenever it comes")
		if statuses[first.status]++; first.status != http.StatusCreated {
			require.Equal(t, "text/html", first.header.Get("Content-Type"))
			require.Contains(t, first.raw, "<html>")
		}
	}
	require.NotZero(t, statuses[http.StatusForbidden])
	require.NotZero(t, statuses[http.StatusRequestEntityTooLarge])
	require.Greater(t, statuses[http.StatusCreated], 30)
	require.Len(t, b.listed(c+"/Messages?PageSize=100", "messages"), 2*statuses[http.StatusCreated])
}

func TestRepliesThatDoNotSay(t *testing.T) {
	t.Run("202, with an address and no more, after it took effect", func(t *testing.T) {
		b := unkind(t, "reply-202=0.5")
		_, c := b.anyConversation()
		there := 0
		for range 20 {
			a := b.write(c+"/Messages", "Body", "x")
			there++
			if a.status == http.StatusAccepted {
				require.Len(t, a.body, 1)
				require.Equal(t, http.StatusOK, b.read(strings.TrimPrefix(a.text("resource_url"), "http://host.test")).status)
			}
		}
		require.Len(t, b.listed(c+"/Messages", "messages"), there)
		require.NotZero(t, b.e.Mischief()["reply-202"])
	})
	t.Run("404 for a participant that was created", func(t *testing.T) {
		b := unkind(t, "reply-404=1")
		_, c := b.conversation()
		b.refused(b.write(c+"/Participants", "Identity", "ada"), http.StatusNotFound, 20404)
		require.Equal(t, http.StatusOK, b.read(c+"/Participants/ada").status)
		b.refused(b.write(c+"/Participants", "Identity", "ada"), http.StatusConflict, 50433)
	})
}

// anyConversation makes a service and a conversation whatever the replies say.
func (b *bench) anyConversation() (service, conversation string) {
	b.t.Helper()
	b.write("/v1/Services", "FriendlyName", "Desk")
	items, _ := b.pages(b.conversations, "/v1/Services", "services")
	for _, s := range items {
		if s["friendly_name"] == "Desk" {
			service = "/v1/Services/" + s["sid"].(string)
		}
	}
	b.write(service+"/Conversations", "FriendlyName", "Room")
	return service, service + "/Conversations/" + b.listed(service+"/Conversations", "conversations")[0]
}

func TestRepliesOfAnother(t *testing.T) {
	b := unkind(t, "reply-of-another=1")
	s, c := b.anyConversation()
	shown := map[string]bool{}
	for range 40 {
		a := b.write(c+"/Messages", "Body", "x")
		sid, parent := a.text("sid"), a.text("conversation_sid")
		switch {
		case parent != c[len(s+"/Conversations/"):]:
			shown["of another conversation"] = true
		case sid == "":
			shown["without a SID"] = true
		default:
			require.Less(t, len(sid), 34)
			shown["with half of it"] = true
		}
	}
	require.Len(t, shown, 3)
	require.NotEqual(t, b.read(c).raw, b.read(c).raw, "reads too, and differently each time")
	items, _ := b.pages(b.conversations, c+"/Messages", "messages")
	require.Len(t, items, 40, "they took effect, and lists are as they are")
}
