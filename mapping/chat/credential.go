package chat

import "encoding/json"

// Credential is a push credential of the account. Its secrets can be written
// and never read.
type Credential struct {
	SID          string `json:"sid"`
	AccountSID   string `json:"account_sid"`
	FriendlyName string `json:"friendly_name"`
	Type         string `json:"type"`    // gcm, apn or fcm
	Sandbox      string `json:"sandbox"` // "True" or "False", as text
	DateCreated  Time   `json:"date_created"`
	DateUpdated  Time   `json:"date_updated"`

	Raw json.RawMessage `json:"-"`
}
