package emulator

import (
	"cmp"
	"slices"
)

// AccountWebhooks are the callbacks of all services of the target account. The zero
// value has none.
type AccountWebhooks struct {
	Pre, Post string // URLs
	Method    string // GET or POST; defaults to POST
	Filters   []string
	Target    string // webhook or flex; defaults to webhook
}

type accountWebhooksView struct {
	AccountSID     string   `json:"account_sid"`
	Method         string   `json:"method"`
	Filters        []string `json:"filters"`
	PreWebhookURL  *string  `json:"pre_webhook_url"`
	PostWebhookURL *string  `json:"post_webhook_url"`
	Target         string   `json:"target"`
	URL            string   `json:"url"`
}

func (t *target) fetchAccountWebhooks(x *Exchange) (Reply, error) {
	w := t.config.AccountWebhooks
	return ok(accountWebhooksView{
		AccountSID: t.account, Method: cmp.Or(w.Method, "POST"), Filters: append([]string{}, w.Filters...),
		PreWebhookURL: optional(w.Pre), PostWebhookURL: optional(w.Post), Target: cmp.Or(w.Target, "webhook"),
		URL: x.url("Configuration", "Webhooks"),
	})
}

// hears reports whether one of the callbacks is made after an event.
func (w AccountWebhooks) hears(event string) bool {
	return w.Post != "" && (len(w.Filters) == 0 || slices.Contains(w.Filters, event))
}

// announce counts what a write would have made the account's own listeners hear:
// callbacks if it asked for them, and Event Streams in any case, because no document
// says that a write by API is kept from them.
func (t *target) announce(x *Exchange, event string) {
	if x.webhooks && t.config.AccountWebhooks.hears(event) {
		t.counts.webhooks.Add(1)
	}
	for _, s := range t.config.Subscriptions {
		if s.hears(streamed(event)) {
			t.counts.streamed.Add(1)
		}
	}
}
