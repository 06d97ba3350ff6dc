package emulator

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// scopedWebhook is a callback of one conversation.
type scopedWebhook struct {
	sid, target, url, method, flow string
	filters, triggers              []string
	created, updated               date
}

var webhookPages = listing{key: "webhooks", max: 5}

// Limits of webhooks of conversations, as Twilio's error dictionary has them.
const (
	maxScopedWebhooks = 5
	maxTriggers       = 5
	maxTrigger        = 248
	maxScopedURL      = 512
)

// scopedEvents is what a webhook of a conversation can be called for.
var scopedEvents = []string{
	"onMessageAdded", "onMessageUpdated", "onMessageRemoved",
	"onConversationUpdated", "onConversationRemoved", "onConversationStateUpdated",
	"onParticipantAdded", "onParticipantUpdated", "onParticipantRemoved", "onDeliveryUpdated",
}

func (t *target) createWebhook(x *Exchange, _ *service, c *conversation) (Reply, error) {
	if c.webhooks.len() >= maxScopedWebhooks {
		return Reply{}, invalid(50361, "The conversation has %d webhooks", c.webhooks.len())
	}
	w := &scopedWebhook{sid: t.newSID("WH"), created: dateOf(x.now), updated: dateOf(x.now)}
	f := form{values: x.Form}
	f.text("Target", &w.target, len("webhook"), 50364)
	f.text("Configuration.Url", &w.url, maxScopedURL, 50372)
	f.text("Configuration.Method", &w.method, len("post"), 50365)
	f.text("Configuration.FlowSid", &w.flow, 34, 50370)
	w.filters, w.triggers = x.Form["Configuration.Filters"], x.Form["Configuration.Triggers"]
	f.fail(w.invalid(x.Form.Get("Configuration.ReplayAfter") != ""))
	if f.err != nil {
		return Reply{}, f.err
	}
	c.webhooks.add(w.sid, w)
	return created(t.showWebhook(x, c, w))
}

// invalid is what Twilio would refuse; nil if nothing. A replay, which calls for what
// was said before, is refused here: nothing that migrates may ask for one.
func (w *scopedWebhook) invalid(replays bool) error {
	reachable := strings.HasPrefix(w.url, "http://") || strings.HasPrefix(w.url, "https://")
	switch {
	case replays:
		return invalid(50367, "ReplayAfter is not wanted here")
	case !slices.Contains([]string{"webhook", "trigger", "studio"}, w.target):
		return invalid(50364, "Target is none of webhook, trigger and studio")
	case w.method != "" && w.method != "get" && w.method != "post":
		return invalid(50365, "Method is neither get nor post")
	case w.target == "studio" && w.flow == "":
		return invalid(50370, "FlowSid is required")
	case w.target != "studio" && !reachable:
		return invalid(50368, "%q is not a URL", w.url)
	case w.target == "trigger" && (len(w.triggers) == 0 || len(w.triggers) > maxTriggers):
		return invalid(50362, "%d triggers", len(w.triggers))
	case slices.ContainsFunc(w.triggers, func(s string) bool { return utf8.RuneCountInString(s) > maxTrigger }):
		return invalid(50366, "A trigger is too long")
	case slices.ContainsFunc(w.filters, func(s string) bool { return !slices.Contains(scopedEvents, s) }):
		return invalid(50369, "A filter is not an event of one conversation")
	case w.target == "webhook" && len(w.filters) == 0:
		return invalid(50369, "Filters are required")
	}
	return nil
}

func (t *target) listWebhooks(x *Exchange, _ *service, c *conversation) (Reply, error) {
	at, err := t.pager.cursor(x, webhookPages)
	if err != nil {
		return Reply{}, err
	}
	return t.pager.list(x, webhookPages, at, shown(c.webhooks.from(at.after), func(w *scopedWebhook) any { return t.showWebhook(x, c, w) }))
}

func (t *target) fetchWebhook(x *Exchange, _ *service, c *conversation) (Reply, error) {
	w, found := c.webhooks.find(x.args[2])
	if !found {
		return Reply{}, notFound("Webhook", x.args[2])
	}
	return ok(t.showWebhook(x, c, w))
}

func (t *target) deleteWebhook(x *Exchange, _ *service, c *conversation) (Reply, error) {
	if !c.webhooks.remove(x.args[2]) {
		return Reply{}, notFound("Webhook", x.args[2])
	}
	return Reply{Status: http.StatusNoContent}, nil
}

type scopedWebhookView struct {
	SID             string         `json:"sid"`
	AccountSID      string         `json:"account_sid"`
	ChatServiceSID  string         `json:"chat_service_sid"`
	ConversationSID string         `json:"conversation_sid"`
	Target          string         `json:"target"`
	Configuration   map[string]any `json:"configuration"`
	DateCreated     date           `json:"date_created"`
	DateUpdated     date           `json:"date_updated"`
	URL             string         `json:"url"`
}

// showWebhook shows keywords as filters, as the examples in Twilio's document do.
func (t *target) showWebhook(x *Exchange, c *conversation, w *scopedWebhook) any {
	service := x.args[0]
	shown := map[string]any{"url": w.url, "method": strings.ToUpper(w.method), "filters": w.filters}
	switch w.target {
	case "trigger":
		shown["filters"] = w.triggers
	case "studio":
		shown = map[string]any{"flow_sid": w.flow}
		if len(w.filters) > 0 {
			shown["filters"] = w.filters
		}
	}
	return scopedWebhookView{
		SID: w.sid, AccountSID: t.account, ChatServiceSID: service, ConversationSID: c.sid, Target: w.target, Configuration: shown,
		DateCreated: w.created, DateUpdated: w.updated, URL: x.url("Services", service, "Conversations", c.sid, "Webhooks", w.sid),
	}
}

// fireScoped counts the callbacks of a conversation that a write would have made: when
// it asked for them, or whenever it came if the emulator is unkind in this way.
func (t *target) fireScoped(x *Exchange, c *conversation, event string) {
	if !x.webhooks && !t.config.Unkind.EagerWebhooks {
		return
	}
	for w := range c.webhooks.all() {
		if slices.Contains(w.filters, event) || len(w.filters) == 0 && event == "onMessageAdded" {
			t.counts.webhooks.Add(1)
		}
	}
}
