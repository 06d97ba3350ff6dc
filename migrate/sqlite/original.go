package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"

	"chatbridge/migrate"
)

// PutOriginal keeps what was there before it is replaced, and returns when it
// would survive a crash.
func (l *Ledger) PutOriginal(ctx context.Context, o migrate.Original) error {
	own, _ := entityPrefixes(o.Kind)
	return fault("put original", o.TargetSID, l.group.putDurable(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `REPLACE INTO originals (kind, target_sid, parent_sid, before, wrote) VALUES (?, ?, ?, ?, ?)`,
			int64(o.Kind), packSID(own, o.TargetSID), packSID(servicePrefix, o.ParentSID), o.Before, o.Wrote)
	}))
}

// ForgetOriginal removes what was kept of one.
func (l *Ledger) ForgetOriginal(ctx context.Context, kind migrate.EntityKind, targetSID string) error {
	own, _ := entityPrefixes(kind)
	return fault("forget original", targetSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM originals WHERE kind = ? AND target_sid = ?`, int64(kind), packSID(own, targetSID))
	}))
}

const originalColumns = `SELECT kind, target_sid, parent_sid, before, wrote FROM originals`

// Original finds what one was before it was replaced.
func (r *Reader) Original(ctx context.Context, kind migrate.EntityKind, targetSID string) (migrate.Original, bool, error) {
	if r.version < keepsOriginals {
		return migrate.Original{}, false, nil
	}
	own, _ := entityPrefixes(kind)
	o, ok, err := one(ctx, r, originalColumns+` WHERE kind = ? AND target_sid = ?`, []any{int64(kind), packSID(own, targetSID)}, scanOriginal)
	return o, ok, fault("read original", targetSID, err)
}

// Originals yields those that a service replaced.
func (r *Reader) Originals(ctx context.Context, serviceSID string) iter.Seq2[migrate.Original, error] {
	return pages("read originals", serviceSID, func(last *migrate.Original) ([]migrate.Original, error) {
		if r.version < keepsOriginals {
			return nil, nil
		}
		after := []any{int64(0), beforeAll}
		if last != nil {
			own, _ := entityPrefixes(last.Kind)
			after = []any{int64(last.Kind), packSID(own, last.TargetSID)}
		}
		return all(ctx, r, originalColumns+` WHERE parent_sid = ? AND (kind, target_sid) > (?, ?) ORDER BY kind, target_sid LIMIT ?`,
			append(append([]any{packSID(servicePrefix, serviceSID)}, after...), pageRows), scanOriginal)
	})
}

func scanOriginal(rows *sql.Rows) (o migrate.Original, err error) {
	var target any
	if err := rows.Scan(&o.Kind, &target, packedSID{servicePrefix, &o.ParentSID}, &o.Before, &o.Wrote); err != nil {
		return o, err
	}
	own, _ := entityPrefixes(o.Kind)
	return o, packedSID{own, &o.TargetSID}.Scan(target)
}

// PutAttempt notes a create before it is sent, and returns when that would
// survive a crash.
func (l *Ledger) PutAttempt(ctx context.Context, a migrate.Attempt) error {
	own, _ := entityPrefixes(a.Kind)
	var before any
	if a.Before != nil {
		b, err := json.Marshal(a.Before)
		if err != nil {
			return fault("put attempt", a.SourceSID, err)
		}
		before = string(b)
	}
	return fault("put attempt", a.SourceSID, l.group.putDurable(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `REPLACE INTO attempts (kind, sid, parent_sid, before, sent, unanswered) VALUES (?, ?, ?, ?, ?, ?)`,
			int64(a.Kind), packSID(own, a.SourceSID), packSID(servicePrefix, a.ParentSID), before, a.Sent, a.Unanswered)
	}))
}

// ForgetAttempt removes the note of a create.
func (l *Ledger) ForgetAttempt(ctx context.Context, kind migrate.EntityKind, sourceSID string) error {
	own, _ := entityPrefixes(kind)
	return fault("forget attempt", sourceSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM attempts WHERE kind = ? AND sid = ?`, int64(kind), packSID(own, sourceSID))
	}))
}

// Attempt finds the create that was sent for a source SID.
func (r *Reader) Attempt(ctx context.Context, kind migrate.EntityKind, sourceSID string) (migrate.Attempt, bool, error) {
	if r.version < keepsOriginals {
		return migrate.Attempt{}, false, nil
	}
	own, _ := entityPrefixes(kind)
	a, ok, err := one(ctx, r, attemptColumns+` WHERE kind = ? AND sid = ?`, []any{int64(kind), packSID(own, sourceSID)}, scanAttempt)
	return a, ok, fault("read attempt", sourceSID, err)
}

// Attempts yields those of a service. There are few, so it reads them at once.
func (r *Reader) Attempts(ctx context.Context, serviceSID string) iter.Seq2[migrate.Attempt, error] {
	return func(yield func(migrate.Attempt, error) bool) {
		if r.version < keepsOriginals {
			return
		}
		attempts, err := all(ctx, r, attemptColumns+` WHERE parent_sid = ? ORDER BY kind, sid`, []any{packSID(servicePrefix, serviceSID)}, scanAttempt)
		if err != nil {
			yield(migrate.Attempt{}, fault("read attempts", serviceSID, err))
			return
		}
		for _, a := range attempts {
			if !yield(a, nil) {
				return
			}
		}
	}
}

const attemptColumns = `SELECT kind, sid, parent_sid, before, sent, unanswered FROM attempts`

func scanAttempt(rows *sql.Rows) (a migrate.Attempt, err error) {
	var sid any
	var before sql.NullString
	if err := rows.Scan(&a.Kind, &sid, packedSID{servicePrefix, &a.ParentSID}, &before, &a.Sent, &a.Unanswered); err != nil {
		return a, err
	}
	if before.Valid {
		if err := json.Unmarshal([]byte(before.String), &a.Before); err != nil {
			return a, err
		}
	}
	own, _ := entityPrefixes(a.Kind)
	return a, packedSID{own, &a.SourceSID}.Scan(sid)
}
