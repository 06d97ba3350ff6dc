package postgres

import (
	"context"
	"errors"
	"iter"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

var _ migrate.LedgerContents = (*Ledger)(nil)

// errEnough says that nobody listens any more.
var errEnough = errors.New("enough")

// Contents yields everything in the ledger. A lost connection ends it.
func (l *Ledger) Contents(ctx context.Context) iter.Seq2[migrate.LedgerContent, error] {
	return func(yield func(migrate.LedgerContent, error) bool) {
		if err := l.contents(ctx, yield); err != nil && !errors.Is(err, errEnough) {
			yield(migrate.LedgerContent{}, fault("read ledger", "", err))
		}
	}
}

func (l *Ledger) contents(ctx context.Context, yield func(migrate.LedgerContent, error) bool) error {
	give := func(channel string, record any) error {
		if !yield(migrate.LedgerContent{ChannelSID: channel, Record: record}, nil) {
			return errEnough
		}
		return nil
	}
	f, err := l.Fingerprint(ctx)
	if err == nil && len(f) > 0 {
		err = give("", f)
	}
	if err != nil {
		return err
	}
	for _, part := range parts {
		err := l.group.stream(ctx, part.query, func(rows pgx.Rows) error {
			var channel string
			record, err := part.scan(rows, scanSID(stored.ChannelPrefix, &channel))
			if err != nil {
				return err
			}
			return give(channel, record)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// stream hands each row of everything that was put to scan, once.
func (g *group) stream(ctx context.Context, query string, scan func(pgx.Rows) error) error {
	if err := g.sync(ctx); err != nil {
		return err
	}
	from := querier(g.pool)
	if g.whole {
		if err := g.enter(ctx); err != nil {
			return err
		}
		defer g.leave()
		from = g.conn
	}
	rows, err := from.Query(ctx, query, g.migration)
	return each(rows, err, scan)
}

// parts are the tables with a query and what makes a record of a row, whose channel goes
// into a scanner of its own.
var parts = []struct {
	query string
	scan  func(rows pgx.Rows, channel any) (any, error)
}{
	{runColumns + ` ORDER BY number`, func(rows pgx.Rows, _ any) (any, error) { return scanRun(rows) }},
	{serviceColumns, func(rows pgx.Rows, _ any) (any, error) { return scanService(rows) }},
	{originalColumns, func(rows pgx.Rows, _ any) (any, error) { return scanOriginal(rows) }},
	{attemptColumns, func(rows pgx.Rows, _ any) (any, error) { return scanAttempt(rows) }},
	{entityColumns, func(rows pgx.Rows, _ any) (any, error) { return scanAnyEntity(rows) }},
	{channelColumns, func(rows pgx.Rows, _ any) (any, error) { return scanChannel(rows) }},
	{`SELECT channel_sid, source_index, target_index, source_sid, target_sid, others, gone FROM chatbridge.messages WHERE migration_id = $1`,
		func(rows pgx.Rows, channel any) (any, error) {
			var m migrate.MessageRecord
			err := rows.Scan(channel, &m.SourceIndex, &m.TargetIndex, scanSID(stored.MessagePrefix, &m.SourceSID), scanSID(stored.MessagePrefix, &m.TargetSID), &m.Others, &m.Gone)
			return m, err
		}},
	{`SELECT channel_sid, source_index, after, sends, at FROM chatbridge.doubts WHERE migration_id = $1`,
		func(rows pgx.Rows, channel any) (any, error) {
			var d migrate.DoubtRecord
			err := rows.Scan(channel, &d.SourceIndex, &d.After, &d.Sends, stored.ScanTime(&d.At))
			return d, err
		}},
	{`SELECT channel_sid, source_index, source_sid, target_sid, size, sha256 FROM chatbridge.files WHERE migration_id = $1`,
		func(rows pgx.Rows, channel any) (any, error) {
			var f migrate.FileRecord
			var sum []byte
			err := rows.Scan(channel, &f.SourceIndex, scanSID(stored.MediaPrefix, &f.SourceSID), scanSID(stored.MediaPrefix, &f.TargetSID), &f.Size, &sum)
			if err == nil && copy(f.SHA256[:], sum) != len(f.SHA256) {
				err = errDigest
			}
			return f, err
		}},
	{`SELECT source_sid, kind, service_sid, target_sid, reason, hint, at FROM chatbridge.failures WHERE migration_id = $1`,
		func(rows pgx.Rows, _ any) (any, error) { return scanFailure(rows) }},
	{`SELECT code, severity, sid, owner, field, count FROM chatbridge.findings WHERE migration_id = $1`,
		func(rows pgx.Rows, _ any) (any, error) {
			var f migrate.FindingRecord
			err := rows.Scan(scanText(&f.Code), scanText(&f.Severity), scanText(&f.SID), scanText(&f.Owner), scanText(&f.Field), &f.Count)
			return f, err
		}},
}

// scanAnyEntity scans an entity whose prefixes its kind says.
func scanAnyEntity(rows pgx.Rows) (e migrate.EntityRecord, err error) {
	var sid, parent, target []byte
	err = rows.Scan(&e.Kind, scanBytes(&sid), scanBytes(&parent), scanBytes(&target), &e.Existing, &e.Horizon, stored.ScanTime(&e.DateUpdated), &e.Digest, &e.Kept)
	if err != nil {
		return e, err
	}
	own, of := stored.EntityPrefixes(e.Kind)
	return e, errors.Join(scanSID(own, &e.SourceSID).Scan(sid), scanSID(of, &e.ParentSID).Scan(parent), scanSID(own, &e.TargetSID).Scan(target))
}
