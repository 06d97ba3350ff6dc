package sqlite

import (
	"context"
	"fmt"
)

// LimitPages makes the disk full: the file cannot grow beyond so many pages.
func (l *Ledger) LimitPages(ctx context.Context, pages int) error {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	_, err := l.group.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
	return err
}

// Plan is how SQLite would carry out a query.
func (l *Ledger) Plan(ctx context.Context, query string, args ...any) (string, error) {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	var id, parent, unused int
	var detail string
	err := l.group.conn.QueryRowContext(ctx, "EXPLAIN QUERY PLAN "+query, args...).Scan(&id, &parent, &unused, &detail)
	return detail, err
}

// ChannelsQuery is the order of Channels.
const ChannelsQuery = channelColumns + `born_at, alone, writing FROM channels WHERE service_sid = ? AND ` + channelOrder + ` > ? ORDER BY ` + channelOrder + ` LIMIT ?`

// SharersQuery finds who shares a role or a user of the target.
func (l *Ledger) SharersQuery() string {
	return l.entityColumns() + ` WHERE kind = ? AND target_sid = ? AND sid <> ?` + indexedByTarget
}
