package verify

import (
	"context"
	"fmt"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// comparedRole is a role of the source with what the ledger has of it.
type comparedRole struct {
	source  chat.Role
	asked   origin.Asked
	record  migrate.EntityRecord
	attempt migrate.Attempt
}

func (s *verifiedService) compareRoles(ctx context.Context) error {
	there, err := collect(s.Target.Roles(ctx, s.target))
	if err != nil {
		return err
	}
	wanted, err := s.wantedRoles(ctx)
	if err != nil {
		return err
	}
	late, err := s.lateRoles(ctx)
	if err != nil {
		return err
	}
	asked := make([]origin.Asked, len(wanted))
	for i, one := range wanted {
		asked[i] = one.asked
	}
	s.roles = mapping.Roles{}
	found, taken := origin.Roles(asked, there, late), map[string]bool{}
	for i, is := range found {
		taken[is.SID] = true
		if err := s.compareRole(wanted[i], is, there); err != nil {
			return err
		}
	}
	for i, one := range wanted {
		for _, sid := range s.doubled(one, found[i], there, taken, late) {
			taken[sid] = true
			if err := s.report(Difference{Class: Doubled, Kind: migrate.KindRoles, SourceSID: one.source.SID, Name: one.source.FriendlyName, TargetSID: sid, Detail: "the same role is " + found[i].SID}); err != nil {
				return err
			}
		}
	}
	return nil
}

// wantedRoles reads the roles of the source; one that mapping stops at is
// missing.
func (s *verifiedService) wantedRoles(ctx context.Context) ([]comparedRole, error) {
	var all []comparedRole
	for src, err := range s.Source.Roles(ctx, s.source.SID) {
		if err != nil {
			return nil, err
		}
		s.compared(migrate.KindRoles, 1)
		want, found := s.set.Mapper.Role(src)
		if mapping.Blocked(found) {
			if err := s.report(Difference{Class: Missing, Kind: migrate.KindRoles, SourceSID: src.SID, Name: src.FriendlyName, Detail: string(mapping.Reason(found))}); err != nil {
				return nil, err
			}
		}
		if mapping.Skipped(found) {
			s.leftOut(migrate.KindRoles, 1)
		}
		if mapping.Blocked(found) || mapping.Skipped(found) {
			continue
		}
		one := comparedRole{source: src}
		if one.record, err = s.entity(ctx, migrate.RoleEntity, src.SID); err != nil {
			return nil, err
		}
		if s.Ledger != nil {
			if one.attempt, _, err = s.Ledger.Attempt(ctx, migrate.RoleEntity, src.SID); err != nil {
				return nil, err
			}
		}
		one.asked = origin.Asked{Want: want, Record: origin.Record{
			TargetSID: one.record.TargetSID, Existing: one.record.Existing,
			Unanswered: one.attempt.Unanswered > 0, Before: one.attempt.Before,
		}}
		all = append(all, one)
	}
	return all, nil
}

// entity is what the ledger has of a role or a user, if there is one.
func (s *verifiedService) entity(ctx context.Context, kind migrate.EntityKind, sourceSID string) (migrate.EntityRecord, error) {
	if s.Ledger == nil {
		return migrate.EntityRecord{}, nil
	}
	rec, _, err := s.Ledger.Entity(ctx, kind, sourceSID)
	return rec, err
}

// lateRoles are those of the target that stand for no role of the source, because
// a create that was given up for lost made them.
func (s *verifiedService) lateRoles(ctx context.Context) (map[string]bool, error) {
	late := map[string]bool{}
	if s.Ledger == nil {
		return late, nil
	}
	for rec, err := range s.Ledger.Entities(ctx, migrate.RoleEntity, s.source.SID) {
		if err != nil {
			return nil, err
		}
		if rec.SourceSID == rec.TargetSID {
			late[rec.TargetSID] = true
		}
	}
	return late, nil
}

func (s *verifiedService) compareRole(one comparedRole, is origin.Resource, there []conversations.Role) error {
	d := Difference{Kind: migrate.KindRoles, SourceSID: one.source.SID, Name: one.source.FriendlyName}
	want := one.asked.Want
	switch is.Relation {
	case origin.Absent:
		var made conversations.Role
		d.Class, d.fix = Missing, roleFix{service: s.target, want: want, record: one.made(s.source.SID), attempt: one.asking(s.source.SID, there), made: &made}
		err := s.report(d)
		if made.SID != "" {
			s.roles[one.source.SID] = mapping.Role{Source: one.source, TargetSID: made.SID}
		}
		return err
	case origin.Several:
		d.Class, d.Field, d.Detail = Missing, "permissions", fmt.Sprintf("%v have its type and name, but none has its permissions", is.Rivals)
		return s.report(d)
	}
	s.roles[one.source.SID] = mapping.Role{Source: one.source, TargetSID: is.SID}
	want.SID, d.TargetSID = is.SID, is.SID
	if at := slices.IndexFunc(there, func(r conversations.Role) bool { return r.SID == is.SID }); at >= 0 {
		want.FriendlyName = there[at].FriendlyName // it may bear a number
	}
	for _, f := range is.Differs {
		d.Field = f
		if err := s.report(s.others(d, one.record, roleFix{service: s.target, want: want})); err != nil {
			return err
		}
	}
	return nil
}

// made is what the ledger has of a role that is created for a service of the source.
func (c comparedRole) made(serviceSID string) migrate.EntityRecord {
	return migrate.EntityRecord{Kind: migrate.RoleEntity, SourceSID: c.source.SID, ParentSID: serviceSID}
}

// asking is what the ledger has of a create before it is sent.
func (c comparedRole) asking(serviceSID string, there []conversations.Role) migrate.Attempt {
	a := c.attempt
	if a.Kind == 0 {
		a = migrate.Attempt{Kind: migrate.RoleEntity, SourceSID: c.source.SID, ParentSID: serviceSID}
		for _, r := range there {
			a.Before = append(a.Before, r.SID)
		}
	}
	return a
}

// others says what a difference of a role or a user is: that of somebody else, who
// made it or changed it, is none, and is never repaired. Without a ledger only a
// service that the migration made tells whose it is.
func (s *verifiedService) others(d Difference, rec migrate.EntityRecord, f fix) Difference {
	switch {
	case rec.Existing:
		d.Class, d.Detail = Foreign, "it was there before, and was left as it was"
	case rec.Kept:
		d.Class, d.Detail = Foreign, "somebody changed it, and it was left so"
	default:
		if d.Class == "" {
			d.Class = Altered
		}
		if rec.TargetSID != "" || s.created {
			d.fix = f
		}
	}
	return d
}

// doubled are the roles that are the same as one of the migration once more.
func (s *verifiedService) doubled(one comparedRole, is origin.Resource, there []conversations.Role, taken, late map[string]bool) []string {
	if is.SID == "" {
		return nil
	}
	known := one.asked.Record
	known.TargetSID = is.SID
	landed := origin.Late(there, known, one.attempt.Sent, taken)
	var sids []string
	for _, r := range there {
		if taken[r.SID] || r.Type != one.asked.Want.Type || r.FriendlyName != one.asked.Want.FriendlyName || !origin.SamePermissions(r.Permissions, one.asked.Want.Permissions) {
			continue
		}
		if s.created || late[r.SID] || slices.ContainsFunc(landed, func(l conversations.Role) bool { return l.SID == r.SID }) {
			sids = append(sids, r.SID)
		}
	}
	return sids
}
