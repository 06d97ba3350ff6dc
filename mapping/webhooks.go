package mapping

import (
	"maps"
	"slices"
	"strings"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// events of Chat and their names in Conversations. That onMediaMessageSend and
// onMediaMessageSent existed, and how the member events of Chat v2 were spelled,
// no document settles; the names cost nothing where they never occur.
var events = map[string]string{
	"onMessageSend":      "onMessageAdd",
	"onMessageSent":      "onMessageAdded",
	"onMessageUpdate":    "onMessageUpdate",
	"onMessageUpdated":   "onMessageUpdated",
	"onMessageRemove":    "onMessageRemove",
	"onMessageRemoved":   "onMessageRemoved",
	"onMediaMessageSend": "onMessageAdd",
	"onMediaMessageSent": "onMessageAdded",
	"onChannelAdd":       "onConversationAdd",
	"onChannelAdded":     "onConversationAdded",
	"onChannelUpdate":    "onConversationUpdate",
	"onChannelUpdated":   "onConversationUpdated",
	"onChannelDestroy":   "onConversationRemove",
	"onChannelDestroyed": "onConversationRemoved",
	"onMemberAdd":        "onParticipantAdd",
	"onMemberAdded":      "onParticipantAdded",
	"onMemberUpdate":     "onParticipantUpdate",
	"onMemberUpdated":    "onParticipantUpdated",
	"onMemberRemove":     "onParticipantRemove",
	"onMemberRemoved":    "onParticipantRemoved",
}

// accountEvents exist in Conversations among the filters of the account and not
// among those of a service.
var accountEvents = map[string]bool{
	"onUserAdded":   true,
	"onUserUpdate":  true,
	"onUserUpdated": true,
}

func (n *notes) webhooks(s chat.Service) conversations.Webhooks {
	out := conversations.Webhooks{
		PreWebhookURL:  n.text(s.PreWebhookURL, "pre_webhook_url"),
		PostWebhookURL: n.text(s.PostWebhookURL, "post_webhook_url"),
	}
	if !out.Off() {
		n.add(WebhookPayload, "post_webhook_url", "ChannelSid becomes ConversationSid, From becomes Author, and so on")
	}
	switch method := strings.ToUpper(s.WebhookMethod); method {
	case "GET", "POST":
		out.Method = method
	case "":
		if !out.Off() {
			out.Method = "POST" // what Chat takes where none is set
		}
	default:
		out.Method = "POST"
		n.add(WebhookMethod, "webhook_method", "%q", s.WebhookMethod)
	}
	for _, event := range s.WebhookFilters {
		to, known := events[event]
		switch {
		case accountEvents[event]:
			n.add(WebhookEventAccount, "webhook_filters", "%s", event)
		case !known:
			n.add(WebhookEventUnknown, "webhook_filters", "%q", event)
		case !slices.Contains(out.Filters, to):
			out.Filters = append(out.Filters, to)
		}
	}
	for _, event := range slices.Sorted(maps.Keys(s.Webhooks)) {
		if w := s.Webhooks[event]; w.URL != "" {
			n.add(EventWebhook, "webhooks."+event, "method %q, format %q", w.Method, w.Format)
		}
	}
	return out
}
