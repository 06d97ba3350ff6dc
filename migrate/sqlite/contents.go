package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

var _ migrate.LedgerContents = (*Ledger)(nil)

// Contents yields everything in the ledger.
func (l *Ledger) Contents(ctx context.Context) iter.Seq2[migrate.LedgerContent, error] {
	return func(yield func(migrate.LedgerContent, error) bool) {
		if err := l.contents(ctx, yield); err != nil && !errors.Is(err, errEnough) {
			yield(migrate.LedgerContent{}, fault("read ledger", "", err))
		}
	}
}

// errEnough says that nobody listens any more.
var errEnough = errors.New("enough")

func (l *Ledger) contents(ctx context.Context, yield func(migrate.LedgerContent, error) bool) error {
	give := func(channel string, record any) error {
		if !yield(migrate.LedgerContent{ChannelSID: channel, Record: record}, nil) {
			return errEnough
		}
		return nil
	}
	if f, err := l.Fingerprint(ctx); err != nil {
		return err
	} else if len(f) > 0 {
		if err := give("", f); err != nil {
			return err
		}
	}
	ofAny := func(scan func(*sql.Rows) (any, error)) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			record, err := scan(rows)
			if err != nil {
				return err
			}
			return give("", record)
		}
	}
	inChannel := func(scan func(*sql.Rows, any) (any, error)) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			var channel string
			record, err := scan(rows, packedSID{channelPrefix, &channel})
			if err != nil {
				return err
			}
			return give(channel, record)
		}
	}
	for _, part := range []struct {
		query string
		scan  func(*sql.Rows) error
	}{
		{`SELECT id, pid, host, started_at, heartbeat_at, ended_at, status, progress, summary, settle, unanswered_at FROM runs ORDER BY number`,
			ofAny(func(rows *sql.Rows) (any, error) { return scanRun(rows) })},
		{l.serviceColumns(), ofAny(func(rows *sql.Rows) (any, error) { return scanService(rows) })},
		{originalColumns, ofAny(func(rows *sql.Rows) (any, error) { return scanOriginal(rows) })},
		{attemptColumns, ofAny(func(rows *sql.Rows) (any, error) { return scanAttempt(rows) })},
		{l.entityColumns(), ofAny(func(rows *sql.Rows) (any, error) { return scanAnyEntity(rows) })},
		{l.channelColumns() + ` WHERE service_sid IS NOT NULL`, ofAny(func(rows *sql.Rows) (any, error) { return scanChannel(rows) })},
		{`SELECT c.sid, source_index, target_index, source_sid, m.target_sid, others, gone FROM messages m JOIN channels c ON c.id = m.channel_id`,
			inChannel(func(rows *sql.Rows, channel any) (any, error) {
				var m migrate.MessageRecord
				err := rows.Scan(channel, &m.SourceIndex, &m.TargetIndex, packedSID{messagePrefix, &m.SourceSID}, packedSID{messagePrefix, &m.TargetSID}, &m.Others, &m.Gone)
				return m, err
			})},
		{`SELECT c.sid, source_index, after, sends, at FROM doubts d JOIN channels c ON c.id = d.channel_id`,
			inChannel(func(rows *sql.Rows, channel any) (any, error) {
				var d migrate.DoubtRecord
				err := rows.Scan(channel, &d.SourceIndex, &d.After, &d.Sends, packedTime{&d.At})
				return d, err
			})},
		{`SELECT c.sid, source_index, source_sid, f.target_sid, size, sha256 FROM files f JOIN channels c ON c.id = f.channel_id`,
			inChannel(func(rows *sql.Rows, channel any) (any, error) {
				var f migrate.FileRecord
				var sum []byte
				err := rows.Scan(channel, &f.SourceIndex, packedSID{mediaPrefix, &f.SourceSID}, packedSID{mediaPrefix, &f.TargetSID}, &f.Size, &sum)
				if err == nil && copy(f.SHA256[:], sum) != len(f.SHA256) {
					err = errDigest
				}
				return f, err
			})},
		{`SELECT source_sid, kind, service_sid, target_sid, reason, hint, at FROM failures`, ofAny(func(rows *sql.Rows) (any, error) { return scanFailure(rows) })},
		{`SELECT code, severity, sid, owner, field, count FROM findings`, ofAny(func(rows *sql.Rows) (any, error) {
			var f migrate.FindingRecord
			var code, severity string
			err := rows.Scan(&code, &severity, &f.SID, &f.Owner, &f.Field, &f.Count)
			f.Code, f.Severity = mapping.Code(code), mapping.Severity(severity)
			return f, err
		})},
	} {
		if err := l.rows(ctx, part.query, nil, part.scan); err != nil {
			return err
		}
	}
	return nil
}

// scanAnyEntity scans an entity whose prefixes its kind says.
func scanAnyEntity(rows *sql.Rows) (e migrate.EntityRecord, err error) {
	var sid, parent, target any
	var horizon sql.NullInt64
	err = rows.Scan(&e.Kind, &sid, &parent, &target, &e.Existing, &horizon, packedTime{&e.DateUpdated}, &e.Digest, &e.Kept)
	if horizon.Valid {
		e.Horizon = &horizon.Int64
	}
	own, of := entityPrefixes(e.Kind)
	return e, errors.Join(err, packedSID{own, &e.SourceSID}.Scan(sid), packedSID{of, &e.ParentSID}.Scan(parent), packedSID{own, &e.TargetSID}.Scan(target))
}
