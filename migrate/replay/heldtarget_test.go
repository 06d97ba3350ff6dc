package replay_test

import (
	"context"
	"iter"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// heldTarget leaves out only what no migration asks. What it is asked about a claim
// bears another name, such as "claim SetConversation": a run holds one beside its
// work, and renews it as time passes.
type heldTarget struct {
	migrate.Target
	c *calls
}

func (h heldTarget) Services(ctx context.Context) iter.Seq2[conversations.Service, error] {
	return listed(h.c, "target Services", func() iter.Seq2[conversations.Service, error] { return h.Target.Services(ctx) })
}

func (h heldTarget) Configuration(ctx context.Context, service string) (conversations.Configuration, error) {
	return asked(h.c, "target Configuration", func() (conversations.Configuration, error) { return h.Target.Configuration(ctx, service) })
}

func (h heldTarget) Roles(ctx context.Context, service string) iter.Seq2[conversations.Role, error] {
	return listed(h.c, "target Roles", func() iter.Seq2[conversations.Role, error] { return h.Target.Roles(ctx, service) })
}

func (h heldTarget) Conversations(ctx context.Context, service string) iter.Seq2[conversations.Conversation, error] {
	return listed(h.c, "target Conversations", func() iter.Seq2[conversations.Conversation, error] { return h.Target.Conversations(ctx, service) })
}

func (h heldTarget) Conversation(ctx context.Context, service, name string) (conversations.Conversation, error) {
	return asked(h.c, "target Conversation", func() (conversations.Conversation, error) { return h.Target.Conversation(ctx, service, name) })
}

func (h heldTarget) ConversationAt(ctx context.Context, service, name string) (conversations.Conversation, time.Time, error) {
	var at time.Time
	got, err := asked(h.c, h.c.about(name)+" ConversationAt", func() (got conversations.Conversation, err error) {
		got, at, err = h.Target.ConversationAt(ctx, service, name)
		h.c.claimed(got)
		return got, err
	})
	return got, at, err
}

func (h heldTarget) Participants(ctx context.Context, service, conversation string) iter.Seq2[conversations.Participant, error] {
	return listed(h.c, "target Participants", func() iter.Seq2[conversations.Participant, error] {
		return h.Target.Participants(ctx, service, conversation)
	})
}

func (h heldTarget) Messages(ctx context.Context, service, conversation string, newest bool) iter.Seq2[conversations.Message, error] {
	return listed(h.c, "target Messages", func() iter.Seq2[conversations.Message, error] {
		return h.Target.Messages(ctx, service, conversation, newest)
	})
}

func (h heldTarget) Message(ctx context.Context, service, conversation, message string) (conversations.Message, error) {
	return asked(h.c, "target Message", func() (conversations.Message, error) { return h.Target.Message(ctx, service, conversation, message) })
}

func (h heldTarget) Timers(ctx context.Context) (migrate.Timers, error) {
	return asked(h.c, "target Timers", func() (migrate.Timers, error) { return h.Target.Timers(ctx) })
}

func (h heldTarget) Limits(ctx context.Context, service string) (migrate.Limits, error) {
	return asked(h.c, "target Limits", func() (migrate.Limits, error) { return h.Target.Limits(ctx, service) })
}

func (h heldTarget) AppendService(ctx context.Context, s conversations.Service) (conversations.Service, error) {
	return asked(h.c, "target AppendService", func() (conversations.Service, error) { return h.Target.AppendService(ctx, s) })
}

func (h heldTarget) AppendRole(ctx context.Context, service string, r conversations.Role) (conversations.Role, error) {
	return asked(h.c, "target AppendRole", func() (conversations.Role, error) { return h.Target.AppendRole(ctx, service, r) })
}

func (h heldTarget) SetRole(ctx context.Context, service string, r conversations.Role) error {
	return h.c.do("target SetRole", func() error { return h.Target.SetRole(ctx, service, r) })
}

func (h heldTarget) EnsureUser(ctx context.Context, service string, u conversations.User) (conversations.User, migrate.Change, error) {
	var change migrate.Change
	got, err := asked(h.c, "target EnsureUser", func() (got conversations.User, err error) {
		got, change, err = h.Target.EnsureUser(ctx, service, u)
		return got, err
	})
	return got, change, err
}

func (h heldTarget) SetUser(ctx context.Context, service string, u conversations.User) (conversations.User, error) {
	return asked(h.c, "target SetUser", func() (conversations.User, error) { return h.Target.SetUser(ctx, service, u) })
}

func (h heldTarget) AppendConversation(ctx context.Context, service string, one conversations.Conversation) (conversations.Conversation, error) {
	return asked(h.c, h.c.about(one.UniqueName)+" AppendConversation", func() (conversations.Conversation, error) {
		got, err := h.Target.AppendConversation(ctx, service, one)
		h.c.claimed(got)
		return got, err
	})
}

func (h heldTarget) SetConversation(ctx context.Context, service string, one conversations.Conversation) error {
	return h.c.do(h.c.about(one.SID)+" SetConversation", func() error { return h.Target.SetConversation(ctx, service, one) })
}

func (h heldTarget) EnsureParticipant(ctx context.Context, service, conversation string, p conversations.Participant, keep func(conversations.Participant) bool) (conversations.Participant, migrate.Change, error) {
	var change migrate.Change
	got, err := asked(h.c, "target EnsureParticipant", func() (got conversations.Participant, err error) {
		got, change, err = h.Target.EnsureParticipant(ctx, service, conversation, p, keep)
		return got, err
	})
	return got, change, err
}

func (h heldTarget) SetHorizon(ctx context.Context, service, conversation, participant string, at conversations.Horizon) error {
	return h.c.do("target SetHorizon", func() error { return h.Target.SetHorizon(ctx, service, conversation, participant, at) })
}

func (h heldTarget) SetNotificationLevel(ctx context.Context, service, user, conversation, level string) error {
	return h.c.do("target SetNotificationLevel", func() error {
		return h.Target.SetNotificationLevel(ctx, service, user, conversation, level)
	})
}

func (h heldTarget) AppendMessage(ctx context.Context, service, conversation string, m conversations.Message) (conversations.Message, error) {
	return asked(h.c, "target AppendMessage", func() (conversations.Message, error) {
		return h.Target.AppendMessage(ctx, service, conversation, m)
	})
}

func (h heldTarget) SetMessage(ctx context.Context, service, conversation string, m conversations.Message) error {
	return h.c.do("target SetMessage", func() error { return h.Target.SetMessage(ctx, service, conversation, m) })
}

func (h heldTarget) DeleteMessage(ctx context.Context, service, conversation, message string) error {
	return h.c.do("target DeleteMessage", func() error { return h.Target.DeleteMessage(ctx, service, conversation, message) })
}

func (h heldTarget) DeleteConversation(ctx context.Context, service, conversation string) error {
	return h.c.do(h.c.about(conversation)+" DeleteConversation", func() error { return h.Target.DeleteConversation(ctx, service, conversation) })
}

func (h heldTarget) DeleteService(ctx context.Context, service string) error {
	return h.c.do("target DeleteService", func() error { return h.Target.DeleteService(ctx, service) })
}

func (h heldTarget) SetRoleDefaults(ctx context.Context, service string, all conversations.Configuration) error {
	return h.c.do("target SetRoleDefaults", func() error { return h.Target.SetRoleDefaults(ctx, service, all) })
}

func (h heldTarget) SetNotifications(ctx context.Context, service string, n conversations.Notifications) error {
	return h.c.do("target SetNotifications", func() error { return h.Target.SetNotifications(ctx, service, n) })
}

func (h heldTarget) SetWebhooks(ctx context.Context, service string, w conversations.Webhooks) error {
	return h.c.do("target SetWebhooks", func() error { return h.Target.SetWebhooks(ctx, service, w) })
}

func (h heldTarget) SetLimits(ctx context.Context, service string, l migrate.Limits) error {
	return h.c.do("target SetLimits", func() error { return h.Target.SetLimits(ctx, service, l) })
}
