package twilio

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		place                      Place
		chat, conversations, media string
	}{
		{Place{}, "https://chat.twilio.com", "https://conversations.twilio.com", "https://mcs.us1.twilio.com"},
		{Place{Region: "us1"}, "https://chat.us1.twilio.com", "https://conversations.us1.twilio.com", "https://mcs.us1.twilio.com"},
		{Place{Region: "ie1"}, "https://chat.ie1.twilio.com", "https://conversations.ie1.twilio.com", "https://mcs.ie1.twilio.com"},
		{Place{Edge: "sydney"}, "https://chat.sydney.us1.twilio.com", "https://conversations.sydney.us1.twilio.com", "https://mcs.us1.twilio.com"},
		{Place{"ie1", "dublin"}, "https://chat.dublin.ie1.twilio.com", "https://conversations.dublin.ie1.twilio.com", "https://mcs.ie1.twilio.com"},
	} {
		t.Run("of region "+c.place.Region+" and edge "+c.place.Edge, func(t *testing.T) {
			require.Equal(t, []string{c.chat, c.conversations, c.media}, []string{c.place.ChatURL(), c.place.ConversationsURL(), c.place.MediaURL()})
			s, err := NewSource(Config{Place: c.place, API: APIv2, Username: account, Password: token})
			require.NoError(t, err)
			require.Equal(t, []string{c.chat, c.conversations, c.media}, []string{s.host.base.String(), s.beside.base.String(), s.media.host.base.String()})
			target, err := NewTarget(Config{Place: c.place, Username: account, Password: token})
			require.NoError(t, err)
			require.Equal(t, []string{c.chat, c.conversations, c.media}, []string{target.chat.base.String(), target.host.base.String(), target.media.host.base.String()})
			p, err := NewPromoter(Config{Place: c.place, Username: account, Password: token})
			require.NoError(t, err)
			require.Equal(t, c.chat, p.host.base.String())
			accounts, err := NewAccounts(Config{Place: c.place, Username: account, Password: token})
			require.NoError(t, err)
			require.Equal(t, strings.Replace(c.chat, "chat", "api", 1), accounts.host.base.String())
			probe, err := NewProber(Config{Place: c.place, Username: account, Password: token}, Config{Place: c.place, Username: account, Password: token})
			require.NoError(t, err)
			require.Equal(t, []string{c.chat, c.conversations, c.chat}, []string{
				probe.hosts[migrate.SourceChat].base.String(), probe.hosts[migrate.TargetConversations].base.String(), probe.hosts[migrate.TargetChat].base.String(),
			})
		})
	}
	t.Run("has the defaults that are named", func(t *testing.T) {
		require.Equal(t, []string{ChatURL, ConversationsURL, MediaURL}, []string{Place{}.ChatURL(), Place{}.ConversationsURL(), Place{}.MediaURL()})
	})
	t.Run("is not gone to with credentials for another address", func(t *testing.T) {
		ie1 := Place{Region: "ie1"}
		s, err := NewSource(Config{Place: ie1, BaseURL: ChatURL, API: APIv2, Username: account, Password: token})
		require.NoError(t, err)
		require.Nil(t, s.beside)
		require.Nil(t, s.media.host)
		target, err := NewTarget(Config{Place: ie1, BaseURL: ConversationsURL, Username: account, Password: token})
		require.NoError(t, err)
		require.Nil(t, target.chat)
		require.Nil(t, target.media.host)
	})
	t.Run("is what to check if its host does not answer", func(t *testing.T) {
		for place, want := range map[Place]string{{}: "--chat-url", {Region: "ie1"}: "--source-region and --source-edge"} {
			s, err := NewSource(Config{Place: place, Username: account, Password: token})
			require.NoError(t, err)
			require.Equal(t, want, s.host.hints.address)
		}
	})
	t.Run("is refused if a name could be part of another host", func(t *testing.T) {
		for _, name := range []string{"IE1", "ie1.evil", "ie1/", "evil.example/", "ie1:443", "a@b", "-ie1", "ie1-", " ie1", "ie1\n", "é", "."} {
			for _, p := range []Place{{Region: name}, {Edge: name}} {
				_, err := NewSource(Config{Place: p, Username: account, Password: token})
				require.Equal(t, migrate.Usage, migrate.KindOf(err), "%q", name)
				_, err = NewTarget(Config{Place: p, Username: account, Password: token})
				require.Equal(t, migrate.Usage, migrate.KindOf(err), "%q", name)
			}
		}
	})
}
