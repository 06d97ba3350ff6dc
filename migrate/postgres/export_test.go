package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Forget has the ledger lose its session without the server noticing.
func (l *Ledger) Forget() *pgx.Conn {
	<-l.group.turn
	defer l.group.leave()
	left := l.group.conn
	l.group.conn, l.group.begun, l.group.sent = nil, false, 0
	return left
}

// Setting is one of the writing session.
func (l *Ledger) Setting(ctx context.Context, name string) (value string, err error) {
	<-l.group.turn
	defer l.group.leave()
	err = l.group.conn.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&value)
	return value, err
}

// Shared is what is said of a pooler that gives both connections one session.
func (l *Ledger) Shared(ctx context.Context) error { return unshared(ctx, l.group.conn, l.group.conn) }

// Stored forms, there and back.
func TextBack(s string) (back string, err error) {
	return back, scanText(&back).Scan(packText(s))
}

func SIDBack(prefix, sid string) (back string, bytes int, err error) {
	packed := packSID(prefix, sid)
	return back, len(packed), scanSID(prefix, &back).Scan(packed)
}

// Pending is how many bytes of texts wait in memory.
func (l *Ledger) Pending() int {
	<-l.group.turn
	defer l.group.leave()
	return l.group.bytes
}
