package chat

import "encoding/json"

// Types of a channel.
const (
	PublicChannel  = "public"
	PrivateChannel = "private"
)

// Channel is one conversation of Chat. Its members, messages and invites are
// read apart.
type Channel struct {
	SID           string  `json:"sid"`
	AccountSID    string  `json:"account_sid"`
	ServiceSID    string  `json:"service_sid"`
	FriendlyName  string  `json:"friendly_name"`
	UniqueName    string  `json:"unique_name"` // unique in its service; empty where it has none
	Attributes    *string `json:"attributes"`  // JSON as text; nil in a v1 list means "not shown", not "empty"
	Type          string  `json:"type"`        // PublicChannel or PrivateChannel
	CreatedBy     string  `json:"created_by"`  // an identity, or "system" where REST made it
	MembersCount  int64   `json:"members_count"`
	MessagesCount int64   `json:"messages_count"`
	DateCreated   Time    `json:"date_created"`
	DateUpdated   Time    `json:"date_updated"`

	Versions Versions `json:"chat_versions,omitzero"`

	Raw json.RawMessage `json:"-"`
}
