package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
)

var leases = &table{name: "leases"}

var strays = newTable("strays", 3, "target_service_sid text", "conversation_sid text", "message_sid text", "at bigint")

// Lease is of migrate.Leased; nil if nobody else sees the migration yet.
func (l *Ledger) Lease() migrate.Lease {
	if held, ok := l.group.rights.(*leasing); ok {
		return held.keeper
	}
	return nil
}

// PutStray is of migrate.Leased: it has a session of its own, and needs no lease.
func (l *Ledger) PutStray(ctx context.Context, s migrate.Stray) error {
	conn, err := connect(ctx, l.group.config)
	if err != nil {
		return fault("put stray", s.Message, refuseConnection(l.group.config, err))
	}
	defer closeSession(conn)
	_, err = conn.Exec(ctx, `INSERT INTO chatbridge.strays (migration_id, target_service_sid, conversation_sid, message_sid, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		l.migration, packText(s.TargetService), packText(s.Conversation), packText(s.Message), s.At.Unix())
	return fault("put stray", s.Message, err)
}

// Strays is of migrate.Leased.
func (l *Ledger) Strays(ctx context.Context) ([]migrate.Stray, error) {
	found, err := all(ctx, l.Reader, `SELECT target_service_sid, conversation_sid, message_sid, at FROM chatbridge.strays WHERE migration_id = $1 ORDER BY at, message_sid`, nil,
		func(rows pgx.Rows) (s migrate.Stray, err error) {
			var at int64
			err = rows.Scan(scanText(&s.TargetService), scanText(&s.Conversation), scanText(&s.Message), &at)
			s.At = time.Unix(at, 0).UTC()
			return s, err
		})
	return found, fault("read strays", "", err)
}

// ForgetStray is of migrate.Leased.
func (l *Ledger) ForgetStray(ctx context.Context, s migrate.Stray) error {
	return fault("forget stray", s.Message, l.remove(ctx, strays, `target_service_sid = $2 AND conversation_sid = $3 AND message_sid = $4 AND at = $5`,
		packText(s.TargetService), packText(s.Conversation), packText(s.Message), s.At.Unix()))
}

var _ migrate.Leased = (*Ledger)(nil)
