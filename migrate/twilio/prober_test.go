package twilio

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

func TestProber(t *testing.T) {
	probers := func(t *testing.T, answer answers) (*stub, *Prober) {
		t.Helper()
		chat, conv := serve(t, answer), serve(t, answer)
		source, target := chat.config(t), conv.config(t)
		target.ChatURL = source.BaseURL
		p, err := NewProber(source, target)
		require.NoError(t, err)
		return chat, p
	}
	t.Run("asks each host with the credentials that are for it", func(t *testing.T) {
		var asked []string
		at := func(name string) string {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, _, _ := r.BasicAuth()
				asked = append(asked, name+" as "+user+" "+r.URL.RequestURI())
			}))
			t.Cleanup(server.Close)
			return server.URL
		}
		chat, conv := at("chat"), at("conversations")
		p, err := NewProber(
			Config{BaseURL: chat, Username: "source", Password: "p", HTTP: patient(t)},
			Config{BaseURL: conv, ChatURL: chat, Username: "target", Password: "p", HTTP: patient(t)})
		require.NoError(t, err)
		for _, at := range []migrate.ProbeHost{migrate.SourceChat, migrate.TargetConversations, migrate.TargetChat} {
			_, err := p.Get(t.Context(), at, "/v1/Services?PageSize=7")
			require.NoError(t, err)
		}
		const target = "/v1/Services?PageSize=7"
		require.Equal(t, []string{"chat as source " + target, "conversations as target " + target, "chat as target " + target}, asked)
	})
	t.Run("takes path and query of an address, and not its host", func(t *testing.T) {
		chat, p := probers(t, func(seen) (int, string) { return 200, `{}` })
		_, err := p.Get(t.Context(), migrate.SourceChat, "https://elsewhere.example/v1/Services?PageToken=PT.1a.2")
		require.NoError(t, err)
		require.Equal(t, []string{"GET /v1/Services?PageToken=PT.1a.2"}, chat.uris())
	})
	t.Run("returns a refusal as it came", func(t *testing.T) {
		_, p := probers(t, func(seen) (int, string) { return 403, `{"code": 50107}` })
		r, err := p.Get(t.Context(), migrate.SourceChat, "/v1/Services")
		require.NoError(t, err)
		require.Equal(t, 403, r.Status)
		require.Equal(t, 50107, r.Code())
		require.False(t, r.OK())
	})
	t.Run("does not send the credentials of another place to Twilio's Chat", func(t *testing.T) {
		conv := serve(t, func(seen) (int, string) { return 200, `{}` })
		target := conv.config(t)
		target.ChatURL = ""
		p, err := NewProber(target, target)
		require.NoError(t, err)
		_, err = p.Get(t.Context(), migrate.TargetChat, "/v2/Services")
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.ErrorContains(t, err, "address of Chat")
		require.Empty(t, conv.uris())
	})
	t.Run("says that there was no answer, and no whole one", func(t *testing.T) {
		for name, b := range map[string]base{
			"none": func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
			"half": func(*http.Request) (*http.Response, error) {
				r := answer(200, "")
				r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
				return r, nil
			},
		} {
			p, err := NewProber(b.config(), b.config())
			require.NoError(t, err)
			_, err = p.Get(t.Context(), migrate.SourceChat, "/v1/Services")
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err), name)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}
	})
	t.Run("sends nothing to an address that is none", func(t *testing.T) {
		chat, p := probers(t, func(seen) (int, string) { return 200, `{}` })
		_, err := p.Get(t.Context(), migrate.SourceChat, "/v1/\x7f")
		require.ErrorContains(t, err, "read address")
		require.Empty(t, chat.uris())
	})
	t.Run("has connections that cannot write", func(t *testing.T) {
		_, p := probers(t, func(seen) (int, string) { return 200, `{}` })
		for _, h := range p.hosts {
			_, err := h.http.Post(h.base.String()+"/v1/Services", "text/plain", nil)
			require.ErrorIs(t, err, transport.ErrReadOnly)
		}
	})
	t.Run("wants credentials for both sides", func(t *testing.T) {
		_, err := NewProber(Config{}, Config{})
		require.Equal(t, migrate.Credentials, migrate.KindOf(err))
	})
}
