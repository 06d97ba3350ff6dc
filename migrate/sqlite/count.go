package sqlite

import (
	"context"
	"database/sql"
)

// CountMessages is how many messages of a channel are confirmed.
func (r *Reader) CountMessages(ctx context.Context, channelSID string) (int64, error) {
	n, _, err := one(ctx, r, `SELECT count(*) FROM messages WHERE channel_id = `+channelNumber,
		[]any{packSID(channelPrefix, channelSID)}, func(rows *sql.Rows) (n int64, err error) {
			err = rows.Scan(&n)
			return n, err
		})
	return n, fault("count messages", channelSID, err)
}
