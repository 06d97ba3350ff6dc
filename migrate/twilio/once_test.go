package twilio

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate/transport"
)

// Each reply is decoded once: the transport, which may
// ask again, and the call share what came of it.
func TestEachReplyIsDecodedOnce(t *testing.T) {
	const whole = `{"sid":"IS0123456789abcdef0123456789abcdef"}`
	for name, class := range map[string]transport.Class{
		"a read":                       transport.Read,
		"a write":                      transport.Append,
		"a write that may be repeated": transport.Ensure,
	} {
		t.Run(name, func(t *testing.T) {
			h, err := newHost(Config{BaseURL: "https://chat.twilio.com", Username: "AC1", Password: "x", AccountSID: "AC1",
				HTTP: transport.New(transport.Options{Base: roundTrip(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(whole)), Request: r}, nil
				})})}, sourceHints)
			require.NoError(t, err)
			decoded := 0
			_, err = one(h, t.Context(), "read service", "", transport.Call{Class: class}, func(raw []byte) (chat.Service, error) {
				decoded++
				return chat.Decode[chat.Service](raw)
			}, func(c *call) error { return chatV1{}.service(c, "IS0123456789abcdef0123456789abcdef") })
			require.NoError(t, err)
			require.Equal(t, 1, decoded)
		})
	}
}
