package undo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// giveBack gives roles and users back what they were before the migration
// replaced them, unless somebody changed them since.
func (s *undoneService) giveBack(ctx context.Context) error {
	for o, err := range s.Ledger.Originals(ctx, s.record.SourceSID) {
		if err == nil {
			err = s.giveOneBack(ctx, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *undoneService) giveOneBack(ctx context.Context, o migrate.Original) error {
	r := Removal{Kind: migrate.KindUsers, TargetSID: o.TargetSID, Fate: Restore, Reason: "it was replaced; its old values are restored"}
	var was int64
	var user conversations.User
	var role conversations.Role
	err := json.Unmarshal(o.Before, &user)
	was = origin.DigestUser(user)
	now, there := s.users[o.TargetSID]
	if o.Kind == migrate.RoleEntity {
		err = json.Unmarshal(o.Before, &role)
		was, r.Kind = origin.DigestRole(role), migrate.KindRoles
		now, there = s.rolesThere[o.TargetSID]
	}
	switch {
	case err != nil:
		return migrate.Fatal(fmt.Errorf("read original of %s: %w", o.TargetSID, err))
	case !there:
		r.Fate, r.Reason = Gone, ""
	case now.digest == was:
		r.Reason = "it is as it was before"
	case now.digest != o.Wrote:
		r.Fate, r.Reason = Keep, "it was replaced, but somebody has changed it since"
		s.back[o.TargetSID] = true
		s.report(r)
		return nil
	}
	s.back[o.TargetSID] = true
	give := func() error {
		if now.digest == was {
			return nil
		}
		err := s.each(ctx, o, func(sourceSID string) error { return s.leavePerson(ctx, o.Kind, sourceSID) })
		switch {
		case err != nil:
			return err
		case o.Kind == migrate.RoleEntity:
			return s.Write.SetRole(ctx, s.record.TargetSID, role)
		}
		_, err = s.Write.SetUser(ctx, s.record.TargetSID, user)
		return err
	}
	done, err := s.act(ctx, r, give, func() error { return s.forgetOriginal(context.WithoutCancel(ctx), o) })
	if done && o.Kind == migrate.UserEntity && there {
		now.role = user.RoleSID
		s.users[o.TargetSID] = now
	}
	return err
}

// forgetOriginal lets go of what was given back, and of the record of it, so that
// a later migration looks at it anew.
func (s *undoneService) forgetOriginal(ctx context.Context, o migrate.Original) error {
	if err := s.each(ctx, o, func(sourceSID string) error { return s.Record.ForgetEntity(ctx, o.Kind, sourceSID) }); err != nil {
		return err
	}
	return s.Record.ForgetOriginal(ctx, o.Kind, o.TargetSID)
}

// each is told of what stands for a user or a role that was replaced.
func (s *undoneService) each(ctx context.Context, o migrate.Original, f func(sourceSID string) error) error {
	pairs, err := s.Ledger.Lookup(ctx, o.TargetSID)
	for _, p := range pairs {
		if err == nil && p.ServiceSID == s.record.SourceSID {
			err = f(cmp.Or(p.SourceSID, p.TargetSID))
		}
	}
	return err
}
