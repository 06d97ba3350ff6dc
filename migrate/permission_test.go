package migrate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestPermissionOf(t *testing.T) {
	for request, want := range map[string]string{
		"GET /v1/Services":                                     "list Services",
		"POST /v1/Services":                                    "create Services",
		"GET /v2/Services/IS1":                                 "read Services",
		"GET /v1/Services/IS1/Channels":                        "list Channels",
		"GET /v1/Services/IS1/Channels/CH1":                    "read Channels",
		"POST /v3/Services/IS1/Channels/CH1":                   "update Channels",
		"GET /v1/Services/IS1/Channels/CH1/Members":            "list Channels/Members",
		"DELETE /v1/Services/IS1/Conversations/CH1/Messages/1": "delete Conversations/Messages",
		"POST /v1/Services/IS1/Conversations/CH1/Participants": "create Conversations/Participants",
		"GET /v1/Services/IS1/Users/ann/Channels":              "list Users/Channels",
		"POST /v1/Services/IS1/Users/US1/Conversations/CH1":    "update Users/Conversations",
		"GET /v1/Configuration":                                "read Configuration",
		"GET /v1/Configuration/Webhooks":                       "read Configuration/Webhooks",
		"GET /v1/Services/IS1/Configuration":                   "read Services/Configuration",
		"POST /v1/Services/IS1/Configuration/Notifications":    "update Services/Configuration/Notifications",
		"GET /v1/Credentials":                                  "list Credentials",
		"POST /v1/Services/IS1/Media":                          "create Media",
	} {
		method, path, _ := strings.Cut(request, " ")
		require.Equal(t, want, migrate.PermissionOf(method, path), request)
	}
}
