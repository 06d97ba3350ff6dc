package verify

import (
	"context"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

func (s *verifiedService) compareMembers(ctx context.Context, sid, target string, members []chat.Member, marks *horizonIndex, f *channelFound) error {
	there := map[string]conversations.Participant{}
	for p, err := range s.Target.Participants(ctx, s.target, target) {
		if err != nil {
			return err
		}
		there[p.Identity] = p
	}
	seen := map[string]bool{}
	for _, m := range members {
		f.members++
		want, found := s.set.Mapper.Member(m, s.roles)
		if mapping.Skipped(found) || seen[s.set.Mapper.Identity(m.Identity)] { // or listed twice; the first one counts
			f.leftMembers++
			continue
		}
		seen[s.set.Mapper.Identity(m.Identity)] = true
		have, ok := there[want.Identity]
		delete(there, want.Identity)
		if !ok {
			left, err := s.leftOutMember(ctx, m)
			if err != nil {
				return err
			}
			if left {
				f.leftMembers++
				continue
			}
			d := Difference{Class: Missing, Kind: migrate.KindMembers, Channel: sid, SourceSID: m.SID, Name: m.Identity, Detail: string(mapping.Reason(found))}
			if !mapping.Blocked(found) {
				kept, err := s.kept(ctx, m.SID)
				if err != nil {
					return err
				}
				h, read, _ := s.set.Mapper.Horizon(m, marks.at)
				d.fix = s.memberFix(f, m.SID, kept, want, h, read)
			}
			f.add(d)
			continue
		}
		if err := s.compareMember(ctx, sid, m, want, have, marks, f); err != nil {
			return err
		}
	}
	withheld := func() { s.withheld(migrate.KindInvites, sid, sid) }
	for i, err := range migrate.UnlessWithheld(s.Source.Invites(ctx, s.source.SID, sid), withheld) {
		if err != nil {
			return err
		}
		f.invites++
		want, add, _ := s.set.Mapper.Invite(i, s.roles)
		if !add {
			f.leftInvites++
		}
		if !add || seen[s.set.Mapper.Identity(i.Identity)] {
			continue // who is a member as well is compared as that
		}
		seen[s.set.Mapper.Identity(i.Identity)] = true
		have, ok := there[want.Identity]
		delete(there, want.Identity)
		invited := chat.Member{SID: i.SID, Identity: i.Identity}
		if !ok {
			left, err := s.leftOutMember(ctx, invited)
			if err != nil {
				return err
			}
			if left {
				f.leftInvites++
				continue
			}
			kept, err := s.kept(ctx, i.SID)
			if err != nil {
				return err
			}
			f.add(Difference{Class: Missing, Kind: migrate.KindInvites, Channel: sid, SourceSID: i.SID, Name: i.Identity, fix: s.memberFix(f, i.SID, kept, want, conversations.Horizon{}, false)})
			continue
		}
		if err := s.compareMember(ctx, sid, invited, want, have, marks, f); err != nil {
			return err
		}
	}
	for _, p := range there {
		f.add(Difference{Class: Foreign, Kind: migrate.KindMembers, Channel: sid, TargetSID: p.SID, Name: p.Identity})
	}
	return nil
}

func (s *verifiedService) compareMember(ctx context.Context, sid string, m chat.Member, want, have conversations.Participant, marks *horizonIndex, f *channelFound) (err error) {
	theirs, kept := origin.Member(want, have), false
	if len(theirs) > 0 {
		if kept, err = s.kept(ctx, m.SID); err != nil {
			return err
		}
	}
	h, read, _ := s.set.Mapper.Horizon(m, marks.at)
	at := Difference{Class: Altered, Kind: migrate.KindMembers, Channel: sid, SourceSID: m.SID, TargetSID: have.SID, Name: m.Identity, fix: s.memberFix(f, m.SID, kept, want, h, read)}
	with := func(class Class, field string) {
		at.Class, at.Field = class, field
		f.add(at)
	}
	if kept {
		left := at
		left.Class, left.fix, left.Detail = Foreign, nil, "somebody changed it, and it was left so"
		for _, left.Field = range theirs {
			f.add(left)
		}
	}
	if !kept && want.RoleSID != "" && want.RoleSID != have.RoleSID {
		with(WrongRole, "role_sid")
	}
	if !kept && !s.agreed.attributes(m.SID, sid, want.Attributes, have.Attributes, nil) {
		with(Altered, "attributes")
	}
	if differs(want.DateCreated, have.DateCreated) {
		with(WrongDate, "date_created")
	}
	switch {
	case read && have.LastReadMessageIndex != nil && *have.LastReadMessageIndex >= h.LastReadMessageIndex && have.LastReadTimestamp.After(h.LastReadTimestamp):
		at.fix = nil
		with(Foreign, "last_read_message_index") // read on since
		return nil
	case !read && have.LastReadMessageIndex != nil:
		at.fix = nil // no request takes a horizon away
		with(WrongHorizon, "last_read_message_index")
	case read && (have.LastReadMessageIndex == nil || *have.LastReadMessageIndex != h.LastReadMessageIndex):
		with(WrongHorizon, "last_read_message_index")
	case read && !have.LastReadTimestamp.Equal(h.LastReadTimestamp):
		with(WrongHorizon, "last_read_timestamp")
	}
	if !kept && differs(want.DateUpdated, have.DateUpdated) {
		with(WrongDate, "date_updated")
	}
	return nil
}

// leftOutMember reports whether a policy left a member out because the target refused
// them. Who was in once was not left out: somebody removed them.
func (s *verifiedService) leftOutMember(ctx context.Context, m chat.Member) (bool, error) {
	if !s.agreed.withoutMember(m) {
		return false, nil
	}
	rec, err := s.entity(ctx, migrate.MemberEntity, m.SID)
	return rec.TargetSID == "", err
}

// kept reports whether the ledger says that a member was left as somebody changed
// them.
func (s *verifiedService) kept(ctx context.Context, memberSID string) (bool, error) {
	rec, err := s.entity(ctx, migrate.MemberEntity, memberSID)
	return rec.Kept, err
}
