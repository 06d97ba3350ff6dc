package replay

import (
	"cmp"
	"context"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// sourceRole is one role on its way: what it should become, and what the ledger
// has of it.
type sourceRole struct {
	source  chat.Role
	want    conversations.Role
	record  migrate.EntityRecord // with a zero Kind if there is none
	attempt migrate.Attempt      // with a zero Kind if there is none
}

func (o *sourceRole) known() origin.Record {
	return origin.Record{
		TargetSID: o.record.TargetSID, Existing: o.record.Existing,
		Unanswered: o.attempt.Kind != 0, Before: o.attempt.Before,
	}
}

// roleTask brings the roles of a service over.
type roleTask struct {
	*service
	there []conversations.Role // of the target
	taken map[string]bool      // of these, those that stand for a role of the source
}

// ensureRoles brings the roles of the service over. What this migration made gets
// the permissions; what somebody else made is kept, unless a policy replaces it.
// Two of one type and name in the source are two in the target.
func (s *service) ensureRoles(ctx context.Context) error {
	// What an earlier run may have left in flight must have landed before the
	// roles are listed.
	if err := s.waitSettled(ctx); err != nil {
		return err
	}
	// Services that go into one target would each make what they share.
	end, err := s.reserved.turn(ctx, s.target+"\x00roles")
	if err != nil {
		return err
	}
	defer end()
	s.roles = mapping.Roles{}
	wanted, err := s.wantedRoles(ctx)
	if err != nil {
		return err
	}
	t := &roleTask{service: s, taken: map[string]bool{}}
	if err := t.look(ctx); err != nil {
		return err
	}
	if err := t.lateBefore(ctx); err != nil {
		return err
	}
	asked := make([]origin.Asked, len(wanted))
	for i, one := range wanted {
		asked[i] = origin.Asked{Want: one.want, Record: one.known()}
	}
	found := origin.Roles(asked, t.there, t.taken)
	for _, is := range found {
		t.taken[is.SID] = true
	}
	for i, is := range found {
		if err := t.mayGoOn(ctx, wanted[i], is); err != nil {
			return err
		}
	}
	for i, is := range found {
		if err := t.bring(ctx, wanted[i], is); err != nil {
			return err
		}
	}
	return nil
}

// wantedRoles reads the roles of the source, without those that a policy leaves
// out, and what the ledger has of them.
func (s *service) wantedRoles(ctx context.Context) ([]*sourceRole, error) {
	var all []*sourceRole
	for src, err := range s.Source.Roles(ctx, s.source.SID) {
		if err != nil {
			return nil, err
		}
		s.tally.Expect(migrate.KindRoles, 1)
		s.tally.Seen(migrate.KindRoles, 1)
		want, found := s.set.Mapper.Role(src)
		s.findings.Add(found)
		if mapping.Blocked(found) {
			s.fail(ctx, migrate.KindRoles, src.SID, "", migrate.BlockedError("map role", src.SID, found))
			s.tally.Failed(migrate.KindRoles, 1)
			continue
		}
		if mapping.Skipped(found) {
			s.tally.Skipped(migrate.KindRoles, 1)
			continue
		}
		one := &sourceRole{source: src, want: want}
		if one.record, _, err = s.Ledger.Entity(ctx, migrate.RoleEntity, src.SID); err != nil {
			return nil, err
		}
		if one.attempt, _, err = s.Ledger.Attempt(ctx, migrate.RoleEntity, src.SID); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (t *roleTask) look(ctx context.Context) error {
	t.there = nil
	for r, err := range t.Target.Roles(ctx, t.target) {
		if err != nil {
			return err
		}
		t.there = append(t.there, r)
	}
	return nil
}

func (t *roleTask) at(sid string) conversations.Role {
	for _, r := range t.there {
		if r.SID == sid {
			return r
		}
	}
	return conversations.Role{}
}

// bring makes sure that a role is there, as it should be if it may be changed,
// and notes which one it is.
func (t *roleTask) bring(ctx context.Context, one *sourceRole, is origin.Resource) error {
	change := migrate.Unchanged
	have := t.at(is.SID)
	var err error
	if is.Relation == origin.Absent {
		if have, is.Relation, err = t.create(ctx, one); err != nil {
			return err
		}
		change = migrate.Created
		if is.Relation != origin.Made {
			change = migrate.Unchanged
		}
	}
	if change == migrate.Unchanged && is.Relation == origin.Made && one.record.TargetSID == "" && one.attempt.Unanswered > 0 {
		one.attempt.Unanswered-- // this is what a create without an answer made
	}
	t.taken[have.SID] = true
	rec := migrate.EntityRecord{Kind: migrate.RoleEntity, SourceSID: one.source.SID, TargetSID: have.SID, ParentSID: t.source.SID}
	if t.inOwn() && one.record.TargetSID != have.SID {
		is.Relation = origin.Made
	}
	rec.Existing, rec.Digest = is.Relation != origin.Made, origin.DigestRole(have)
	if len(is.Differs) > 0 {
		if change, err = t.amend(ctx, one, have, is, &rec); err != nil {
			return err
		}
	}
	if have.FriendlyName != one.want.FriendlyName {
		t.findings.Add(t.set.Mapper.RoleRenamed(one.source, have.FriendlyName))
	}
	t.tally.Changed(migrate.KindRoles, change)
	t.roles[one.source.SID] = mapping.Role{Source: one.source, TargetSID: have.SID}
	if err := t.Ledger.PutEntity(ctx, rec); err != nil {
		return err
	}
	return t.lateSince(ctx, one, rec)
}

// mayGoOn says no before the first role is written: if nobody can tell which role
// of the target it is, or if the policy stops at what was there.
func (t *roleTask) mayGoOn(ctx context.Context, one *sourceRole, is origin.Resource) error {
	if is.Relation == origin.Several {
		return &migrate.Error{
			Op: "find role", Kind: migrate.Refused, SID: one.source.SID,
			Err:  fmt.Errorf("%s: %v are all of type %s and named %s, and none has its permissions", mapping.RoleWasThere, is.Rivals, one.want.Type, chat.Excerpt(one.want.FriendlyName)),
			Hint: "rename or delete all but one in the Twilio Console, then run the same command again",
		}
	}
	if len(is.Differs) == 0 {
		return nil
	}
	untouched, err := t.mayChange(ctx, one, is)
	if err != nil || untouched {
		return err
	}
	by, err := t.madeBy(ctx, migrate.RoleEntity, is.SID)
	if err != nil || !origin.Keeps(t.source.SID, by) {
		return err
	}
	_, found := t.set.Mapper.RoleWasThere(one.source, is.SID, is.Differs)
	if mapping.Blocked(found) {
		t.findings.Add(found)
	}
	return migrate.BlockedError("set role", one.source.SID, found)
}

// mayChange reports whether a role that differs is of this migration, as it left
// it.
func (t *roleTask) mayChange(ctx context.Context, one *sourceRole, is origin.Resource) (bool, error) {
	before := one.record
	if before.TargetSID != is.SID {
		if t.inOwn() {
			return true, nil
		}
		before = migrate.EntityRecord{}
	}
	return t.untouched(ctx, before, is, migrate.RoleEntity, origin.DigestRole(t.at(is.SID)))
}

// inOwn reports whether everything in the target is of this migration: it made
// the service, and has not come to its lanes yet. That is how the roles that every
// new service has are known.
func (s *service) inOwn() bool {
	return s.fresh || s.record.Created && !s.record.Adopted && s.record.Stage < migrate.Open
}

// amend gives a role that differs its permissions, if it may.
func (t *roleTask) amend(ctx context.Context, one *sourceRole, have conversations.Role, is origin.Resource, rec *migrate.EntityRecord) (migrate.Change, error) {
	want := one.want
	want.SID, want.FriendlyName = have.SID, have.FriendlyName
	untouched, err := t.mayChange(ctx, one, is)
	if err != nil {
		return migrate.Unchanged, err
	}
	if untouched {
		rec.Existing = false
	} else {
		by, err := t.madeBy(ctx, migrate.RoleEntity, have.SID)
		if err != nil {
			return migrate.Unchanged, err
		}
		if !origin.Keeps(t.source.SID, by) {
			t.findings.Add(t.set.Mapper.RoleShared(one.source, have.SID, by, is.Differs))
			rec.Kept = true
			return migrate.Unchanged, nil
		}
		replace, found := t.set.Mapper.RoleWasThere(one.source, have.SID, is.Differs)
		t.findings.Add(found)
		if !replace {
			rec.Kept = true
			if one.record.TargetSID == have.SID {
				rec.Digest = cmp.Or(one.record.Digest, rec.Digest)
			}
			return migrate.Unchanged, nil
		}
		if err := t.keepRole(ctx, have, want); err != nil {
			return migrate.Unchanged, err
		}
	}
	if err := t.proceed(ctx); err != nil {
		return migrate.Unchanged, err
	}
	if err := t.Target.SetRole(ctx, t.target, want); err != nil {
		return migrate.Unchanged, err
	}
	rec.Digest = origin.DigestRole(want)
	return migrate.Updated, nil
}
