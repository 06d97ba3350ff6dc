package sqlite

import (
	"context"
	"database/sql"
	"iter"

	"chatbridge/migrate"
)

const (
	channelNumber = `(SELECT id FROM channels WHERE sid = ?)`
	ofChannel     = ` FROM messages WHERE channel_id = ` + channelNumber
)

// messageColumns reads a ledger also if it was not brought up to date yet.
func (r *Reader) messageColumns() string {
	flags := `others, gone`
	if r.version < doubtsKept {
		flags = `0, 0`
	}
	return `SELECT source_index, target_index, source_sid, target_sid, ` + flags + ofChannel
}

// Messages yields the confirmed messages of a channel with source indexes
// greater than after, in their order.
func (r *Reader) Messages(ctx context.Context, channelSID string, after int64) iter.Seq2[migrate.MessageRecord, error] {
	return pages("read messages", channelSID, func(last *migrate.MessageRecord) ([]migrate.MessageRecord, error) {
		from := after
		if last != nil {
			from = last.SourceIndex
		}
		return all(ctx, r, r.messageColumns()+` AND source_index > ? ORDER BY source_index LIMIT ?`,
			[]any{packSID(channelPrefix, channelSID), from, pageRows}, scanMessage)
	})
}

// Newest is the confirmed message with the greatest source index.
func (r *Reader) Newest(ctx context.Context, channelSID string) (migrate.MessageRecord, bool, error) {
	m, ok, err := one(ctx, r, r.messageColumns()+` ORDER BY source_index DESC LIMIT 1`,
		[]any{packSID(channelPrefix, channelSID)}, scanMessage)
	return m, ok, fault("read newest message", channelSID, err)
}

// AtOrBelow is the confirmed message with the greatest source index that is not
// above index.
func (r *Reader) AtOrBelow(ctx context.Context, channelSID string, index int64) (migrate.MessageRecord, bool, error) {
	m, ok, err := one(ctx, r, r.messageColumns()+` AND source_index <= ? ORDER BY source_index DESC LIMIT 1`,
		[]any{packSID(channelPrefix, channelSID), index}, scanMessage)
	return m, ok, fault("read message", channelSID, err)
}

func scanMessage(rows *sql.Rows) (m migrate.MessageRecord, err error) {
	err = rows.Scan(&m.SourceIndex, &m.TargetIndex, packedSID{messagePrefix, &m.SourceSID}, packedSID{messagePrefix, &m.TargetSID}, &m.Others, &m.Gone)
	return m, err
}

// Doubts lists the writes of a channel that may still land, by source index.
func (r *Reader) Doubts(ctx context.Context, channelSID string) ([]migrate.DoubtRecord, error) {
	columns := `SELECT source_index, after, sends, at FROM doubts`
	if r.version < doubtsKept {
		columns = `SELECT source_index, -1, 1, NULL FROM suspects`
	}
	doubts, err := all(ctx, r, columns+` WHERE channel_id = `+channelNumber+` ORDER BY source_index`, []any{packSID(channelPrefix, channelSID)},
		func(rows *sql.Rows) (d migrate.DoubtRecord, err error) {
			err = rows.Scan(&d.SourceIndex, &d.After, &d.Sends, packedTime{&d.At})
			return d, err
		})
	return doubts, fault("read doubts", channelSID, err)
}
