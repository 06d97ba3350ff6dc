package postgres

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

const originalColumns = `SELECT kind, target_sid, parent_sid, before, wrote FROM chatbridge.originals WHERE migration_id = $1`

// Original finds what one was before it was replaced.
func (r *Reader) Original(ctx context.Context, kind migrate.EntityKind, targetSID string) (migrate.Original, bool, error) {
	own, _ := stored.EntityPrefixes(kind)
	o, ok, err := one(ctx, r, originalColumns+` AND kind = $2 AND target_sid = $3`, []any{int64(kind), packSID(own, targetSID)}, scanOriginal)
	return o, ok, fault("read original", targetSID, err)
}

// Originals yields those that a service replaced.
func (r *Reader) Originals(ctx context.Context, serviceSID string) iter.Seq2[migrate.Original, error] {
	return pages("read originals", serviceSID, func(last *migrate.Original) ([]migrate.Original, error) {
		kind, after := int64(0), []byte{}
		if last != nil {
			own, _ := stored.EntityPrefixes(last.Kind)
			kind, after = int64(last.Kind), packSID(own, last.TargetSID)
		}
		return all(ctx, r, originalColumns+` AND parent_sid = $2 AND (kind, target_sid) > ($3, $4) ORDER BY kind, target_sid LIMIT $5`,
			[]any{packSID(stored.ServicePrefix, serviceSID), kind, after, pageRows}, scanOriginal)
	})
}

func scanOriginal(rows pgx.Rows) (o migrate.Original, err error) {
	var target []byte
	if err := rows.Scan(&o.Kind, scanBytes(&target), scanSID(stored.ServicePrefix, &o.ParentSID), scanBytes(&o.Before), &o.Wrote); err != nil {
		return o, err
	}
	own, _ := stored.EntityPrefixes(o.Kind)
	return o, scanSID(own, &o.TargetSID).Scan(target)
}

const attemptColumns = `SELECT kind, sid, parent_sid, before, sent, unanswered FROM chatbridge.attempts WHERE migration_id = $1`

// Attempt finds the create that was sent for a source SID.
func (r *Reader) Attempt(ctx context.Context, kind migrate.EntityKind, sourceSID string) (migrate.Attempt, bool, error) {
	own, _ := stored.EntityPrefixes(kind)
	a, ok, err := one(ctx, r, attemptColumns+` AND kind = $2 AND sid = $3`, []any{int64(kind), packSID(own, sourceSID)}, scanAttempt)
	return a, ok, fault("read attempt", sourceSID, err)
}

// Attempts yields those of a service. There are few, so it reads them at once.
func (r *Reader) Attempts(ctx context.Context, serviceSID string) iter.Seq2[migrate.Attempt, error] {
	return func(yield func(migrate.Attempt, error) bool) {
		attempts, err := all(ctx, r, attemptColumns+` AND parent_sid = $2 ORDER BY kind, sid`, []any{packSID(stored.ServicePrefix, serviceSID)}, scanAttempt)
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

func scanAttempt(rows pgx.Rows) (a migrate.Attempt, err error) {
	var sid []byte
	var before *string
	if err := rows.Scan(&a.Kind, scanBytes(&sid), scanSID(stored.ServicePrefix, &a.ParentSID), &before, &a.Sent, &a.Unanswered); err != nil {
		return a, err
	}
	if before != nil {
		if err := json.Unmarshal([]byte(*before), &a.Before); err != nil {
			return a, err
		}
	}
	own, _ := stored.EntityPrefixes(a.Kind)
	return a, scanSID(own, &a.SourceSID).Scan(sid)
}
