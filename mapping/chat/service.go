package chat

import "encoding/json"

// Service is one Chat service instance, with the configuration that Chat keeps
// on it.
type Service struct {
	SID                          string             `json:"sid"`
	AccountSID                   string             `json:"account_sid"`
	FriendlyName                 string             `json:"friendly_name"`
	DateCreated                  Time               `json:"date_created"`
	DateUpdated                  Time               `json:"date_updated"`
	DefaultServiceRoleSID        string             `json:"default_service_role_sid"`
	DefaultChannelRoleSID        string             `json:"default_channel_role_sid"`
	DefaultChannelCreatorRoleSID string             `json:"default_channel_creator_role_sid"`
	ReadStatusEnabled            *bool              `json:"read_status_enabled"`
	ReachabilityEnabled          *bool              `json:"reachability_enabled"`
	TypingIndicatorTimeout       *int64             `json:"typing_indicator_timeout"`    // seconds
	ConsumptionReportInterval    *int64             `json:"consumption_report_interval"` // seconds
	Limits                       Limits             `json:"limits"`
	Webhooks                     map[string]Webhook `json:"webhooks"` // per-event URLs, keyed on_message_send and so on; v1 only
	PreWebhookURL                string             `json:"pre_webhook_url"`
	PostWebhookURL               string             `json:"post_webhook_url"`
	WebhookMethod                string             `json:"webhook_method"`
	WebhookFilters               []string           `json:"webhook_filters"`
	Notifications                Notifications      `json:"notifications"`

	PreWebhookRetryCount  *int64        `json:"pre_webhook_retry_count"`  // v2 only
	PostWebhookRetryCount *int64        `json:"post_webhook_retry_count"` // v2 only
	Media                 *ServiceMedia `json:"media"`                    // v2 only

	Versions Versions `json:"chat_versions,omitzero"`

	Raw json.RawMessage `json:"-"`
}

// ServiceMedia is how a service treats files in messages.
type ServiceMedia struct {
	SizeLimitMB          int64  `json:"size_limit_mb"`
	CompatibilityMessage string `json:"compatibility_message"` // shown by clients that know no files
}

// Limits are the ceilings of a service; nil where the service does not say.
type Limits struct {
	ChannelMembers   *int64 `json:"channel_members"`    // members a channel may have
	UserChannels     *int64 `json:"user_channels"`      // channels a user may be in
	ActionsPerSecond *int64 `json:"actions_per_second"` // seen in one example only
}

// Webhook is one per-event callback of a v1 service.
type Webhook struct {
	URL    string `json:"url"`
	Method string `json:"method"`
	Format string `json:"format"`
}

// Notifications is the push configuration of a service. A nil template was not
// in the reply.
type Notifications struct {
	LogEnabled         *bool         `json:"log_enabled"`
	NewMessage         *Notification `json:"new_message"`
	AddedToChannel     *Notification `json:"added_to_channel"`
	RemovedFromChannel *Notification `json:"removed_from_channel"`
	InvitedToChannel   *Notification `json:"invited_to_channel"`
}

// Notification is the push for one kind of event. Sound and
// BadgeCountEnabled are shown by v2 only.
type Notification struct {
	Enabled           *bool   `json:"enabled"`
	Template          *string `json:"template"`
	Sound             *string `json:"sound"`
	BadgeCountEnabled *bool   `json:"badge_count_enabled"`
}
