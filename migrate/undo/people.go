package undo

import (
	"context"
	"fmt"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/forget"
)

// removeUsers deletes those that are in no conversation which stays, and as the
// migration left them.
func (s *undoneService) removeUsers(ctx context.Context) error {
	for e, err := range s.Ledger.Entities(ctx, migrate.UserEntity, s.record.SourceSID) {
		if err != nil {
			return migrate.Fatal(err)
		}
		r := removalOf(e, Delete)
		if s.back[e.TargetSID] {
			continue // it is said already
		}
		if reason := s.stays(e, s.users); reason != "" {
			r.Fate, r.Reason = Keep, reason
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
		goes, err := s.act(ctx, r,
			func() error {
				if err := s.leavePerson(ctx, e.Kind, e.SourceSID); err != nil {
					return err
				}
				return s.Write.DeleteUser(ctx, s.record.TargetSID, e.TargetSID)
			},
			func() error { return forget.Person(context.WithoutCancel(ctx), s.Record, e) })
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

// removeRoles deletes those that nothing uses, and that are as the migration left
// them.
func (s *undoneService) removeRoles(ctx context.Context) error {
	var used map[string]string
	all, err := s.rolesMade(ctx)
	if err != nil {
		return err
	}
	for _, e := range all {
		r := removalOf(e, Delete)
		if s.back[e.TargetSID] {
			continue
		}
		if reason := s.stays(e, s.rolesThere); reason != "" {
			r.Fate, r.Reason = Keep, reason
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
		if _, err := s.act(ctx, r,
			func() error {
				if err := s.leavePerson(ctx, e.Kind, e.SourceSID); err != nil {
					return err
				}
				return s.Write.DeleteRole(ctx, s.record.TargetSID, e.TargetSID)
			},
			func() error { return forget.Person(context.WithoutCancel(ctx), s.Record, e) }); err != nil {
			return err
		}
	}
	return s.sayByHand(ctx)
}

// stays says why a role or a user is kept that the migration knows: it was there
// before, or somebody changed it since.
func (s *undoneService) stays(e migrate.EntityRecord, all map[string]state) string {
	what := map[migrate.EntityKind]string{migrate.RoleEntity: "role", migrate.UserEntity: "user"}[e.Kind]
	if e.Existing {
		return "the " + what + " was there before"
	}
	if now, there := all[e.TargetSID]; there && e.Digest != 0 && now.digest != e.Digest {
		return "the " + what + " was changed since"
	}
	return ""
}

// rolesUsed says, for each role in use by what stays, by whom.
func (s *undoneService) rolesUsed(ctx context.Context) (map[string]string, error) {
	cfg, err := s.Target.Configuration(ctx, s.record.TargetSID)
	if err != nil {
		return nil, err
	}
	used := map[string]string{}
	for _, sid := range []string{cfg.DefaultChatServiceRoleSID, cfg.DefaultConversationRoleSID, cfg.DefaultConversationCreatorRoleSID} {
		used[sid] = "newcomers"
	}
	for sid, u := range s.users {
		if !s.leaving[sid] {
			used[u.role] = "user " + sid
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
