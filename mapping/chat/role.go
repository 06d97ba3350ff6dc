package chat

import "encoding/json"

// Types of a role.
const (
	ServiceRole = "deployment" // what a user may do in the service
	ChannelRole = "channel"    // what a member may do in one channel
)

// Role is a named set of permissions.
type Role struct {
	SID          string   `json:"sid"`
	AccountSID   string   `json:"account_sid"`
	ServiceSID   string   `json:"service_sid"`
	FriendlyName string   `json:"friendly_name"`
	Type         string   `json:"type"` // ServiceRole or ChannelRole
	Permissions  []string `json:"permissions"`
	DateCreated  Time     `json:"date_created"`
	DateUpdated  Time     `json:"date_updated"`

	Versions Versions `json:"chat_versions,omitzero"`

	Raw json.RawMessage `json:"-"`
}
