package emulator

import (
	"slices"
	"strings"
)

// configuration holds the default roles of a service.
type configuration struct {
	creatorRole, conversationRole, serviceRole string
	reachability                               bool
}

type configurationView struct {
	ChatServiceSID   string            `json:"chat_service_sid"`
	CreatorRoleSID   string            `json:"default_conversation_creator_role_sid"`
	ConversationRole string            `json:"default_conversation_role_sid"`
	ServiceRoleSID   string            `json:"default_chat_service_role_sid"`
	Reachability     bool              `json:"reachability_enabled"`
	URL              string            `json:"url"`
	Links            map[string]string `json:"links"`
}

func (t *target) fetchConfiguration(x *Exchange, s *service) (Reply, error) {
	self := x.url("Services", s.sid, "Configuration")
	return ok(configurationView{
		ChatServiceSID: s.sid, CreatorRoleSID: s.configuration.creatorRole,
		ConversationRole: s.configuration.conversationRole, ServiceRoleSID: s.configuration.serviceRole,
		Reachability: s.configuration.reachability, URL: self,
		Links: map[string]string{"notifications": self + "/Notifications", "webhooks": self + "/Webhooks"},
	})
}

func (t *target) updateConfiguration(x *Exchange, s *service) (Reply, error) {
	f := form{values: x.Form}
	next := s.configuration
	f.some("DefaultConversationCreatorRoleSid", "DefaultConversationRoleSid", "DefaultChatServiceRoleSid", "ReachabilityEnabled")
	f.role(s, "DefaultConversationCreatorRoleSid", &next.creatorRole, conversationRole)
	f.role(s, "DefaultConversationRoleSid", &next.conversationRole, conversationRole)
	f.role(s, "DefaultChatServiceRoleSid", &next.serviceRole, serviceRole)
	f.bool("ReachabilityEnabled", &next.reachability)
	if f.err != nil {
		return Reply{}, f.err
	}
	s.configuration = next
	return t.fetchConfiguration(x, s)
}

// webhookSettings are the callbacks of a service.
type webhookSettings struct {
	pre, post, method string
	filters           []string
}

type webhooksView struct {
	AccountSID     string   `json:"account_sid"`
	ChatServiceSID string   `json:"chat_service_sid"`
	PreWebhookURL  *string  `json:"pre_webhook_url"`
	PostWebhookURL *string  `json:"post_webhook_url"`
	Filters        []string `json:"filters"`
	Method         string   `json:"method"`
	URL            string   `json:"url"`
}

// webhookEvents is what a service may filter by. The account has three more,
// about users, that a service does not take.
var webhookEvents = []string{
	"onMessageAdd", "onMessageUpdate", "onMessageRemove", "onMessageAdded", "onMessageUpdated", "onMessageRemoved",
	"onConversationAdd", "onConversationUpdate", "onConversationRemove", "onConversationAdded", "onConversationUpdated", "onConversationRemoved",
	"onParticipantAdd", "onParticipantUpdate", "onParticipantRemove", "onParticipantAdded", "onParticipantUpdated", "onParticipantRemoved",
	"onConversationStateUpdated", "onDeliveryUpdated",
}

func (t *target) fetchWebhooks(x *Exchange, s *service) (Reply, error) {
	w := s.webhooks
	v := webhooksView{
		AccountSID: t.account, ChatServiceSID: s.sid, PreWebhookURL: optional(w.pre), PostWebhookURL: optional(w.post),
		Filters: w.filters, Method: w.method, URL: x.url("Services", s.sid, "Configuration", "Webhooks"),
	}
	if v.Method == "" {
		v.Method = "POST"
	}
	if v.Filters == nil {
		v.Filters = []string{}
	}
	return ok(v)
}

func (t *target) updateWebhooks(x *Exchange, s *service) (Reply, error) {
	const maxURL = 2048
	f := form{values: x.Form}
	next := s.webhooks
	f.some("PreWebhookUrl", "PostWebhookUrl", "Filters", "Method")
	f.text("PreWebhookUrl", &next.pre, maxURL, 50077)
	f.text("PostWebhookUrl", &next.post, maxURL, 50078)
	f.text("Method", &next.method, len("POST"), 50055)
	if f.has("Filters") {
		next.filters = slices.DeleteFunc(slices.Clone(x.Form["Filters"]), func(s string) bool { return s == "" })
	}
	for _, event := range next.filters {
		if !slices.Contains(webhookEvents, event) {
			f.fail(invalid(50054, "Filter %q is not an event of a service", event))
		}
	}
	if f.has("Method") && next.method != "GET" && next.method != "POST" {
		f.fail(invalid(50055, "Method is neither GET nor POST"))
	}
	for code, address := range map[int]string{50077: next.pre, 50078: next.post} {
		if address != "" && !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
			f.fail(invalid(code, "%q is not a URL", address))
		}
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	s.webhooks = next
	return t.fetchWebhooks(x, s)
}

// fire counts the callback that a write would have made: those by API fire only
// when asked, and only after the event.
func (t *target) fire(x *Exchange, s *service, c *conversation, event string) {
	t.announce(x, event)
	t.fireScoped(x, c, event)
	w := s.webhooks
	if x.webhooks && w.post != "" && (len(w.filters) == 0 || slices.Contains(w.filters, event)) {
		t.counts.webhooks.Add(1)
	}
}
