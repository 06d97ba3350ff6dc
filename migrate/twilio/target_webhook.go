package twilio

import (
	"context"
	"iter"
	"strings"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/mapping/conversations"
)

// webhooksPage is the largest page of webhooks, which is also as many as there can be.
const webhooksPage = 5

// Webhooks is of migrate.TargetReader.
func (t *Target) Webhooks(ctx context.Context, serviceSID, conversationSID string) iter.Seq2[conversations.ConversationWebhook, error] {
	return records(t.host, ctx, "list webhooks", conversationSID, func(c *call) error {
		params := (&convv1.ListServiceConversationScopedWebhookParams{}).SetPageSize(webhooksPage)
		_, err := conversationsAPI(c).PageServiceConversationScopedWebhook(segment(serviceSID), segment(conversationSID), params, "", "")
		return err
	}, decodeWebhook, func(r conversations.ConversationWebhook) string { return r.SID })
}

// AppendWebhook is of migrate.Target. It never asks for a replay.
func (t *Target) AppendWebhook(ctx context.Context, serviceSID, conversationSID string, w conversations.ConversationWebhook) (conversations.ConversationWebhook, error) {
	limits := once(ofConversation(serviceSID, conversationSID))
	return one(t.host, ctx, "create webhook", conversationSID, limits, decodeWebhook, func(c *call) error {
		params := &convv1.CreateServiceConversationScopedWebhookParams{
			Target: &w.Target, ConfigurationUrl: text(w.URL), ConfigurationMethod: text(w.Method), ConfigurationFlowSid: text(w.FlowSID),
		}
		if len(w.Filters) > 0 {
			params.ConfigurationFilters = &w.Filters
		}
		if len(w.Triggers) > 0 {
			params.ConfigurationTriggers = &w.Triggers
		}
		_, err := conversationsAPI(c).CreateServiceConversationScopedWebhook(segment(serviceSID), segment(conversationSID), params)
		return err
	})
}

type webhookReply struct {
	SID           string `json:"sid"`
	Target        string `json:"target"`
	Configuration struct {
		URL      string   `json:"url"`
		Method   string   `json:"method"`
		Filters  []string `json:"filters"`
		Triggers []string `json:"triggers"`
		FlowSID  string   `json:"flow_sid"`
	} `json:"configuration"`
}

func decodeWebhook(raw []byte) (conversations.ConversationWebhook, error) {
	r, err := unmarshal(raw, func(r webhookReply) string { return r.SID })
	c := r.Configuration
	return conversations.ConversationWebhook{
		SID: r.SID, Target: r.Target, URL: c.URL, Method: strings.ToLower(c.Method),
		Filters: c.Filters, Triggers: c.Triggers, FlowSID: c.FlowSID,
	}, err
}
