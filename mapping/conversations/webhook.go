package conversations

// Targets of a webhook of one conversation.
const (
	WebhookToURL     = "webhook"
	WebhookToTrigger = "trigger"
	WebhookToStudio  = "studio"
)

// Limits of webhooks of conversations (Twilio's error dictionary, the number of each
// with its comment).
const (
	MaxWebhooks        = 5   // of a conversation; 50361
	MaxWebhookTriggers = 5   // of a webhook; 50362
	MaxWebhookTrigger  = 248 // characters of one; 50366
	MaxWebhookURL      = 512 // characters; 50372
)

// ConversationWebhook is a callback of one conversation. It has no replay: what was
// said before it was made calls nothing.
type ConversationWebhook struct {
	SID      string   `json:"sid,omitempty"`
	Target   string   `json:"target"`
	URL      string   `json:"url,omitempty"`
	Method   string   `json:"method,omitempty"` // get or post
	Filters  []string `json:"filters,omitempty"`
	Triggers []string `json:"triggers,omitempty"` // keywords
	FlowSID  string   `json:"flow_sid,omitempty"`
}
