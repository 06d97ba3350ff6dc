package sqlite

import (
	"context"
	"database/sql"
)

// Confirmed counts the messages of a channel that the target confirmed. The
// count in a channel's own record is that of its last stage.
func (r *Reader) Confirmed(ctx context.Context, channelSID string) (int64, error) {
	var n int64
	err := r.rows(ctx, `SELECT COUNT(*) FROM messages WHERE channel_id = `+channelNumber,
		[]any{packSID(channelPrefix, channelSID)}, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, fault("count messages", channelSID, err)
}
