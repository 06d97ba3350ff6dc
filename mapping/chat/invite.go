package chat

import "encoding/json"

// Invite asks a user into a channel. Conversations has nothing like it.
type Invite struct {
	SID         string `json:"sid"`
	AccountSID  string `json:"account_sid"`
	ServiceSID  string `json:"service_sid"`
	ChannelSID  string `json:"channel_sid"`
	Identity    string `json:"identity"`
	RoleSID     string `json:"role_sid"`
	CreatedBy   string `json:"created_by"`
	DateCreated Time   `json:"date_created"`
	DateUpdated Time   `json:"date_updated"`

	Raw json.RawMessage `json:"-"`
}
