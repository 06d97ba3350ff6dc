package chat

import "encoding/json"

// User is one person, or program, of a service.
type User struct {
	SID                 string  `json:"sid"`
	AccountSID          string  `json:"account_sid"`
	ServiceSID          string  `json:"service_sid"`
	Identity            string  `json:"identity"` // case-sensitive
	FriendlyName        string  `json:"friendly_name"`
	Attributes          *string `json:"attributes"` // JSON as text; nil in a v1 list means "not shown", not "empty"
	RoleSID             string  `json:"role_sid"`
	IsOnline            *bool   `json:"is_online"`
	IsNotifiable        *bool   `json:"is_notifiable"`
	JoinedChannelsCount int64   `json:"joined_channels_count"`
	DateCreated         Time    `json:"date_created"`
	DateUpdated         Time    `json:"date_updated"`

	Versions Versions `json:"chat_versions,omitzero"`

	Raw json.RawMessage `json:"-"`
}
