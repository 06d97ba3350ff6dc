package replay

import (
	"cmp"
	"context"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// arrive makes sure that a user is there, as they should be if they may be
// changed, and says what to note. before is what the ledger has.
func (u *users) arrive(ctx context.Context, src chat.User, want conversations.User, before migrate.EntityRecord) (migrate.Change, migrate.EntityRecord, error) {
	s := u.service
	rec := migrate.EntityRecord{Kind: migrate.UserEntity, SourceSID: src.SID, ParentSID: s.source.SID}
	var have conversations.User
	var change migrate.Change
	ctx, err := s.looking(ctx)
	if err != nil {
		return change, rec, err
	}
	err = s.outgoing("create user", src.SID).send(want.Attributes, func(attributes string) (err error) {
		if err = s.proceed(ctx); err != nil {
			return err
		}
		want.Attributes = attributes
		have, change, err = s.Target.EnsureUser(ctx, s.target, want)
		return err
	})
	if err != nil {
		return change, rec, err
	}
	rec.TargetSID, rec.Digest = have.SID, origin.DigestUser(have)
	if change == migrate.Created {
		return change, rec, u.asSent(ctx, s.outgoing("create user", src.SID), want, have, rec)
	}
	is := origin.User(want, &have, origin.Record{
		TargetSID: before.TargetSID, Existing: before.Existing, Unanswered: change == migrate.Unconfirmed || s.cutOff(),
	})
	rec.Existing = is.Relation != origin.Made
	if len(is.Differs) == 0 {
		return migrate.Unchanged, rec, nil
	}
	want.SID = have.SID
	untouched, err := s.owner().Untouched(ctx, before, is, migrate.UserEntity, rec.Digest)
	if err != nil {
		return migrate.Unchanged, rec, err
	}
	if untouched {
		rec.Existing = false
	} else {
		replace, found, err := u.mayReplace(ctx, src, have.SID, is.Differs)
		s.findings.Add(found)
		if err != nil {
			return migrate.Unchanged, rec, err
		}
		if !replace {
			rec.Kept = true
			if !rec.Existing {
				rec.Digest = before.Digest
			}
			return migrate.Unchanged, rec, nil
		}
		if err := s.owner().KeepUser(ctx, have, withRole(want, have)); err != nil {
			return migrate.Unchanged, rec, err
		}
	}
	asked, got := withRole(want, have), conversations.User{}
	set := s.outgoing("set user", src.SID)
	err = set.send(want.Attributes, func(attributes string) (err error) {
		if err = s.proceed(ctx); err != nil {
			return err
		}
		want.Attributes = mapping.ExplicitAttributes(attributes)
		got, err = s.Target.SetUser(ctx, s.target, want)
		return err
	})
	if err != nil {
		return migrate.Unchanged, rec, err
	}
	rec.Digest = origin.DigestUser(got)
	if !untouched && origin.DigestUser(asked) != rec.Digest { // an undo has to know what it finds
		if err := s.owner().KeepUser(ctx, asked, got); err != nil {
			return migrate.Unchanged, rec, err
		}
	}
	return migrate.Updated, rec, u.asSent(ctx, set, want, got, rec)
}

// asSent compares a user with what was sent. One that is stored otherwise is noted
// before it stops, so that the next run knows whose it is, and says it again.
func (u *users) asSent(ctx context.Context, o outgoing, sent, stored conversations.User, rec migrate.EntityRecord) error {
	err := asSent(o, sent, stored, stored.SID)
	if err == nil {
		return nil
	}
	rec.DateUpdated = migrate.NotYet
	return cmp.Or(migrate.Fatal(u.service.Ledger.PutEntity(ctx, rec)), err)
}

// withRole is what a user becomes: a role that is not asked for stays.
func withRole(want, have conversations.User) conversations.User {
	if want.RoleSID == "" {
		want.RoleSID = have.RoleSID
	}
	return want
}

// cutOff reports whether a run before this one may have created a user in a
// service of its own and not noted it.
func (s *service) cutOff() bool { return s.crashed && s.made && !s.adopted }

// mayReplace says what is to be done with a user whom somebody else made, or
// changed since.
func (u *users) mayReplace(ctx context.Context, src chat.User, targetSID string, differs []string) (bool, []mapping.Finding, error) {
	s := u.service
	by, err := s.owner().MadeBy(ctx, migrate.UserEntity, targetSID)
	if err != nil {
		return false, nil, err
	}
	if !origin.Keeps(s.source.SID, by) {
		return false, s.set.Mapper.UserShared(src, targetSID, by, differs), nil
	}
	replace, found := s.set.Mapper.UserWasThere(src, targetSID, differs)
	return replace, found, migrate.BlockedError("set user", src.SID, found)
}

// keepsAgain says of a user whom the source did not change since an earlier pass
// whether they are to be looked at once more: if they were left as they were, and
// the policy is another one now. What is still kept is said in every pass.
func (u *users) keepsAgain(ctx context.Context, src chat.User, rec migrate.EntityRecord) (again bool, err error) {
	if !rec.Kept {
		return false, nil
	}
	replace, found, err := u.mayReplace(ctx, src, rec.TargetSID, nil)
	if !replace {
		u.service.findings.Add(found)
	}
	return replace, err
}

// noteMissing records a user whom the source does not have, so that an undo
// knows whom the migration made. What was recorded first counts: later runs find
// the user there.
func (u *users) noteMissing(ctx context.Context, want, got conversations.User, change migrate.Change) error {
	s := u.service
	_, known, err := s.Ledger.Entity(ctx, migrate.UserEntity, got.SID)
	if err != nil || known {
		return migrate.Fatal(err)
	}
	want = withRole(want, got) // there is no role to compare
	is := origin.User(want, &got, origin.Record{Unanswered: change == migrate.Unconfirmed || s.cutOff()})
	return migrate.Fatal(s.Ledger.PutEntity(ctx, migrate.EntityRecord{
		Kind: migrate.UserEntity, SourceSID: got.SID, TargetSID: got.SID, ParentSID: s.source.SID,
		Existing: change != migrate.Created && is.Relation != origin.Made, Digest: origin.DigestUser(got),
	}))
}
