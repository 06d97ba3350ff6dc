package conversations

// Configuration is what a service keeps in its three configuration resources.
type Configuration struct {
	DefaultChatServiceRoleSID         string        `json:"default_chat_service_role_sid,omitempty"`
	DefaultConversationRoleSID        string        `json:"default_conversation_role_sid,omitempty"`
	DefaultConversationCreatorRoleSID string        `json:"default_conversation_creator_role_sid,omitempty"`
	ReachabilityEnabled               bool          `json:"reachability_enabled"`
	Notifications                     Notifications `json:"notifications"`
	Webhooks                          Webhooks      `json:"webhooks"`
}

// Notifications is the push configuration of a service.
type Notifications struct {
	LogEnabled              bool         `json:"log_enabled"`
	NewMessage              Notification `json:"new_message"`
	AddedToConversation     Notification `json:"added_to_conversation"`
	RemovedFromConversation Notification `json:"removed_from_conversation"`
}

// Off reports whether no event would send a push.
func (n Notifications) Off() bool {
	return !n.NewMessage.Enabled && !n.AddedToConversation.Enabled && !n.RemovedFromConversation.Enabled
}

// Muted is the configuration with every push switched off.
func (n Notifications) Muted() Notifications {
	n.NewMessage.Enabled, n.AddedToConversation.Enabled, n.RemovedFromConversation.Enabled = false, false, false
	return n
}

// WithoutAdded is the configuration without the push for who is added.
func (n Notifications) WithoutAdded() Notifications {
	n.AddedToConversation.Enabled = false
	return n
}

// Notification is the push for one kind of event.
type Notification struct {
	Enabled           bool   `json:"enabled"`
	Template          string `json:"template,omitempty"`
	Sound             string `json:"sound,omitempty"`
	BadgeCountEnabled bool   `json:"badge_count_enabled,omitempty"` // of NewMessage only
}

// Webhooks are the callbacks of a service. Method is GET or POST.
type Webhooks struct {
	PreWebhookURL  string   `json:"pre_webhook_url,omitempty"`
	PostWebhookURL string   `json:"post_webhook_url,omitempty"`
	Method         string   `json:"method,omitempty"`
	Filters        []string `json:"filters,omitempty"`
}

// Off reports whether nothing would be called.
func (w Webhooks) Off() bool { return w.PreWebhookURL == "" && w.PostWebhookURL == "" }
