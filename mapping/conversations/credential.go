package conversations

// Credential is a push credential of the account. Its secrets can be written
// and never read.
type Credential struct {
	SID          string `json:"sid"`
	FriendlyName string `json:"friendly_name"`
	Type         string `json:"type"`    // apn, gcm or fcm
	Sandbox      string `json:"sandbox"` // "True" or "False", as text
}
