package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// need is what an API key has to be allowed for some commands, at one product. Actions
// are those of Twilio's policies for restricted keys; which resources those know of
// Chat and of media no document says, so they are the collections of the addresses.
type need struct {
	commands string // each with the flags without which it needs none of this
	product  string
	actions  string // what ends the run if it is missing
	alone    string // what costs itself alone: it is left out, and reported
}

// needs are all of them. A test holds them to the requests that runs make.
var needs = []need{
	{"audit, export, migrate, verify, verify --repair", "Chat",
		"Channels: list, read; Channels/Members: list; Channels/Messages: list, read; Roles: list; Services: list; Users: list, read",
		"Channels/Invites: list; Credentials: list; Users/Channels: list"},
	{"audit --source-api v2, export --source-api v2, migrate --source-api v2, verify --source-api v2, verify --repair --source-api v2", "Conversations",
		"", "Conversations: read; Conversations/Messages: read"},
	{"audit --to-service", "Conversations",
		"Configuration: read; Conversations: list; Roles: list; Services/Configuration: read; Services/Configuration/Notifications: read; Services/Configuration/Webhooks: read; Users: list", ""},
	{"audit --source-api v2, export --source-api v2, migrate --source-api v2", "Chat", "", "Bindings: list; Channels/Webhooks: list"},
	{"export --source-api v2", "Media", "", "Media: read"},
	{"migrate", "Conversations",
		"Configuration: read; Conversations: create, delete, list, read, update; Conversations/Messages: create, delete, list, read, update; Conversations/Participants: create, list, read, update; Roles: create, list, update; Services: create, delete, list; Services/Configuration: read, update; Services/Configuration/Notifications: read, update; Services/Configuration/Webhooks: read, update; Users: create, list, read, update", ""},
	{"migrate --source-api v2, verify --repair --source-api v2", "Conversations", "Users/Conversations: list, update", ""},
	{"migrate --source-api v2, verify --repair --source-api v2", "Media", "Media: create, read", ""},
	{"migrate into a service that admits too few people", "Chat", "Services: read, update", ""},
	{"migrate --credentials", "Conversations", "Credentials: create, list", ""},
	{"migrate --in-place", "Chat", "Channels: list, read, update; Services: list", ""},
	{"migrate --in-place", "Conversations", "Configuration: read; Services: list", ""},
	{"verify --in-place", "Chat", "Channels: list, read; Channels/Members: list; Channels/Messages: list, read; Services: list", ""},
	{"verify --in-place", "Conversations", "Configuration: read; Conversations: read; Conversations/Messages: list; Conversations/Participants: list; Services: list", ""},
	{"verify, verify --repair", "Conversations",
		"Configuration: read; Conversations: list, read; Conversations/Messages: list, read; Conversations/Participants: list; Roles: list; Services: list; Services/Configuration: read; Services/Configuration/Notifications: read; Services/Configuration/Webhooks: read; Users: list", ""},
	{"verify --source-api v2", "Conversations", "Users/Conversations: list", ""},
	{"verify --files", "Media", "Media: read", ""},
	{"verify --repair --execute", "Conversations",
		"Conversations: create, delete, update; Conversations/Messages: create, update; Conversations/Participants: create, read, update; Services/Configuration/Notifications: update", ""},
	{"undo", "Conversations",
		"Configuration: read; Conversations: list, read; Conversations/Messages: list; Conversations/Participants: list; Roles: list; Services: list; Services/Configuration: read; Services/Configuration/Notifications: read; Services/Configuration/Webhooks: read; Users: list; Users/Conversations: list", ""},
	{"undo --execute", "Conversations", "Conversations: create, delete; Roles: delete, update; Services: delete; Users: delete, update", ""},
}

const needsIntro = `What an API key has to be allowed for each command. Missing it ends the run with
exit status 4, and the error names it. What is listed as optional costs itself alone:
it is left out, and reported. doctor runs with any key that may list the services and
read the account configuration, and reports what the key lacks.

Twilio's restricted keys know permissions for Conversations, in the region us1 only.
None is documented for Chat and for media: there, use a standard key or the auth token.`

// newPermissionsTopic is a help topic and no command: chatbridge help permissions.
func newPermissionsTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString(needsIntro + "\n")
	for _, n := range needs {
		fmt.Fprintf(&b, "\n%s\n", strings.ReplaceAll(n.commands, ", ", "\n"))
		for _, part := range []struct{ label, actions string }{{n.product, n.actions}, {n.product + ", optional", n.alone}} {
			if part.actions != "" {
				fmt.Fprintf(&b, "  %s:\n    %s\n", part.label, strings.ReplaceAll(part.actions, "; ", "\n    "))
			}
		}
	}
	return &cobra.Command{Use: "permissions", Short: "What a restricted API key has to be allowed", Long: strings.TrimSuffix(b.String(), "\n")}
}
