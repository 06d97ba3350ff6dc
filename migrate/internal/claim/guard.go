package claim

import (
	"context"
	"iter"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// Guard is the target with a guard before its verbs: nothing is written into a
// service that is not claimed, and nothing after a claim has lapsed. A verb that
// writes through it cannot forget to ask. Lists leave claims out.
func (c *Claims) Guard() migrate.Target { return guard{c.Target, c} }

type guard struct {
	migrate.Target
	claims *Claims
}

func (g guard) Conversations(ctx context.Context, serviceSID string) iter.Seq2[conversations.Conversation, error] {
	return migrate.WithoutClaim(g.Target).Conversations(ctx, serviceSID)
}

// write begins a write into a service when it may, and notes how it ended.
func (g guard) write(ctx context.Context, serviceSID string, do func(context.Context) error) error {
	return g.claimed(ctx, serviceSID, func(ctx context.Context) error { return g.noted(ctx, do) })
}

// noted tells of a write that may still take effect: it had no answer, or was repeated
// when an attempt had none.
func (g guard) noted(ctx context.Context, do func(context.Context) error) error {
	asked, repeated := migrate.WithDoubt(ctx)
	err := do(asked)
	if repeated() || err != nil && mayLand(migrate.KindOf(err)) {
		g.unanswered()
	}
	return err
}

// mayLand reports whether a write that failed so may have been carried out, or may be
// yet. Of the rest the service said that it was not.
func mayLand(k migrate.Kind) bool {
	switch k {
	case migrate.InDoubt, migrate.Unavailable, migrate.Interrupted, migrate.Stalled, migrate.Failed:
		return true
	}
	return false
}

func (g guard) unanswered() {
	if g.claims.Unanswered != nil {
		g.claims.Unanswered()
	}
}

func (g guard) claimed(ctx context.Context, serviceSID string, do func(context.Context) error) error {
	h := g.claims.of(serviceSID)
	if err := g.claims.Err(); err != nil {
		return err
	}
	if h == nil {
		return errUnclaimed(serviceSID)
	}
	if err := h.Claims.begin(ctx); err != nil {
		return err
	}
	if err := h.ready(ctx); err != nil {
		return err
	}
	err := do(migrate.WithPermit(ctx, h.permit))
	if err != nil {
		h.ended(ctx, err)
		if lost := h.Err(); lost != nil {
			return lost
		}
	}
	return err
}

// of is write for what answers with something.
func of[T any](ctx context.Context, g guard, serviceSID string, do func(context.Context) (T, error)) (r T, err error) {
	err = g.write(ctx, serviceSID, func(ctx context.Context) error {
		r, err = do(ctx)
		return err
	})
	return r, err
}

// appending is of for what has no key, so that it must not arrive after the lease: it
// is cut off when that is over, and then nobody knows what became of it.
func appending[T any](ctx context.Context, g guard, do func(context.Context) (T, error)) (T, error) {
	if g.claims.lease == nil {
		return do(ctx)
	}
	during, stop := g.claims.lease.During(ctx)
	defer stop()
	r, err := do(during)
	if err != nil && during.Err() != nil && ctx.Err() == nil && migrate.KindOf(err) == migrate.Interrupted {
		err = &migrate.Error{Op: "write", Kind: migrate.InDoubt, Err: context.Cause(during), Hint: "run the same command again to resume"}
	}
	return r, err
}

// AppendService is of no service yet, and EnsureCredential of none: they are not
// guarded, but that nothing is written once a claim was lost.
func (g guard) AppendService(ctx context.Context, s conversations.Service) (made conversations.Service, err error) {
	if err := g.claims.begin(ctx); err != nil {
		return conversations.Service{}, err
	}
	err = g.noted(migrate.WithPermit(ctx, g.claims.permit), func(ctx context.Context) error {
		made, err = appending(ctx, g, func(ctx context.Context) (conversations.Service, error) { return g.Target.AppendService(ctx, s) })
		return err
	})
	return made, err
}

func (g guard) EnsureCredential(ctx context.Context, c migrate.Credential) (made conversations.Credential, change migrate.Change, err error) {
	if err := g.claims.begin(ctx); err != nil {
		return conversations.Credential{}, migrate.Unchanged, err
	}
	err = g.noted(migrate.WithPermit(ctx, g.claims.permit), func(ctx context.Context) error {
		made, change, err = g.Target.EnsureCredential(ctx, c)
		return err
	})
	return made, change, err
}

func (g guard) AppendRole(ctx context.Context, serviceSID string, r conversations.Role) (conversations.Role, error) {
	return of(ctx, g, serviceSID, func(ctx context.Context) (conversations.Role, error) {
		return appending(ctx, g, func(ctx context.Context) (conversations.Role, error) { return g.Target.AppendRole(ctx, serviceSID, r) })
	})
}

func (g guard) SetRole(ctx context.Context, serviceSID string, r conversations.Role) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error { return g.Target.SetRole(ctx, serviceSID, r) })
}

func (g guard) EnsureUser(ctx context.Context, serviceSID string, u conversations.User) (made conversations.User, change migrate.Change, err error) {
	made, err = of(ctx, g, serviceSID, func(ctx context.Context) (conversations.User, error) {
		made, change, err = g.Target.EnsureUser(ctx, serviceSID, u)
		return made, err
	})
	return made, change, err
}

func (g guard) SetUser(ctx context.Context, serviceSID string, u conversations.User) (conversations.User, error) {
	return of(ctx, g, serviceSID, func(ctx context.Context) (conversations.User, error) {
		return g.Target.SetUser(ctx, serviceSID, u)
	})
}

func (g guard) AppendConversation(ctx context.Context, serviceSID string, c conversations.Conversation) (conversations.Conversation, error) {
	return of(ctx, g, serviceSID, func(ctx context.Context) (conversations.Conversation, error) {
		return appending(ctx, g, func(ctx context.Context) (conversations.Conversation, error) {
			return g.Target.AppendConversation(ctx, serviceSID, c)
		})
	})
}

func (g guard) SetConversation(ctx context.Context, serviceSID string, c conversations.Conversation) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error { return g.Target.SetConversation(ctx, serviceSID, c) })
}

func (g guard) EnsureParticipant(ctx context.Context, serviceSID, conversationSID string, p conversations.Participant, keep func(conversations.Participant) bool) (made conversations.Participant, change migrate.Change, err error) {
	made, err = of(ctx, g, serviceSID, func(ctx context.Context) (conversations.Participant, error) {
		made, change, err = g.Target.EnsureParticipant(ctx, serviceSID, conversationSID, p, keep)
		return made, err
	})
	return made, change, err
}

func (g guard) SetHorizon(ctx context.Context, serviceSID, conversationSID, participantSID string, h conversations.Horizon) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error {
		return g.Target.SetHorizon(ctx, serviceSID, conversationSID, participantSID, h)
	})
}

func (g guard) SetNotificationLevel(ctx context.Context, serviceSID, userSID, conversationSID, level string) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error {
		return g.Target.SetNotificationLevel(ctx, serviceSID, userSID, conversationSID, level)
	})
}

func (g guard) UploadMedia(ctx context.Context, serviceSID string, m migrate.Media, open migrate.OpenFile) (migrate.Media, error) {
	return of(ctx, g, serviceSID, func(ctx context.Context) (migrate.Media, error) {
		return g.Target.UploadMedia(ctx, serviceSID, m, open)
	})
}

// AppendMessage tells of a message without an answer only if whoever sent it is not
// told, because the claim was lost meanwhile.
func (g guard) AppendMessage(ctx context.Context, serviceSID, conversationSID string, m conversations.Message) (made conversations.Message, err error) {
	var answer error
	err = g.claimed(ctx, serviceSID, func(ctx context.Context) error {
		made, answer = appending(ctx, g, func(ctx context.Context) (conversations.Message, error) {
			return g.Target.AppendMessage(ctx, serviceSID, conversationSID, m)
		})
		if answer != nil {
			return answer
		}
		return g.claims.late(ctx, migrate.Stray{TargetService: serviceSID, Conversation: conversationSID, Message: made.SID, At: time.Now().UTC().Truncate(time.Second)})
	})
	if migrate.KindOf(answer) == migrate.InDoubt && migrate.KindOf(err) != migrate.InDoubt {
		g.unanswered()
	}
	return made, err
}

func (g guard) AppendWebhook(ctx context.Context, serviceSID, conversationSID string, w conversations.ConversationWebhook) (conversations.ConversationWebhook, error) {
	return of(ctx, g, serviceSID, func(ctx context.Context) (conversations.ConversationWebhook, error) {
		return appending(ctx, g, func(ctx context.Context) (conversations.ConversationWebhook, error) {
			return g.Target.AppendWebhook(ctx, serviceSID, conversationSID, w)
		})
	})
}

func (g guard) SetMessage(ctx context.Context, serviceSID, conversationSID string, m conversations.Message) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error {
		return g.Target.SetMessage(ctx, serviceSID, conversationSID, m)
	})
}

func (g guard) DeleteMessage(ctx context.Context, serviceSID, conversationSID, messageSID string) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error {
		return g.Target.DeleteMessage(ctx, serviceSID, conversationSID, messageSID)
	})
}

func (g guard) DeleteConversation(ctx context.Context, serviceSID, conversationSID string) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error {
		return g.Target.DeleteConversation(ctx, serviceSID, conversationSID)
	})
}

func (g guard) DeleteUser(ctx context.Context, serviceSID, userSID string) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error { return g.Target.DeleteUser(ctx, serviceSID, userSID) })
}

func (g guard) DeleteRole(ctx context.Context, serviceSID, roleSID string) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error { return g.Target.DeleteRole(ctx, serviceSID, roleSID) })
}

// DeleteService takes the claim along.
func (g guard) DeleteService(ctx context.Context, serviceSID string) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error {
		h := g.claims.of(serviceSID)
		h.leave(true, false)
		err := g.Target.DeleteService(ctx, serviceSID)
		h.leave(err == nil, err == nil)
		return err
	})
}

func (g guard) SetRoleDefaults(ctx context.Context, serviceSID string, c conversations.Configuration) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error { return g.Target.SetRoleDefaults(ctx, serviceSID, c) })
}

func (g guard) SetNotifications(ctx context.Context, serviceSID string, n conversations.Notifications) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error { return g.Target.SetNotifications(ctx, serviceSID, n) })
}

func (g guard) SetWebhooks(ctx context.Context, serviceSID string, w conversations.Webhooks) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error { return g.Target.SetWebhooks(ctx, serviceSID, w) })
}

func (g guard) SetLimits(ctx context.Context, serviceSID string, l migrate.Limits) error {
	return g.write(ctx, serviceSID, func(ctx context.Context) error { return g.Target.SetLimits(ctx, serviceSID, l) })
}
