package emulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPermissionOfARequest(t *testing.T) {
	for request, want := range map[string]string{
		"GET /v1/Services":                                     "chat Services: list",
		"POST /v1/Services":                                    "chat Services: create",
		"GET /v2/Services/IS1":                                 "chat Services: read",
		"GET /v1/Services/IS1/Channels":                        "chat Channels: list",
		"GET /v1/Services/IS1/Channels/CH1":                    "chat Channels: read",
		"POST /v3/Services/IS1/Channels/CH1":                   "chat Channels: update",
		"GET /v1/Services/IS1/Channels/CH1/Members":            "chat Channels/Members: list",
		"DELETE /v1/Services/IS1/Conversations/CH1/Messages/1": "chat Conversations/Messages: delete",
		"POST /v1/Services/IS1/Conversations/CH1/Participants": "chat Conversations/Participants: create",
		"GET /v1/Services/IS1/Users/US1/Channels":              "chat Users/Channels: list",
		"POST /v1/Services/IS1/Users/US1/Conversations/CH1":    "chat Users/Conversations: update",
		"GET /v1/Configuration":                                "chat Configuration: read",
		"GET /v1/Configuration/Webhooks":                       "chat Configuration/Webhooks: read",
		"GET /v1/Services/IS1/Configuration":                   "chat Services/Configuration: read",
		"POST /v1/Services/IS1/Configuration/Notifications":    "chat Services/Configuration/Notifications: update",
		"GET /v1/Credentials":                                  "chat Credentials: list",
	} {
		method, path, _ := strings.Cut(request, " ")
		x := &Exchange{Host: ChatHost, Method: method, Path: strings.Split(strings.Trim(path, "/"), "/")}
		require.Equal(t, want, x.Permission().String(), request)
	}
}

func TestRestrictedKey(t *testing.T) {
	const service = "/v1/Services"
	for _, denial := range []Denial{{}, Restricted, Unauthorized, Forbidden} {
		e, err := New(Config{
			APIKey: DefaultAPIKey, APISecret: DefaultAPISecret, KeyDenial: denial,
			KeyMay: func(p Permission) bool { return p.Action != "list" && p.Action != "create" },
		})
		require.NoError(t, err)
		for name, h := range map[string]http.Handler{"chat": e.Chat(), "conversations": e.Conversations()} {
			ask := func(method, path, user, password string) int {
				r := httptest.NewRequest(method, path, nil)
				r.SetBasicAuth(user, password)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w.Code
			}
			want := denial.Status
			if want == 0 {
				want = http.StatusForbidden
			}
			require.Equal(t, want, ask(http.MethodGet, service, DefaultAPIKey, DefaultAPISecret), name)
			require.Equal(t, want, ask(http.MethodPost, service, DefaultAPIKey, DefaultAPISecret), name)
			require.Equal(t, http.StatusOK, ask(http.MethodGet, service, DefaultAccountSID, DefaultAuthToken), "the token may: "+name)
			require.Equal(t, http.StatusUnauthorized, ask(http.MethodGet, service, DefaultAPIKey, "wrong"), name)
		}
		r := httptest.NewRequest(http.MethodGet, "/v1/Services/IS00000000000000000000000000000001/Media/ME00000000000000000000000000000001", nil)
		r.SetBasicAuth(DefaultAPIKey, DefaultAPISecret)
		w := httptest.NewRecorder()
		e.Media().ServeHTTP(w, r)
		require.Equal(t, http.StatusNotFound, w.Code, "it may read, and there is nothing")
	}
}
