package replay

import (
	"context"
	"encoding/json"
	"fmt"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/push"
)

// muteNotifications keeps phones from buzzing: before the first write into a conversation of
// a service it switches the push notifications of the target off, and notes in
// the ledger what they were. A service that this migration made, and that is
// not done yet, has nothing to be noted: the source says what it will get. If they are
// on in one that was adopted, another ledger may have finished it.
func (s *service) muteNotifications(ctx context.Context) error {
	if err := s.muting.Lock(ctx); err != nil {
		return err
	}
	defer s.muting.Unlock()
	if s.muted {
		return nil
	}
	was, err := push.Read(ctx, s.Target, s.target)
	if err != nil {
		return err
	}
	rec := s.record
	if rec.Stage == migrate.Done || !rec.Created || rec.Adopted && !was.Off() {
		noted, err := s.savedNotifications(ctx)
		if err != nil {
			return err
		}
		if len(noted) == 0 {
			if err := push.Note(&rec, was); err != nil {
				return err
			}
		}
	}
	rec.Stage = migrate.Open
	if err := s.Ledger.PutService(ctx, rec); err != nil {
		return migrate.Fatal(err)
	}
	s.record = rec
	if err := s.noteInClaim(ctx); err != nil {
		return err
	}
	if err := s.proceed(ctx); err != nil {
		return err
	}
	were, err := push.Off(ctx, s.Target, s.target, was)
	if err != nil {
		return err
	}
	if were {
		s.event(migrate.Notice, "push notifications are off until the service is done", migrate.KeyService, s.target)
	}
	s.muted = true
	return nil
}

// noteInClaim has the target itself say what its notifications were, in case the
// ledger is lost.
func (s *service) noteInClaim(ctx context.Context) error {
	saved, err := s.savedNotifications(ctx)
	if err != nil || len(saved) == 0 {
		return err
	}
	var was conversations.Notifications
	if err := json.Unmarshal(saved, &was); err != nil {
		return migrate.Fatal(fmt.Errorf("decode saved notifications: %w", err))
	}
	if was.Off() {
		return nil // nothing to give back
	}
	return s.claims.Note(ctx, s.target, saved)
}

// savedNotifications is what was noted for the target, by this service or by
// another one that is migrated into it.
func (s *service) savedNotifications(ctx context.Context) ([]byte, error) {
	all, err := s.Ledger.Services(ctx)
	if err != nil {
		return nil, migrate.Fatal(err)
	}
	for _, rec := range all {
		if rec.TargetSID == s.target && len(rec.Saved) > 0 {
			return rec.Saved, nil
		}
	}
	return nil, nil
}

// finish sets what must come last in a service that this migration made:
// default roles, webhooks and notifications. As long as a lane is not done they
// are held back.
func (s *service) finish(ctx context.Context) error {
	if s.heldBack() || s.record.Stage == migrate.Done {
		return nil
	}
	if err := s.proceed(ctx); err != nil {
		return err
	}
	if len(s.record.Saved) > 0 {
		// It was done before, and somebody may have changed it since.
		return s.restore(ctx)
	}
	have, err := s.Target.Configuration(ctx, s.target)
	if err != nil {
		return err
	}
	want, _ := s.set.Mapper.Configuration(s.source, s.roles)
	if err := s.configure(ctx, have, want); err != nil {
		return err
	}
	if have.Notifications != want.Notifications {
		if err := s.Target.SetNotifications(ctx, s.target, want.Notifications); err != nil {
			return err
		}
	}
	return s.done(ctx)
}

// finishShared ends the services that were migrated into one that was there
// before. It keeps its own configuration, and gets its notifications back when
// every one of them is done.
func (r *run) finishShared(ctx context.Context, works []*service) error {
	for _, s := range works {
		if !s.record.Created && s.heldBack() {
			return nil
		}
	}
	for _, s := range works {
		if s.record.Created || s.record.Stage == migrate.Done {
			continue
		}
		if err := s.proceed(ctx); err != nil {
			return err
		}
		if err := s.restore(ctx); err != nil {
			return err
		}
	}
	return nil
}

// heldBack reports, and says, whether lanes of the service are not done.
func (s *service) heldBack() bool {
	open := s.unfinished.Load()
	if open > 0 && s.record.Stage != migrate.Done {
		s.event(migrate.Warning, "webhooks, notifications and default roles of the service are set when all its channels are done",
			migrate.KeyService, s.target, "channels", open)
	}
	return open > 0
}

// restore gives the service the notifications back that it had, if they were
// noted.
func (s *service) restore(ctx context.Context) error {
	if err := push.RestoreNoted(ctx, s.Target, &s.record); err != nil {
		return err
	}
	if err := s.claims.Note(ctx, s.target, nil); err != nil {
		return err
	}
	return s.done(ctx)
}

func (s *service) done(ctx context.Context) error {
	s.record.Stage, s.record.Saved = migrate.Done, nil
	return migrate.Fatal(s.Ledger.PutService(ctx, s.record))
}

// configure gives a service that this migration made what the source says.
func (s *service) configure(ctx context.Context, have, want conversations.Configuration) error {
	if have.DefaultChatServiceRoleSID != want.DefaultChatServiceRoleSID ||
		have.DefaultConversationRoleSID != want.DefaultConversationRoleSID ||
		have.DefaultConversationCreatorRoleSID != want.DefaultConversationCreatorRoleSID ||
		have.ReachabilityEnabled != want.ReachabilityEnabled {
		if err := s.Target.SetRoleDefaults(ctx, s.target, want); err != nil {
			return err
		}
	}
	if want.Webhooks.Off() && have.Webhooks.Off() {
		return nil
	}
	return s.Target.SetWebhooks(ctx, s.target, want.Webhooks)
}
