package chat

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Types of channel webhooks.
const (
	WebhookToURL     = "webhook" // calls a URL when an event occurs
	WebhookToTrigger = "trigger" // calls a URL when a body has a keyword
	WebhookToStudio  = "studio"  // starts a Studio flow
)

// ChannelWebhook is a callback of one channel. Chat v2 alone has them, at most five for a
// channel.
type ChannelWebhook struct {
	SID           string               `json:"sid"`
	AccountSID    string               `json:"account_sid"`
	ServiceSID    string               `json:"service_sid"`
	ChannelSID    string               `json:"channel_sid"`
	Type          string               `json:"type"`
	Configuration WebhookConfiguration `json:"configuration"`
	DateCreated   Time                 `json:"date_created"`
	DateUpdated   Time                 `json:"date_updated"`

	Raw json.RawMessage `json:"-"`
}

// WebhookConfiguration says what a ChannelWebhook calls, and when.
type WebhookConfiguration struct {
	URL        string   `json:"url"`
	Method     string   `json:"method"`
	Filters    []string `json:"filters"`  // events; see Keywords for a trigger
	Triggers   []string `json:"triggers"` // keywords, if they are shown under this name
	FlowSID    string   `json:"flow_sid"`
	RetryCount *int64   `json:"retry_count"` // 0 to 3
}

// Keywords are what a trigger looks for. Twilio's OpenAPI documents take them as
// triggers and show them as filters.
func (c WebhookConfiguration) Keywords() []string {
	if len(c.Triggers) > 0 {
		return c.Triggers
	}
	return slices.Clone(c.Filters)
}

// Binding is a device of a user that is registered for push notifications. Chat v2
// alone shows them. The endpoint is the token of the device: personal data.
type Binding struct {
	SID           string   `json:"sid"`
	AccountSID    string   `json:"account_sid"`
	ServiceSID    string   `json:"service_sid"`
	Identity      string   `json:"identity"`
	CredentialSID string   `json:"credential_sid"`
	BindingType   string   `json:"binding_type"` // apn, gcm or fcm
	Endpoint      string   `json:"endpoint"`
	MessageTypes  []string `json:"message_types"`
	DateCreated   Time     `json:"date_created"`
	DateUpdated   Time     `json:"date_updated"`

	Raw json.RawMessage `json:"-"`
}

// Kind is the BindingType, or a word for one that is missing.
func (b Binding) Kind() string { return cmp.Or(b.BindingType, "unknown") }
