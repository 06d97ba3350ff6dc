// Package owner tells, of roles and users of the target, which service of the
// source made them, and keeps what they were before a service replaces them. Of
// services it knows those that a create without an answer made late. It asks the
// ledger; whose something is that no ledger knows, origin says.
package owner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// Service is a service of the source that is on its way.
type Service struct {
	SID    string
	Ledger migrate.Ledger
}

// Made is the record of a role or a user of the target that a migration into it
// made, for whatever service.
func (s Service) Made(ctx context.Context, kind migrate.EntityKind, targetSID string) (migrate.EntityRecord, bool, error) {
	pairs, err := s.Ledger.Lookup(ctx, targetSID)
	if err != nil {
		return migrate.EntityRecord{}, false, migrate.Fatal(err)
	}
	for _, p := range pairs {
		rec, known, err := s.Ledger.Entity(ctx, kind, cmp.Or(p.SourceSID, p.TargetSID))
		if err != nil {
			return migrate.EntityRecord{}, false, migrate.Fatal(err)
		}
		if known && rec.TargetSID == targetSID && !rec.Existing {
			return rec, true, nil
		}
	}
	return migrate.EntityRecord{}, false, nil
}

// MadeBy is the SID of the source service that made a role or a user of the
// target, or replaced it; empty if none of them did.
func (s Service) MadeBy(ctx context.Context, kind migrate.EntityKind, targetSID string) (string, error) {
	rec, known, err := s.Made(ctx, kind, targetSID)
	if err != nil || known {
		return rec.ParentSID, err
	}
	o, _, err := s.Ledger.Original(ctx, kind, targetSID)
	return o.ParentSID, migrate.Fatal(err)
}

// Untouched reports whether something that differs may be brought up to date
// without a question: this service made it, if under another source SID, and
// nobody changed it since. before is what the ledger has under this one.
func (s Service) Untouched(ctx context.Context, before migrate.EntityRecord, is origin.Resource, kind migrate.EntityKind, now int64) (bool, error) {
	if before.TargetSID == "" && is.Relation != origin.Made {
		rec, known, err := s.Made(ctx, kind, is.SID)
		if err != nil || !known || rec.ParentSID != s.SID {
			return false, err
		}
		return rec.Digest == 0 || rec.Digest == now, nil
	}
	return is.Relation == origin.Made && (before.Digest == 0 || before.Digest == now), nil
}

// KeepRole keeps what a role is before it becomes want.
func (s Service) KeepRole(ctx context.Context, have, want conversations.Role) error {
	return s.keepOriginal(ctx, migrate.RoleEntity, have.SID, have, origin.DigestRole(have), origin.DigestRole(want), func(before []byte) (int64, error) {
		var r conversations.Role
		err := json.Unmarshal(before, &r)
		return origin.DigestRole(r), err
	})
}

// KeepUser keeps what a user is before they become want.
func (s Service) KeepUser(ctx context.Context, have, want conversations.User) error {
	return s.keepOriginal(ctx, migrate.UserEntity, have.SID, have, origin.DigestUser(have), origin.DigestUser(want), func(before []byte) (int64, error) {
		var u conversations.User
		err := json.Unmarshal(before, &u)
		return origin.DigestUser(u), err
	})
}

// keepOriginal keeps what is there, unless it is what an earlier pass wrote, or
// kept and then did not come to replace.
func (s Service) keepOriginal(ctx context.Context, kind migrate.EntityKind, sid string, have any, now, next int64, digest func([]byte) (int64, error)) error {
	o, known, err := s.Ledger.Original(ctx, kind, sid)
	if err != nil {
		return migrate.Fatal(err)
	}
	if known {
		before, err := digest(o.Before)
		if err != nil {
			return migrate.Fatal(fmt.Errorf("read original of %s: %w", sid, err))
		}
		known = now == o.Wrote || now == before
	}
	if !known {
		if o.Before, err = json.Marshal(have); err != nil {
			return fmt.Errorf("keep original of %s: %w", sid, err)
		}
	}
	o.Kind, o.TargetSID, o.ParentSID, o.Wrote = kind, sid, s.SID, next
	return migrate.Fatal(s.Ledger.PutOriginal(ctx, o))
}
