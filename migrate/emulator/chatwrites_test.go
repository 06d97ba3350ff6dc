package emulator_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// writeChat takes names and values in turn.
func (b *bench) writeChat(path string, params ...string) answer {
	b.t.Helper()
	return b.send(b.chat, http.MethodPost, path, form(params...))
}

func TestLimits(t *testing.T) {
	t.Run("are raised through Chat for a service of Conversations", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		s, c := b.conversation()
		for i := range emulator.DefaultParticipantLimit {
			b.make(c+"/Participants", "Identity", fmt.Sprintf("p%d", i))
		}
		b.refused(b.write(c+"/Participants", "Identity", "late"), http.StatusForbidden, 50417)
		limits := func() any { return b.readChat(v2(s)).body["limits"] }
		require.Equal(t, map[string]any{"channel_members": 100.0, "user_channels": 1000.0}, limits())

		require.Equal(t, http.StatusOK, b.writeChat(v2(s), "Limits.ChannelMembers", "101").status)
		require.Equal(t, map[string]any{"channel_members": 101.0, "user_channels": 1000.0}, limits())
		b.make(c+"/Participants", "Identity", "late")
		b.refused(b.write(c+"/Participants", "Identity", "later"), http.StatusForbidden, 50417)
		require.EqualValues(t, 1, b.e.Stats().AllowedSourceWrites)
		require.Zero(t, b.e.Stats().RefusedSourceWrites)
	})
	t.Run("are raised for the conversations of an identity", func(t *testing.T) {
		b := newBench(t, emulator.Config{ConversationLimit: 1})
		s, c := b.conversation()
		other := s + "/Conversations/" + b.make(s+"/Conversations").text("sid")
		b.make(c+"/Participants", "Identity", "ada")
		b.refused(b.write(other+"/Participants", "Identity", "ada"), http.StatusForbidden, 50214)
		require.Equal(t, http.StatusOK, b.writeChat(v2(s), "Limits.UserChannels", "2").status)
		b.make(other+"/Participants", "Identity", "ada")
	})
	t.Run("of one service leave the others as they are", func(t *testing.T) {
		b := newBench(t, emulator.Config{ParticipantLimit: 1})
		s := b.service()
		_, c := b.conversation()
		require.Equal(t, http.StatusOK, b.writeChat(v2(s), "Limits.ChannelMembers", "1000").status)
		b.make(c+"/Participants", "Identity", "ada")
		b.refused(b.write(c+"/Participants", "Identity", "bob"), http.StatusForbidden, 50417)
	})
	t.Run("hold for both products where they are one account", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true, ParticipantLimit: 1})
		conversation := service + "/Conversations/" + privateSID
		b.refused(b.write(conversation+"/Participants", "Identity", "bob"), http.StatusForbidden, 50417)
		a := b.writeChat(v2(service), "Limits.ChannelMembers", "2", "Limits.UserChannels", "300")
		require.Equal(t, map[string]any{"channel_members": 2.0, "user_channels": 300.0}, a.body["limits"])
		require.Equal(t, a.body["limits"], b.readChat(service).body["limits"], "v1 shows them too")
		b.make(conversation+"/Participants", "Identity", "bob")
	})
	t.Run("are refused above 1000, below 1, and with anything else", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		s := v2(b.service())
		b.refused(b.writeChat(s, "Limits.ChannelMembers", "1001"), http.StatusBadRequest, 20001)
		b.refused(b.writeChat(s, "Limits.UserChannels", "0"), http.StatusBadRequest, 20001)
		b.refused(b.writeChat(s, "Limits.UserChannels", "5", "FriendlyName", "x"), http.StatusBadRequest, 20001)
		b.refused(b.writeChat(s), http.StatusBadRequest, 20161)
		b.refused(b.writeChat("/v2/Services/IS00000000000000000000000000000000", "Limits.UserChannels", "5"), http.StatusForbidden, 50050)
		require.Zero(t, b.e.Stats().AllowedSourceWrites)
	})
	t.Run("are for the account that has the service", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), TargetAccountSID: "AC" + serviceSID[2:], TargetAuthToken: "other"})
		guest := func(r *http.Request) { r.SetBasicAuth("AC"+serviceSID[2:], "other") }
		s := b.send(b.conversations, http.MethodPost, "/v1/Services", form("FriendlyName", "Desk"), guest).text("sid")
		require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodPost, "/v2/Services/"+s, form("Limits.ChannelMembers", "500"), guest).status)
		require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, "/v2/Services/"+s, nil, guest).status)
		b.refused(b.send(b.chat, http.MethodPost, v2(service), form("Limits.ChannelMembers", "500"), guest), http.StatusForbidden, 50050)
		b.refused(b.send(b.chat, http.MethodGet, service+"/Channels", nil, guest), http.StatusNotFound, 20404)
		b.refused(b.send(b.chat, http.MethodPost, "/v3"+private[3:], form("Type", "private"), guest), http.StatusNotFound, 20404)
	})
}

func TestPromotion(t *testing.T) {
	const messaging = "MG00000000000000000000000000000001"
	public := "/v3/Services/" + serviceSID + "/Channels/" + publicSID

	t.Run("makes a channel private and, in one account, visible in Conversations", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true})
		conversation := service + "/Conversations/" + publicSID
		b.refused(b.read(conversation), http.StatusNotFound, 20404)
		for range 2 {
			a := b.writeChat(public, "Type", "private")
			require.Equal(t, http.StatusOK, a.status, a.raw)
			require.Equal(t, []string{publicSID, "private"}, []string{a.text("sid"), a.text("type")})
			require.Nil(t, a.body["messaging_service_sid"])
		}
		require.Equal(t, "lobby", b.read(conversation).text("unique_name"))
		items, _ := b.pages(b.conversations, service+"/Conversations", "conversations")
		require.Len(t, items, 2, "the second time changed nothing")
		require.Equal(t, "private", b.readChat(service+"/Channels/"+publicSID).text("type"))
		listed, _ := b.pages(b.chat, service+"/Channels", "channels")
		require.Empty(t, listed, "no public channel is left")
		require.EqualValues(t, 2, b.e.Stats().AllowedSourceWrites)
	})
	t.Run("attaches a messaging service", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true})
		a := b.writeChat(public, "Type", "private", "MessagingServiceSid", messaging)
		require.Equal(t, messaging, a.text("messaging_service_sid"))
		require.Equal(t, messaging, b.read(service+"/Conversations/"+publicSID).text("messaging_service_sid"))
		b.refused(b.writeChat(public, "Type", "private", "MessagingServiceSid", "MG1"), http.StatusBadRequest, 50341)
	})
	t.Run("stays in Chat where the accounts are two", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t)})
		require.Equal(t, http.StatusOK, b.writeChat(public, "Type", "private").status)
		b.refused(b.read(service+"/Conversations/"+publicSID), http.StatusNotFound, 20404)
	})
	t.Run("has no way back", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true})
		b.refused(b.writeChat("/v3"+private[3:], "Type", "public"), http.StatusBadRequest, 50393)
		require.Equal(t, "private", b.readChat(private).text("type"))
	})
	t.Run("refuses what it does not know", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true})
		b.refused(b.writeChat(public), http.StatusBadRequest, 20161)
		b.refused(b.writeChat(public, "Type", "secret"), http.StatusBadRequest, 20001)
		b.refused(b.writeChat(public+"0", "Type", "private"), http.StatusNotFound, 20404)
		b.refused(b.writeChat("/v3/Services/IS1/Channels/CH1", "Type", "private"), http.StatusForbidden, 50050)
		b.refused(b.readChat(public), http.StatusMethodNotAllowed, 20004)
		b.make(service+"/Conversations", "UniqueName", "lobby")
		b.refused(b.writeChat(public, "Type", "private"), http.StatusConflict, 50307)
		require.Equal(t, "public", b.readChat(service+"/Channels/"+publicSID).text("type"))
	})
}

func TestCredentials(t *testing.T) {
	t.Run("are created without their secrets being shown", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		made := b.make("/v1/Credentials", "Type", "apn", "FriendlyName", "phones", "Certificate", "hush-1", "PrivateKey", "hush-2", "Sandbox", "true")
		b.make("/v1/Credentials", "Type", "fcm", "Secret", "hush-3")
		require.Equal(t, "True", made.text("sandbox"))
		items, _ := b.pages(b.conversations, "/v1/Credentials?PageSize=1", "credentials")
		require.Len(t, items, 2)
		require.NotContains(t, fmt.Sprint(items, b.read("/v1/Credentials/"+made.text("sid")).raw), "hush")
	})
	t.Run("need a type that there is", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		b.refused(b.write("/v1/Credentials", "FriendlyName", "x"), http.StatusBadRequest, 20001)
		b.refused(b.write("/v1/Credentials", "Type", "pigeon"), http.StatusBadRequest, 20001)
		b.refused(b.read("/v1/Credentials/CR1"), http.StatusNotFound, 20404)
	})
	t.Run("are those of Chat where both are one account", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true})
		require.Equal(t, "fcm", b.read("/v1/Credentials/"+credentialSID).text("type"))
	})
}
