package sqlite

import (
	"context"
	"database/sql"
)

// CountMessages counts the messages of a channel that the target confirmed. The
// count in a channel's own record is that of its last stage.
func (r *Reader) CountMessages(ctx context.Context, channelSID string) (int64, error) {
	n, _, err := one(ctx, r, `SELECT count(*) FROM messages WHERE channel_id = `+channelNumber,
		[]any{packSID(channelPrefix, channelSID)}, func(rows *sql.Rows) (n int64, err error) {
			err = rows.Scan(&n)
			return n, err
		})
	return n, fault("count messages", channelSID, err)
}
