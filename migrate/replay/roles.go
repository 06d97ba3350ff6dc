package replay

import (
	"cmp"
	"context"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/owner"
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
	if ctx, err = s.looking(ctx); err != nil {
		return err
	}
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
	found, err := t.find(ctx, wanted)
	if err != nil {
		return err
	}
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

// find says which role of the target stands for which. A list that lacks one
// that the ledger has may be late, so it is read once more before it is believed.
func (t *roleTask) find(ctx context.Context, wanted []*sourceRole) ([]origin.Resource, error) {
	asked := make([]origin.Asked, len(wanted))
	lacks := false
	for i, one := range wanted {
		asked[i] = origin.Asked{Want: one.want, Record: one.known()}
		lacks = lacks || one.record.TargetSID != "" && !slices.ContainsFunc(t.there, func(r conversations.Role) bool { return r.SID == one.record.TargetSID })
	}
	if lacks {
		if err := t.wait(ctx, t.set.Settle); err != nil {
			return nil, err
		}
		if err := t.look(ctx); err != nil {
			return nil, err
		}
	}
	return origin.Roles(asked, t.there, t.taken), nil
}

// wantedRoles reads the roles of the source, without those that a policy leaves
// out, and what the ledger has of them.
func (s *service) wantedRoles(ctx context.Context) ([]*sourceRole, error) {
	var all []*sourceRole
	for src, err := range s.early.roles.All() {
		if err != nil {
			return nil, err
		}
		s.tally.Expect(migrate.KindRoles, 1)
		s.tally.Seen(migrate.KindRoles, 1)
		want, found := s.set.Mapper.Role(src)
		s.findings.Add(found)
		if mapping.Blocked(found) {
			s.failNamed(ctx, migrate.KindRoles, src.SID, "", mapping.Readable(src.FriendlyName), migrate.BlockedError("map role", src.SID, found))
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
	if len(is.Differs) > 0 && !one.asStored(is, rec.Digest) {
		if have, change, err = t.amend(ctx, one, have, is, &rec); err != nil {
			return err
		}
	}
	stop := t.asSent(one, have, change, &rec)
	if stop == nil {
		t.tally.Changed(migrate.KindRoles, change)
		t.roles[one.source.SID] = mapping.Role{Source: one.source, TargetSID: have.SID}
	}
	if err := t.Ledger.PutEntity(ctx, rec); err != nil {
		return err
	}
	return cmp.Or(t.lateSince(ctx, one, rec), stop)
}

// asStored reports whether a role that differs is what the service made of it, and
// was let pass: to send it once more would change nothing.
func (o *sourceRole) asStored(is origin.Resource, digest int64) bool {
	return is.Relation == origin.Made && !o.record.DateUpdated.IsZero() && o.record.DateUpdated.Equal(o.source.DateUpdated.Time) && o.record.Digest == digest
}

// asSent compares a role of this migration with what was sent. One that is stored
// otherwise, and that a policy lets pass, is noted with the date of its source.
func (t *roleTask) asSent(one *sourceRole, have conversations.Role, change migrate.Change, rec *migrate.EntityRecord) error {
	sent := one.want
	for n := 2; n < numbersTried && !origin.SameName(sent.FriendlyName, have.FriendlyName); n++ {
		sent.FriendlyName = mapping.AnotherName(one.want.FriendlyName, n)
	}
	if sent.FriendlyName != one.want.FriendlyName {
		t.findings.Add(t.set.Mapper.RoleRenamed(one.source, have.FriendlyName))
	}
	if rec.Kept || rec.Existing && change == migrate.Unchanged {
		return nil
	}
	err := asSent(t.outgoing("set role", one.source.SID), sent, have, have.SID)
	if err == nil && mapping.Differences(sent, have) != "" {
		rec.DateUpdated = one.source.DateUpdated.Time
	}
	return err
}

// owner is the service to the ledger, as it asks whose something is.
func (s *service) owner() owner.Service { return owner.Service{SID: s.source.SID, Ledger: s.Ledger} }

// inOwn reports whether everything in the target is of this migration: it made
// the service, and has not come to its lanes yet. That is how the roles that every
// new service has are known.
func (s *service) inOwn() bool {
	return s.fresh || s.record.Created && !s.record.Adopted && s.record.Stage < migrate.Open
}
