package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// create makes a role. If the target refuses a second one of its type and name,
// it gets a number.
func (t *roleTask) create(ctx context.Context, one *sourceRole) (conversations.Role, origin.Relation, error) {
	made, relation, err := t.append(ctx, one, one.want)
	want := one.want
	for n := 2; refusesName(err) && n < numbersTried && origin.Named(t.there, want.Type, want.FriendlyName); n++ {
		want.FriendlyName = mapping.AnotherName(one.want.FriendlyName, n)
		if origin.Named(t.there, want.Type, want.FriendlyName) {
			continue
		}
		var refused error
		if made, relation, refused = t.append(ctx, one, want); !refusesName(refused) {
			err = refused
		}
	}
	if err != nil {
		_ = t.noteAttempt(context.WithoutCancel(ctx), &one.attempt) // or it stands as it was before the create
	}
	return made, relation, t.refusedRole(one, err)
}

// refusedRole names the role that is refused, and the policy that would leave out of it
// what Conversations does not have.
func (t *roleTask) refusedRole(one *sourceRole, err error) error {
	e, ok := errors.AsType[*migrate.Error](err)
	if !ok || e.Kind != migrate.Refused {
		return err
	}
	named := &migrate.Error{
		Op: "create role", Kind: e.Kind, SID: one.source.SID, Code: e.Code, Hint: migrate.HintOf(err),
		Err: fmt.Errorf("%q in %s: %w", mapping.Readable(one.source.FriendlyName), t.target, e.Err),
	}
	_, found := t.set.Mapper.Role(one.source)
	if slices.ContainsFunc(found, func(f mapping.Finding) bool { return f.Code == mapping.PermissionUnknown }) {
		named.Hint = "leave out what Conversations does not have: chatbridge migrate --accept-settings --policy permission-unknown=drop"
	}
	return named
}

// numbersTried bounds how many names are tried for one role.
const numbersTried = 100

// refusesName reports whether an error may mean that the name is taken. No
// document says whether the service takes two of one name, nor what it answers if
// not.
func refusesName(err error) bool {
	return err != nil && (migrate.KindOf(err) == migrate.Refused || migrate.KindOf(err) == migrate.Exists)
}

// append creates one role. A create without an answer is given time to land and
// looked for before it is repeated; one that met another write is looked for at
// once. What stays in doubt is kept in the ledger, so that later passes look for
// it too.
func (t *roleTask) append(ctx context.Context, one *sourceRole, want conversations.Role) (conversations.Role, origin.Relation, error) {
	a := &one.attempt
	if a.Kind == 0 {
		*a = migrate.Attempt{Kind: migrate.RoleEntity, SourceSID: one.source.SID, ParentSID: t.source.SID}
		for _, r := range t.there {
			a.Before = append(a.Before, r.SID)
		}
	}
	a.Sent = origin.DigestRole(want)
	for range attempts {
		if err := t.proceed(ctx); err != nil {
			return want, origin.Absent, err
		}
		a.Unanswered++
		if err := t.Ledger.PutAttempt(ctx, *a); err != nil {
			return want, origin.Absent, err
		}
		made, err := t.Target.AppendRole(ctx, t.target, want)
		switch migrate.KindOf(err) {
		case migrate.InDoubt:
			if err := t.wait(ctx, t.set.Settle); err != nil {
				return want, origin.Absent, err
			}
		case migrate.Contended:
			a.Unanswered--
		default:
			if a.Unanswered--; err == nil {
				t.there = append(t.there, made)
			}
			return made, origin.Made, err
		}
		if err := t.look(ctx); err != nil {
			return want, origin.Absent, err
		}
		rec := origin.Record{Unanswered: a.Unanswered > 0, Before: a.Before}
		switch is := origin.Role(want, t.there, rec, t.taken); is.Relation {
		case origin.Absent:
		case origin.Made:
			a.Unanswered--
			return t.at(is.SID), origin.Made, nil
		default:
			if len(is.Differs) == 0 {
				return t.at(is.SID), is.Relation, nil
			}
		}
	}
	return want, origin.Absent, &migrate.Error{Op: "create role", Kind: migrate.Unavailable, SID: t.target, Err: errNoAnswer, Hint: "run the same command again to resume"}
}

// noteAttempt notes how many creates have still no answer. It comes after the
// record of the role, so that a crash between them forgets neither.
func (t *roleTask) noteAttempt(ctx context.Context, a *migrate.Attempt) error {
	switch {
	case a.Kind == 0:
		return nil
	case a.Unanswered > 0:
		return t.Ledger.PutAttempt(ctx, *a)
	}
	was := *a
	*a = migrate.Attempt{}
	return t.Ledger.ForgetAttempt(ctx, was.Kind, was.SourceSID)
}

// lateBefore notes the roles that late creates made, which an earlier pass found:
// they stand for no role of the source.
func (t *roleTask) lateBefore(ctx context.Context) error {
	for rec, err := range t.Ledger.Entities(ctx, migrate.RoleEntity, t.source.SID) {
		if err != nil {
			return err
		}
		if rec.SourceSID == rec.TargetSID {
			t.taken[rec.TargetSID] = true
		}
	}
	return nil
}

// lateSince looks for what a create made that was given up for lost, in this pass
// or an earlier one. It is of this migration, so that an undo takes it along.
func (t *roleTask) lateSince(ctx context.Context, one *sourceRole, rec migrate.EntityRecord) error {
	a := &one.attempt
	known := one.known()
	known.TargetSID, known.Unanswered = rec.TargetSID, a.Unanswered > 0
	for _, r := range origin.Late(t.there, known, a.Sent, t.taken) {
		if a.Unanswered == 0 {
			break
		}
		a.Unanswered--
		t.taken[r.SID] = true
		t.findings.Add(t.set.Mapper.RoleLate(one.source, r.SID))
		if err := t.Ledger.PutEntity(ctx, migrate.EntityRecord{
			Kind: migrate.RoleEntity, SourceSID: r.SID, TargetSID: r.SID, ParentSID: t.source.SID, Digest: a.Sent,
		}); err != nil {
			return err
		}
	}
	return t.noteAttempt(ctx, a)
}

// mayGoOn says no before the first role is written: if nobody can tell which role
// of the target it is, or if the policy stops at what was there.
func (t *roleTask) mayGoOn(ctx context.Context, one *sourceRole, is origin.Resource) error {
	if is.Relation == origin.Several {
		return &migrate.Error{
			Op: "find role", Kind: migrate.Refused, SID: one.source.SID,
			Err:  fmt.Errorf("%s: %v all have type %s and name %s, but none has its permissions", mapping.RoleWasThere, is.Rivals, one.want.Type, chat.Excerpt(one.want.FriendlyName)),
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
	by, err := t.owner().MadeBy(ctx, migrate.RoleEntity, is.SID)
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
	return t.owner().Untouched(ctx, before, is, migrate.RoleEntity, origin.DigestRole(t.at(is.SID)))
}

// amend gives a role that differs its permissions, if it may, and says how it is
// then.
func (t *roleTask) amend(ctx context.Context, one *sourceRole, have conversations.Role, is origin.Resource, rec *migrate.EntityRecord) (conversations.Role, migrate.Change, error) {
	want := one.want
	want.SID, want.FriendlyName = have.SID, have.FriendlyName
	untouched, err := t.mayChange(ctx, one, is)
	if err != nil {
		return have, migrate.Unchanged, err
	}
	if untouched {
		rec.Existing = false
	} else {
		by, err := t.owner().MadeBy(ctx, migrate.RoleEntity, have.SID)
		if err != nil {
			return have, migrate.Unchanged, err
		}
		if !origin.Keeps(t.source.SID, by) {
			t.findings.Add(t.set.Mapper.RoleShared(one.source, have.SID, by, is.Differs))
			rec.Kept = true
			return have, migrate.Unchanged, nil
		}
		replace, found := t.set.Mapper.RoleWasThere(one.source, have.SID, is.Differs)
		t.findings.Add(found)
		if !replace {
			rec.Kept = true
			if one.record.TargetSID == have.SID {
				rec.Digest = cmp.Or(one.record.Digest, rec.Digest)
			}
			return have, migrate.Unchanged, nil
		}
		if err := t.owner().KeepRole(ctx, have, want); err != nil {
			return have, migrate.Unchanged, err
		}
	}
	if err := t.proceed(ctx); err != nil {
		return have, migrate.Unchanged, err
	}
	asked, stored := migrate.WithReply[conversations.Role](ctx)
	if err := t.Target.SetRole(asked, t.target, want); err != nil {
		return have, migrate.Unchanged, err
	}
	got, shown := stored()
	if !shown {
		got = want
	}
	rec.Digest = origin.DigestRole(got)
	if !untouched && origin.DigestRole(want) != rec.Digest { // an undo has to know what it finds
		if err := t.owner().KeepRole(ctx, want, got); err != nil {
			return got, migrate.Unchanged, err
		}
	}
	return got, migrate.Updated, nil
}
