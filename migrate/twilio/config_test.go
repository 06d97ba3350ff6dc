package twilio

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		url  string
		kind migrate.Kind // Failed for what is taken
	}{
		"https":                       {"https://chat.twilio.com", migrate.Failed},
		"https with a trailing slash": {"https://chat.twilio.com/", migrate.Failed},
		"https to any host":           {"https://proxy.example:8443", migrate.Failed},
		"http to 127.0.0.1":           {"http://127.0.0.1:8080", migrate.Failed},
		"http to 127.9.9.9":           {"http://127.9.9.9", migrate.Failed},
		"http to ::1":                 {"http://[::1]:8080", migrate.Failed},
		"http to localhost":           {"http://localhost:8080", migrate.Failed},
		"http to another machine":     {"http://chat.twilio.com", migrate.Usage},
		"http to a lookalike":         {"http://localhost.example.com", migrate.Usage},
		"http to 0.0.0.0":             {"http://0.0.0.0:8080", migrate.Usage},
		"credentials in it":           {"https://AC1:hidden@chat.twilio.com", migrate.Usage},
		"a user name in it":           {"https://AC1@chat.twilio.com", migrate.Usage},
		"a query":                     {"https://chat.twilio.com?x=hidden", migrate.Usage},
		"an empty query":              {"https://chat.twilio.com?", migrate.Usage},
		"a fragment":                  {"https://chat.twilio.com#hidden", migrate.Usage},
		"a path":                      {"https://chat.twilio.com/v1", migrate.Usage},
		"no scheme":                   {"chat.twilio.com", migrate.Usage},
		"another scheme":              {"ftp://chat.twilio.com", migrate.Usage},
		"nothing readable":            {"https://a:hidden@chat.twilio.com:%zz", migrate.Usage},
		"an @ in a password":          {"https://a:hid@hidden@chat.twilio.com:%zz", migrate.Usage},
		"a blank in it":               {"https://chat.twilio.com x", migrate.Usage},
	} {
		t.Run("base URL with "+name, func(t *testing.T) {
			_, err := NewSource(Config{BaseURL: c.url, Username: account, Password: token})
			_, targetErr := NewTarget(Config{BaseURL: c.url, Username: account, Password: token})
			require.Equal(t, err, targetErr)
			if c.kind == migrate.Failed {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.kind, migrate.KindOf(err))
			require.NotEmpty(t, migrate.HintOf(err))
			require.ErrorContains(t, err, "configure connection: ", "and what is wrong")
			require.NotContains(t, err.Error(), "hidden")
		})
	}
	t.Run("is shown in its error, so that a slip can be seen, without what may be a secret", func(t *testing.T) {
		for url, want := range map[string]string{
			"https://chat.twilio.com x":         `"https://chat.twilio.com x" cannot be read`,
			"chat.twilio.com":                   `"chat.twilio.com" needs a scheme and a host`,
			"https://AC1:hidden@h":              `"…@h" holds credentials`,
			"https://a:hid@hidden@h:%zz":        `"…@h:%zz" cannot be read`,
			"https://chat.twilio.com?a=hidden":  `"https://chat.twilio.com?…" must be scheme and host only`,
			"https://chat.twilio.com/#hidden":   `"https://chat.twilio.com/#…" must be scheme and host only`,
			"https://chat.twilio.com/v1/hidden": `"https://chat.twilio.com/v1/hidden" must be scheme and host only`,
		} {
			_, err := NewSource(Config{BaseURL: url, Username: account, Password: token})
			require.ErrorContains(t, err, want)
		}
	})
	t.Run("goes to Twilio where nothing is said", func(t *testing.T) {
		s, err := NewSource(Config{Username: account, Password: token})
		require.NoError(t, err)
		require.Equal(t, ChatURL, s.host.base.String())
		target, err := NewTarget(Config{Username: account, Password: token})
		require.NoError(t, err)
		require.Equal(t, ConversationsURL, target.host.base.String())
	})
	t.Run("wants credentials and says which", func(t *testing.T) {
		_, err := NewSource(Config{Username: account})
		require.Equal(t, migrate.Credentials, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), "TWILIO_AUTH_TOKEN")
		require.ErrorContains(t, err, "no credentials")
		_, err = NewTarget(Config{Password: token})
		require.Contains(t, migrate.HintOf(err), "CHATBRIDGE_TARGET_")
	})
	t.Run("wants a version of Chat that there is", func(t *testing.T) {
		_, err := NewSource(Config{API: "v9", Username: account, Password: token})
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.ErrorContains(t, err, `"v9"`)
	})
	t.Run("takes the user for the account unless it is an API key", func(t *testing.T) {
		for _, c := range []Config{{Username: account}, {Username: "SK1", AccountSID: account}} {
			c.Password = token
			target, err := NewTarget(c)
			require.NoError(t, err)
			require.Equal(t, account, (&call{host: target.host}).AccountSid())
		}
	})
	t.Run("repeats and waits by a transport of its own unless it is given one", func(t *testing.T) {
		target, err := NewTarget(Config{Username: account, Password: token})
		require.NoError(t, err)
		require.NotNil(t, target.host.http.Transport)
	})
}
