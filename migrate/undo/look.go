package undo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// state is what a user or a role of the target is now.
type state struct {
	digest int64
	role   string // SID of a user's
}

// bornWithin is how long after a service the roles that come with it may be dated.
const bornWithin = time.Minute

// look reads the users and roles of the target.
func (s *undoneService) look(ctx context.Context) error {
	s.users, s.rolesThere, s.bornWithIt = map[string]state{}, map[string]state{}, map[string]bool{}
	if s.gone {
		return nil
	}
	for u, err := range s.Target.Users(ctx, s.record.TargetSID) {
		if err != nil {
			return err
		}
		s.users[u.SID] = state{origin.DigestUser(u), u.RoleSID}
	}
	born, err := s.born(ctx)
	if err != nil {
		return err
	}
	for r, err := range s.Target.Roles(ctx, s.record.TargetSID) {
		if err != nil {
			return err
		}
		s.inTarget = append(s.inTarget, r)
		s.rolesThere[r.SID] = state{digest: origin.DigestRole(r)}
		s.bornWithIt[r.SID] = r.DateCreated.Before(born.Add(bornWithin))
	}
	return nil
}

// born is when the target service was made.
func (s *undoneService) born(ctx context.Context) (time.Time, error) {
	for t, err := range s.Target.Services(ctx) {
		if err != nil {
			return time.Time{}, err
		}
		if t.SID == s.record.TargetSID {
			return t.DateCreated, nil
		}
	}
	return time.Time{}, nil
}

// strangers says who or what in a service of the migration's own is not of the
// migration, or not any more; nothing if there is none.
func (s *undoneService) strangers(ctx context.Context) (string, error) {
	known := map[string]bool{}
	for e, err := range s.Ledger.Entities(ctx, migrate.UserEntity, s.record.SourceSID) {
		if err != nil {
			return "", migrate.Fatal(err)
		}
		known[e.TargetSID] = true
		if _, there := s.users[e.TargetSID]; !there {
			continue
		}
		if reason := s.stays(e, s.users); reason != "" {
			return fmt.Sprintf("user %s is in it: %s", e.TargetSID, reason), nil
		}
	}
	for _, sid := range slices.Sorted(maps.Keys(s.users)) {
		if !known[sid] {
			return fmt.Sprintf("user %s is in it, but not in the ledger", sid), nil
		}
	}
	roles, err := s.rolesMade(ctx)
	if err != nil {
		return "", err
	}
	for _, e := range roles {
		if _, there := s.rolesThere[e.TargetSID]; !there {
			continue
		}
		if reason := s.stays(e, s.rolesThere); reason != "" {
			return fmt.Sprintf("role %s is in it: %s", e.TargetSID, reason), nil
		}
	}
	if byHand := s.byHand(roles); len(byHand) > 0 {
		return fmt.Sprintf("role %s is in it, which somebody added", byHand[0]), nil
	}
	return "", nil
}

// rolesMade are the roles that the ledger knows, and those that a create made
// which was given up for lost.
func (s *undoneService) rolesMade(ctx context.Context) ([]migrate.EntityRecord, error) {
	var all []migrate.EntityRecord
	known := map[string]bool{}
	for e, err := range s.Ledger.Entities(ctx, migrate.RoleEntity, s.record.SourceSID) {
		if err != nil {
			return nil, migrate.Fatal(err)
		}
		all, known[e.TargetSID] = append(all, e), true
	}
	for a, err := range s.Ledger.Attempts(ctx, s.record.SourceSID) {
		if err != nil {
			return nil, migrate.Fatal(err)
		}
		rec := origin.Record{Unanswered: a.Unanswered > 0, Before: a.Before}
		for i, r := range origin.Late(s.inTarget, rec, a.Sent, known) {
			if i >= a.Unanswered {
				break
			}
			known[r.SID] = true
			all = append(all, migrate.EntityRecord{Kind: migrate.RoleEntity, SourceSID: r.SID, TargetSID: r.SID, ParentSID: a.ParentSID, Digest: a.Sent})
		}
	}
	return all, nil
}

// byHand are the roles of a service of the migration's own that neither came with
// it nor are known: somebody added them.
func (s *undoneService) byHand(made []migrate.EntityRecord) []string {
	var sids []string
	for sid := range s.rolesThere {
		ours := slices.ContainsFunc(made, func(e migrate.EntityRecord) bool { return e.TargetSID == sid })
		if !ours && !s.bornWithIt[sid] {
			sids = append(sids, sid)
		}
	}
	slices.Sort(sids)
	return sids
}

// sayByHand reports the roles that somebody added to a service of the migration's
// own, which stays because of them or for another reason.
func (s *undoneService) sayByHand(ctx context.Context) error {
	if !s.record.Created {
		return nil
	}
	made, err := s.rolesMade(ctx)
	if err != nil {
		return err
	}
	for _, sid := range s.byHand(made) {
		s.report(Removal{Kind: migrate.KindRoles, TargetSID: sid, Fate: Keep, Reason: "somebody added the role"})
	}
	return nil
}
