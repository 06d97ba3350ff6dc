package twilio

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"sync"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Configuration is of migrate.TargetReader. It takes three requests.
func (t *Target) Configuration(ctx context.Context, serviceSID string) (conversations.Configuration, error) {
	service := segment(serviceSID)
	var n conversations.Notifications
	var w conversations.Webhooks
	var failed, unsaid error
	var g sync.WaitGroup
	g.Go(func() {
		n, failed = one(t.host, ctx, "read notification settings", serviceSID, reading, decodeJSON[conversations.Notifications], func(c *call) error {
			_, err := conversationsAPI(c).FetchServiceNotification(service)
			return err
		})
	})
	g.Go(func() {
		w, unsaid = one(t.host, ctx, "read webhook settings", serviceSID, reading, decodeJSON[conversations.Webhooks], func(c *call) error {
			_, err := conversationsAPI(c).FetchServiceWebhookConfiguration(service)
			return err
		})
	})
	c, err := one(t.host, ctx, "read configuration", serviceSID, reading, decodeJSON[conversations.Configuration], func(c *call) error {
		_, err := conversationsAPI(c).FetchServiceConfiguration(service)
		return err
	})
	g.Wait()
	c.Notifications, c.Webhooks = n, w
	return c, cmp.Or(err, failed, unsaid)
}

// Timers is of migrate.TargetReader.
func (t *Target) Timers(ctx context.Context) (migrate.Timers, error) {
	type reply struct {
		Inactive string `json:"default_inactive_timer"`
		Closed   string `json:"default_closed_timer"`
	}
	r, err := one(t.host, ctx, "read account configuration", "", reading, decodeJSON[reply], func(c *call) error {
		_, err := conversationsAPI(c).FetchConfiguration()
		return err
	})
	return migrate.Timers{Inactive: r.Inactive, Closed: r.Closed}, err
}

// SetRoleDefaults is of migrate.Target.
func (t *Target) SetRoleDefaults(ctx context.Context, serviceSID string, c conversations.Configuration) error {
	return t.set(ctx, "set configuration", serviceSID, func(k *call) error {
		_, err := conversationsAPI(k).UpdateServiceConfiguration(segment(serviceSID), &convv1.UpdateServiceConfigurationParams{
			DefaultConversationCreatorRoleSid: text(c.DefaultConversationCreatorRoleSID),
			DefaultConversationRoleSid:        text(c.DefaultConversationRoleSID),
			DefaultChatServiceRoleSid:         text(c.DefaultChatServiceRoleSID),
			ReachabilityEnabled:               &c.ReachabilityEnabled,
		})
		return err
	})
}

// SetNotifications is of migrate.Target. Templates and sounds that are empty
// stay as they are.
func (t *Target) SetNotifications(ctx context.Context, serviceSID string, n conversations.Notifications) error {
	return t.set(ctx, "set notifications", serviceSID, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceNotification(segment(serviceSID), &convv1.UpdateServiceNotificationParams{
			LogEnabled:                      &n.LogEnabled,
			NewMessageEnabled:               &n.NewMessage.Enabled,
			NewMessageTemplate:              text(n.NewMessage.Template),
			NewMessageSound:                 text(n.NewMessage.Sound),
			NewMessageBadgeCountEnabled:     &n.NewMessage.BadgeCountEnabled,
			AddedToConversationEnabled:      &n.AddedToConversation.Enabled,
			AddedToConversationTemplate:     text(n.AddedToConversation.Template),
			AddedToConversationSound:        text(n.AddedToConversation.Sound),
			RemovedFromConversationEnabled:  &n.RemovedFromConversation.Enabled,
			RemovedFromConversationTemplate: text(n.RemovedFromConversation.Template),
			RemovedFromConversationSound:    text(n.RemovedFromConversation.Sound),
		})
		return err
	})
}

// SetWebhooks is of migrate.Target. URLs are sent even where they are empty,
// since that is how one is removed.
func (t *Target) SetWebhooks(ctx context.Context, serviceSID string, w conversations.Webhooks) error {
	return t.set(ctx, "set webhooks", serviceSID, func(c *call) error {
		params := &convv1.UpdateServiceWebhookConfigurationParams{
			PreWebhookUrl:  &w.PreWebhookURL,
			PostWebhookUrl: &w.PostWebhookURL,
			Method:         text(w.Method),
		}
		if len(w.Filters) > 0 {
			params.Filters = &w.Filters
		}
		_, err := conversationsAPI(c).UpdateServiceWebhookConfiguration(segment(serviceSID), params)
		return err
	})
}

// set makes a repeatable write to the settings of a service. No document names
// a limit for those, so they are not paced.
func (t *Target) set(ctx context.Context, op, serviceSID string, ask func(*call) error) error {
	_, err := one(t.host, ctx, op, serviceSID, transport.Call{Class: transport.Ensure}, decodeJSON[map[string]json.RawMessage], ask)
	return err
}

// decodeJSON decodes a reply that has no SID of its own.
func decodeJSON[T any](raw []byte) (T, error) {
	var r T
	if err := chat.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("decode reply: %w", err)
	}
	return r, nil
}
