package verify

import (
	"context"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

func (s *verifiedService) compareUsers(ctx context.Context) error {
	there := map[string]conversations.User{}
	for u, err := range s.Target.Users(ctx, s.target) {
		if err != nil {
			return err
		}
		there[u.Identity] = u
	}
	seen := map[string]bool{}
	for src, err := range s.Source.Users(ctx, s.source.SID) {
		if err != nil {
			return err
		}
		if seen[src.Identity] && src.Identity != "" {
			s.listed(migrate.KindUsers, 1)
			s.leftOut(migrate.KindUsers, 1)
			continue // listed twice; the first one counts
		}
		seen[src.Identity] = true
		if src.Attributes == nil {
			whole, err := s.Source.User(ctx, s.source.SID, src.SID)
			if migrate.Unreadable(err) {
				s.listed(migrate.KindUsers, 1)
				if err := s.report(Difference{Class: Missing, Kind: migrate.KindUsers, SourceSID: src.SID, Name: src.Identity, Detail: err.Error()}); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return err
			}
			src = whole
		}
		s.compared(migrate.KindUsers, 1)
		want, found := s.set.Mapper.User(src, s.roles)
		have, ok := there[want.Identity]
		if mapping.Skipped(found) && !ok {
			s.leftOut(migrate.KindUsers, 1)
			continue
		}
		if !ok {
			d := Difference{Class: Missing, Kind: migrate.KindUsers, SourceSID: src.SID, Name: src.Identity, Detail: string(mapping.Reason(found))}
			if !mapping.Blocked(found) {
				d.fix = userFix{s.target, want, migrate.EntityRecord{
					Kind: migrate.UserEntity, SourceSID: src.SID, ParentSID: s.source.SID, DateUpdated: src.DateUpdated.Time,
				}}
			}
			if err := s.report(d); err != nil {
				return err
			}
			continue
		}
		s.place(src.SID, have.SID)
		if err := s.compareUser(ctx, src, want, have); err != nil {
			return err
		}
	}
	return nil
}

func (s *verifiedService) compareUser(ctx context.Context, src chat.User, want, have conversations.User) error {
	rec, err := s.entity(ctx, migrate.UserEntity, src.SID)
	if err != nil {
		return err
	}
	want.SID = have.SID
	for _, f := range []struct {
		class Class
		field string
		equal bool
	}{
		{Altered, "friendly_name", s.agreed.text(want.FriendlyName, have.FriendlyName)},
		{Altered, "attributes", s.agreed.attributes(src.SID, "", want.Attributes, have.Attributes, nil)},
		{WrongRole, "role_sid", want.RoleSID == "" || want.RoleSID == have.RoleSID},
	} {
		if f.equal {
			continue
		}
		d := Difference{Class: f.class, Kind: migrate.KindUsers, SourceSID: src.SID, TargetSID: have.SID, Name: src.Identity, Field: f.field}
		if err := s.report(s.others(d, rec, userFix{service: s.target, want: want})); err != nil {
			return err
		}
	}
	return nil
}
