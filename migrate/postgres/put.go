package postgres

import (
	"context"
	"encoding/json"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

// put stores a row, with the next commit; putDurable returns when it survives a
// crash.
func (l *Ledger) put(ctx context.Context, t *table, rows ...[]any) error {
	return l.group.put(ctx, false, func(g *group) { g.putRows(t, rows) })
}

func (l *Ledger) putDurable(ctx context.Context, t *table, rows ...[]any) error {
	return l.group.put(ctx, true, func(g *group) { g.putRows(t, rows) })
}

// remove deletes the rows of a table that a condition names. Its parameters begin
// with $2.
func (l *Ledger) remove(ctx context.Context, t *table, condition string, args ...any) error {
	return l.group.put(ctx, false, func(g *group) {
		g.change(t, `DELETE FROM `+schemaName+`.`+t.name+` WHERE migration_id = $1 AND `+condition, args...)
	})
}

// list is the stored form of SIDs, and of none.
func list(sids []string) (any, error) {
	if sids == nil {
		return nil, nil
	}
	b, err := json.Marshal(sids)
	return string(b), err
}

// optional is the stored form of bytes that may not be there.
func optional(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// PutService records a service and returns when it would survive a crash.
func (l *Ledger) PutService(ctx context.Context, r migrate.ServiceRecord) error {
	before, err := list(r.Before)
	if err == nil {
		err = l.putDurable(ctx, services, []any{packText(r.SourceSID), packText(r.TargetSID), packText(r.FriendlyName), int64(r.Stage), before, r.Created, r.Adopted, optional(r.Saved)})
	}
	return fault("put service", r.SourceSID, err)
}

// ForgetService removes the record of a service.
func (l *Ledger) ForgetService(ctx context.Context, sourceSID string) error {
	return fault("forget service", sourceSID, l.remove(ctx, services, `sid = $2`, packText(sourceSID)))
}

// PutEntity records a role, user or member.
func (l *Ledger) PutEntity(ctx context.Context, r migrate.EntityRecord) error {
	own, parent := stored.EntityPrefixes(r.Kind)
	var horizon any
	if r.Horizon != nil {
		horizon = *r.Horizon
	}
	updated, err := stored.PackTime(r.DateUpdated)
	if err == nil {
		err = l.put(ctx, entities, []any{int64(r.Kind), packSID(own, r.SourceSID), packSID(parent, r.ParentSID), packSID(own, r.TargetSID), r.Existing, horizon, updated, r.Digest, r.Kept})
	}
	return fault("put entity", r.SourceSID, err)
}

// ForgetEntity removes the record of an entity.
func (l *Ledger) ForgetEntity(ctx context.Context, kind migrate.EntityKind, sourceSID string) error {
	own, _ := stored.EntityPrefixes(kind)
	return fault("forget entity", sourceSID, l.remove(ctx, entities, `kind = $2 AND sid = $3`, int64(kind), packSID(own, sourceSID)))
}

// PutOriginal keeps what was there before it is replaced, and returns when it
// would survive a crash.
func (l *Ledger) PutOriginal(ctx context.Context, o migrate.Original) error {
	own, _ := stored.EntityPrefixes(o.Kind)
	return fault("put original", o.TargetSID,
		l.putDurable(ctx, originals, []any{int64(o.Kind), packSID(own, o.TargetSID), packSID(stored.ServicePrefix, o.ParentSID), optional(o.Before), o.Wrote}))
}

// ForgetOriginal removes what was kept of one.
func (l *Ledger) ForgetOriginal(ctx context.Context, kind migrate.EntityKind, targetSID string) error {
	own, _ := stored.EntityPrefixes(kind)
	return fault("forget original", targetSID, l.remove(ctx, originals, `kind = $2 AND target_sid = $3`, int64(kind), packSID(own, targetSID)))
}

// PutAttempt notes a create before it is sent, and returns when that would
// survive a crash.
func (l *Ledger) PutAttempt(ctx context.Context, a migrate.Attempt) error {
	own, _ := stored.EntityPrefixes(a.Kind)
	before, err := list(a.Before)
	if err == nil {
		err = l.putDurable(ctx, attempts, []any{int64(a.Kind), packSID(own, a.SourceSID), packSID(stored.ServicePrefix, a.ParentSID), before, a.Sent, int64(a.Unanswered)})
	}
	return fault("put attempt", a.SourceSID, err)
}

// ForgetAttempt removes the note of a create.
func (l *Ledger) ForgetAttempt(ctx context.Context, kind migrate.EntityKind, sourceSID string) error {
	own, _ := stored.EntityPrefixes(kind)
	return fault("forget attempt", sourceSID, l.remove(ctx, attempts, `kind = $2 AND sid = $3`, int64(kind), packSID(own, sourceSID)))
}

// PutMessage records that a message was confirmed. The channel need not have
// been put.
func (l *Ledger) PutMessage(ctx context.Context, channelSID string, r migrate.MessageRecord) error {
	return fault("put message", r.SourceSID, l.put(ctx, messages, []any{packChannel(channelSID), r.SourceIndex, r.TargetIndex,
		packSID(stored.MessagePrefix, r.SourceSID), packSID(stored.MessagePrefix, r.TargetSID), r.Others, r.Gone}))
}

// ForgetMessages removes the records of a channel with source indexes greater
// than after.
func (l *Ledger) ForgetMessages(ctx context.Context, channelSID string, after int64) error {
	return fault("forget messages", channelSID, l.remove(ctx, messages, `channel_sid = $2 AND source_index > $3`, packChannel(channelSID), after))
}

// PutDoubt notes that a write may still land, and returns when that would
// survive a crash.
func (l *Ledger) PutDoubt(ctx context.Context, channelSID string, d migrate.DoubtRecord) error {
	at, err := stored.PackTime(d.At)
	if err == nil {
		err = l.putDurable(ctx, doubts, []any{packChannel(channelSID), d.SourceIndex, d.After, int64(d.Sends), at})
	}
	return fault("put doubt", channelSID, err)
}

// ForgetDoubt removes a doubt.
func (l *Ledger) ForgetDoubt(ctx context.Context, channelSID string, sourceIndex int64) error {
	return fault("forget doubt", channelSID, l.remove(ctx, doubts, `channel_sid = $2 AND source_index = $3`, packChannel(channelSID), sourceIndex))
}

// PutFile notes a file that was uploaded, and returns when that would survive a
// crash.
func (l *Ledger) PutFile(ctx context.Context, channelSID string, f migrate.FileRecord) error {
	return fault("put file", channelSID, l.putDurable(ctx, files, []any{packChannel(channelSID), f.SourceIndex,
		packSID(stored.MediaPrefix, f.SourceSID), packSID(stored.MediaPrefix, f.TargetSID), f.Size, f.SHA256[:]}))
}

// ForgetFile removes the record of a file.
func (l *Ledger) ForgetFile(ctx context.Context, channelSID string, sourceIndex int64) error {
	return fault("forget file", channelSID, l.remove(ctx, files, `channel_sid = $2 AND source_index = $3`, packChannel(channelSID), sourceIndex))
}

// PutFailure records why something was not carried. Its key is the source SID
// and the kind.
func (l *Ledger) PutFailure(ctx context.Context, f migrate.Failure) error {
	at, err := stored.PackTime(f.At)
	if err == nil {
		err = l.put(ctx, failures, []any{packText(f.SourceSID), packText(f.Kind), packText(f.ServiceSID), packText(f.TargetSID), packText(f.Reason), packText(f.Hint), at})
	}
	return fault("put failure", f.SourceSID, err)
}

// ClearFailures forgets what was said about one source SID.
func (l *Ledger) ClearFailures(ctx context.Context, sourceSID string) error {
	return fault("clear failures", sourceSID, l.remove(ctx, failures, `source_sid = $2`, packText(sourceSID)))
}

// PutFindings records findings. All of them survive a crash, or none.
func (l *Ledger) PutFindings(ctx context.Context, found []migrate.FindingRecord) error {
	if len(found) == 0 {
		return nil
	}
	var rows [][]any
	for _, f := range found {
		rows = append(rows, []any{packText(string(f.Code)), packText(f.SID), packText(f.Field), packText(f.Owner), packText(string(f.Severity)), f.Count})
	}
	return fault("put findings", found[0].SID, l.put(ctx, findings, rows...))
}

// ForgetFindings forgets those of an owner that have a severity, or any if it is
// empty.
func (l *Ledger) ForgetFindings(ctx context.Context, owner string, severity mapping.Severity) error {
	return fault("forget findings", owner, l.remove(ctx, findings, `owner = $2 AND ($3 = '' OR severity = $3)`, packText(owner), packText(string(severity))))
}

// PutRun records a run under its ID and returns when it would survive a crash.
func (l *Ledger) PutRun(ctx context.Context, r migrate.RunRecord) error {
	started, err := stored.PackTime(r.StartedAt)
	if err != nil {
		return fault("put run", "", err)
	}
	heartbeat, err := stored.PackTime(r.HeartbeatAt)
	if err != nil {
		return fault("put run", "", err)
	}
	ended, err := stored.PackTime(r.EndedAt)
	if err != nil {
		return fault("put run", "", err)
	}
	unanswered, err := stored.PackTime(r.Unanswered)
	if err == nil {
		err = l.putDurable(ctx, runs, []any{packText(r.ID), int64(r.PID), packText(r.Host), started, heartbeat, ended, packText(r.Status), int64(r.Settle), optional(r.Progress), optional(r.Summary), unanswered})
	}
	return fault("put run", "", err)
}
