package migrate

import (
	"context"
	"encoding/json"
	"fmt"

	"chatbridge/mapping/conversations"
)

// quiet keeps phones from buzzing: before the first write into a conversation
// of a service it switches the push notifications of the service off, and notes
// in the ledger what they were.
type quiet struct {
	service *service

	latch latch
	done  bool
}

func (q *quiet) ensure(ctx context.Context) error {
	if err := q.latch.lock(ctx); err != nil {
		return err
	}
	defer q.latch.unlock()
	if q.done {
		return nil
	}
	s := q.service
	cfg, err := s.Target.Configuration(ctx, s.record.TargetSID)
	if err != nil {
		return err
	}
	rec := s.record
	if rec.Stage == Done || !rec.Created {
		// Somebody may have changed it since: what is there now comes back.
		if len(rec.Saved) == 0 {
			if rec.Saved, err = json.Marshal(cfg.Notifications); err != nil {
				return fmt.Errorf("encode notifications: %w", err)
			}
		}
	}
	rec.Stage = Open
	if err := s.Ledger.PutService(ctx, rec); err != nil {
		return ledgerFailed(err)
	}
	s.record = rec
	if !cfg.Notifications.Off() {
		off := cfg.Notifications
		off.NewMessage.Enabled, off.AddedToConversation.Enabled, off.RemovedFromConversation.Enabled = false, false, false
		if err := s.Target.SetNotifications(ctx, rec.TargetSID, off); err != nil {
			return err
		}
		s.event(Notice, "push notifications are off until the service is done", KeyService, rec.TargetSID)
	}
	q.done = true
	return nil
}

// finish sets what must come last: default roles, webhooks and notifications.
// As long as a lane is not done they are held back. A service that was there
// before keeps its own configuration and gets its notifications back.
func (s *service) finish(ctx context.Context) error {
	if open := s.unfinished.Load(); open > 0 {
		if s.record.Stage != Done {
			s.event(Warning, "webhooks, notifications and default roles of the service wait until all its channels are done",
				KeyService, s.record.TargetSID, "channels", open)
		}
		return nil
	}
	if s.record.Stage == Done {
		return s.clearFailure(ctx, s.source.SID)
	}
	if err := s.proceed(ctx); err != nil {
		return err
	}
	have, err := s.Target.Configuration(ctx, s.record.TargetSID)
	if err != nil {
		return err
	}
	want, _ := s.set.Mapper.Configuration(s.source, s.roles)
	restored := len(s.record.Saved) > 0
	if restored {
		if err := json.Unmarshal(s.record.Saved, &want.Notifications); err != nil {
			return fmt.Errorf("decode saved notifications: %w", err)
		}
	}
	if s.record.Created && !restored {
		if err := s.configure(ctx, have, want); err != nil {
			return err
		}
	}
	if (s.record.Created || restored) && have.Notifications != want.Notifications {
		if err := s.Target.SetNotifications(ctx, s.record.TargetSID, want.Notifications); err != nil {
			return err
		}
	}
	s.record.Stage, s.record.Saved = Done, nil
	return ledgerFailed(s.Ledger.PutService(ctx, s.record))
}

// configure gives a service that this migration made what the source says.
func (s *service) configure(ctx context.Context, have, want conversations.Configuration) error {
	if have.DefaultChatServiceRoleSID != want.DefaultChatServiceRoleSID ||
		have.DefaultConversationRoleSID != want.DefaultConversationRoleSID ||
		have.DefaultConversationCreatorRoleSID != want.DefaultConversationCreatorRoleSID ||
		have.ReachabilityEnabled != want.ReachabilityEnabled {
		if err := s.Target.SetRoleDefaults(ctx, s.record.TargetSID, want); err != nil {
			return err
		}
	}
	if want.Webhooks.Off() && have.Webhooks.Off() {
		return nil
	}
	return s.Target.SetWebhooks(ctx, s.record.TargetSID, want.Webhooks)
}
