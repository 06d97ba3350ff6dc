package undo

import (
	"context"
	"fmt"

	"chatbridge/migrate"
)

// users deletes those that are in no conversation which stays.
func (s *undoneService) users(ctx context.Context) error {
	for e, err := range s.Ledger.Entities(ctx, migrate.UserEntity, s.record.SourceSID) {
		if err != nil {
			return migrate.Fatal(err)
		}
		r := removalOf(e, Delete)
		if e.Existing {
			r.Fate, r.Reason = Keep, "the user was there before"
			s.report(r)
			continue
		}
		if r.Fate, r.Reason, err = s.attached(ctx, e.TargetSID); err != nil {
			return err
		}
		if r.Fate == Keep {
			s.report(r)
			continue
		}
		goes, err := s.remove(ctx, r,
			func() error { return s.Write.DeleteUser(ctx, s.record.TargetSID, e.TargetSID) },
			func() error { return s.Record.ForgetEntity(context.WithoutCancel(ctx), e.Kind, e.SourceSID) })
		if err != nil {
			return err
		}
		if goes {
			s.leaving[e.TargetSID] = true
		}
	}
	return nil
}

func (s *undoneService) attached(ctx context.Context, userSID string) (Fate, string, error) {
	for c, err := range s.Target.UserConversations(ctx, s.record.TargetSID, userSID) {
		if err != nil && migrate.KindOf(err) == migrate.NotFound {
			return Gone, "", nil
		}
		if err != nil {
			return "", "", err
		}
		if !s.going[c.ConversationSID] {
			return Keep, fmt.Sprintf("the user is in conversation %s, which stays", c.ConversationSID), nil
		}
	}
	return Delete, "", nil
}

// roles deletes those that nothing uses.
func (s *undoneService) roles(ctx context.Context) error {
	var used map[string]string
	for e, err := range s.Ledger.Entities(ctx, migrate.RoleEntity, s.record.SourceSID) {
		if err != nil {
			return migrate.Fatal(err)
		}
		r := removalOf(e, Delete)
		if e.Existing {
			r.Fate, r.Reason = Keep, "the role was there before"
			s.report(r)
			continue
		}
		if used == nil {
			if used, err = s.rolesUsed(ctx); err != nil {
				return err
			}
		}
		if by := used[e.TargetSID]; by != "" {
			r.Fate, r.Reason = Keep, "it is the role of "+by
			s.report(r)
			continue
		}
		if _, err := s.remove(ctx, r,
			func() error { return s.Write.DeleteRole(ctx, s.record.TargetSID, e.TargetSID) },
			func() error { return s.Record.ForgetEntity(context.WithoutCancel(ctx), e.Kind, e.SourceSID) }); err != nil {
			return err
		}
	}
	return nil
}

// rolesUsed says, for each role in use by what stays, by whom.
func (s *undoneService) rolesUsed(ctx context.Context) (map[string]string, error) {
	cfg, err := s.Target.Configuration(ctx, s.record.TargetSID)
	if err != nil {
		return nil, err
	}
	used := map[string]string{}
	for _, sid := range []string{cfg.DefaultChatServiceRoleSID, cfg.DefaultConversationRoleSID, cfg.DefaultConversationCreatorRoleSID} {
		used[sid] = "whoever comes new"
	}
	for u, err := range s.Target.Users(ctx, s.record.TargetSID) {
		if err != nil {
			return nil, err
		}
		if !s.leaving[u.SID] {
			used[u.RoleSID] = "user " + u.SID
		}
	}
	for c, err := range s.Target.Conversations(ctx, s.record.TargetSID) {
		if err != nil {
			return nil, err
		}
		if s.going[c.SID] {
			continue
		}
		for p, err := range s.Target.Participants(ctx, s.record.TargetSID, c.SID) {
			if err != nil {
				return nil, err
			}
			used[p.RoleSID] = "participant " + p.SID
		}
	}
	return used, nil
}
