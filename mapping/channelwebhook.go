package mapping

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// scopedEvents are those that a webhook of one conversation can have. What happens
// before an event calls the service's own webhooks alone, and a conversation is there
// when its webhook is made (Twilio, conversation-scoped webhooks).
var scopedEvents = map[string]bool{
	"onMessageAdded": true, "onMessageUpdated": true, "onMessageRemoved": true,
	"onConversationUpdated": true, "onConversationRemoved": true,
	"onParticipantAdded": true, "onParticipantUpdated": true, "onParticipantRemoved": true,
}

var flowSID = regexp.MustCompile(`^FW[0-9a-fA-F]{32}$`)

// ChannelWebhook maps a webhook of a channel. The result is false if it is left out:
// by the policy, or because Conversations would refuse it.
func (m Mapper) ChannelWebhook(w chat.ChannelWebhook) (conversations.ConversationWebhook, bool, []Finding) {
	n := m.notes(w.SID, w.ChannelSID)
	c := w.Configuration
	out := conversations.ConversationWebhook{Target: w.Type, URL: c.URL, FlowSID: c.FlowSID}
	carried := n.add(ChannelWebhook, "", "type %q", w.Type) == doCarry
	if carried {
		out.Method = n.webhookMethod(w)
		n.webhookWhen(&out, c)
		if c.RetryCount != nil && *c.RetryCount != 0 {
			n.add(ServiceSetting, "configuration.retry_count", "%d", *c.RetryCount)
		}
		if why := unfit(out); why != "" {
			n.add(WebhookUnfit, "", "%s", why)
		} else if w.Type != chat.WebhookToStudio {
			n.add(WebhookPayload, "configuration.url", "ChannelSid becomes ConversationSid, From becomes Author, and so on")
		}
	}
	n.unknownFields("channel_webhook", w.Raw)
	n.keepSkipped(w.Raw, w)
	if !carried || Skipped(n.found) {
		return conversations.ConversationWebhook{}, false, n.found
	}
	return out, true, n.found
}

// CarriesWebhooks reports whether the policy carries webhooks of channels at all.
func (m Mapper) CarriesWebhooks() bool { return m.Policy.option(ChannelWebhook).Choice == doCarry }

// webhookMethod is get or post, as webhooks of conversations spell it; Chat takes
// POST if none is set.
func (n *notes) webhookMethod(w chat.ChannelWebhook) string {
	method := strings.ToLower(w.Configuration.Method)
	switch {
	case w.Type == chat.WebhookToStudio:
		return ""
	case method == "get" || method == "post":
		return method
	case method != "":
		n.add(WebhookMethod, "configuration.method", "%q", w.Configuration.Method)
	}
	return "post"
}

// webhookWhen maps what calls a webhook: keywords of a trigger, events of others.
func (n *notes) webhookWhen(out *conversations.ConversationWebhook, c chat.WebhookConfiguration) {
	if out.Target == chat.WebhookToTrigger {
		out.Triggers = c.Keywords()
		return
	}
	for _, event := range c.Filters {
		to, known := events[event]
		switch {
		case !known && !accountEvents[event]:
			n.add(WebhookEventUnknown, "configuration.filters", "%q", event)
		case !scopedEvents[to]:
			n.add(WebhookEventScope, "configuration.filters", "%s", event)
		case !slices.Contains(out.Filters, to):
			out.Filters = append(out.Filters, to)
		}
	}
	if out.Target == chat.WebhookToStudio && len(c.Filters) > 0 && len(out.Filters) == 0 {
		out.FlowSID = "" // of no event it would be called by the default one, which it was not
	}
}

// unfit says why Conversations would refuse a webhook; empty if it would not.
func unfit(w conversations.ConversationWebhook) string {
	url := func() string {
		switch {
		case !strings.HasPrefix(w.URL, "http://") && !strings.HasPrefix(w.URL, "https://"):
			return "it has no URL that can be called"
		case utf8.RuneCountInString(w.URL) > conversations.MaxWebhookURL:
			return "the URL has more than 512 characters"
		}
		return ""
	}
	switch w.Target {
	case chat.WebhookToURL:
		if len(w.Filters) == 0 {
			return "no event is left that would call it"
		}
		return url()
	case chat.WebhookToTrigger:
		switch {
		case len(w.Triggers) == 0:
			return "it has no keyword"
		case len(w.Triggers) > conversations.MaxWebhookTriggers:
			return "it has more than 5 keywords"
		case slices.ContainsFunc(w.Triggers, func(t string) bool { return utf8.RuneCountInString(t) > conversations.MaxWebhookTrigger }):
			return "a keyword has more than 248 characters"
		}
		return url()
	case chat.WebhookToStudio:
		if !flowSID.MatchString(w.FlowSID) {
			return "it has no flow, or no event is left that would start it"
		}
		return ""
	}
	return "its type is unknown"
}

// SameWebhook reports whether two webhooks of conversations do the same, whatever
// their SIDs and the order of what is in them. A reply may show keywords as filters.
func SameWebhook(a, b conversations.ConversationWebhook) bool {
	when := func(w conversations.ConversationWebhook) []string {
		if len(w.Triggers) == 0 || w.Target != conversations.WebhookToTrigger {
			return w.Filters
		}
		return w.Triggers
	}
	return a.Target == b.Target && a.URL == b.URL && a.FlowSID == b.FlowSID &&
		(a.Target == conversations.WebhookToStudio || strings.EqualFold(a.Method, b.Method)) && SamePermissions(when(a), when(b))
}

// Binding says what is lost with a device that is registered for push notifications.
// It repeats nothing of the device or its user.
func (m Mapper) Binding(b chat.Binding) []Finding {
	n := m.notes(b.SID, "")
	n.add(BindingLost, "", "of type %q", b.Kind())
	n.unknownFields("binding", b.Raw)
	return n.found
}
