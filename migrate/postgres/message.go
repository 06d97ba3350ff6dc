package postgres

import (
	"context"
	"errors"
	"iter"
	"math"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

const messageColumns = `SELECT source_index, target_index, source_sid, target_sid, others, gone FROM chatbridge.messages WHERE migration_id = $1 AND channel_sid = $2`

// Messages yields the confirmed messages of a channel with source indexes
// greater than after, in their order.
func (r *Reader) Messages(ctx context.Context, channelSID string, after int64) iter.Seq2[migrate.MessageRecord, error] {
	return pages("read messages", channelSID, func(last *migrate.MessageRecord) ([]migrate.MessageRecord, error) {
		from := after
		if last != nil {
			from = last.SourceIndex
		}
		return all(ctx, r, messageColumns+` AND source_index > $3 ORDER BY source_index LIMIT $4`, []any{packChannel(channelSID), from, pageRows}, scanMessage)
	})
}

// Newest is the confirmed message with the greatest source index.
func (r *Reader) Newest(ctx context.Context, channelSID string) (migrate.MessageRecord, bool, error) {
	m, ok, err := one(ctx, r, messageColumns+` ORDER BY source_index DESC LIMIT 1`, []any{packChannel(channelSID)}, scanMessage)
	return m, ok, fault("read newest message", channelSID, err)
}

// AtOrBelow is the confirmed message with the greatest source index that is not
// above index.
func (r *Reader) AtOrBelow(ctx context.Context, channelSID string, index int64) (migrate.MessageRecord, bool, error) {
	m, ok, err := one(ctx, r, messageColumns+` AND source_index <= $3 ORDER BY source_index DESC LIMIT 1`, []any{packChannel(channelSID), index}, scanMessage)
	return m, ok, fault("read message", channelSID, err)
}

// CountMessages counts the messages of a channel that the target confirmed.
func (r *Reader) CountMessages(ctx context.Context, channelSID string) (int64, error) {
	n, _, err := one(ctx, r, `SELECT count(*) FROM chatbridge.messages WHERE migration_id = $1 AND channel_sid = $2`, []any{packChannel(channelSID)}, scanNumber)
	return n, fault("count messages", channelSID, err)
}

func packChannel(sid string) []byte { return packSID(stored.ChannelPrefix, sid) }

func scanMessage(rows pgx.Rows) (m migrate.MessageRecord, err error) {
	err = rows.Scan(&m.SourceIndex, &m.TargetIndex, scanSID(stored.MessagePrefix, &m.SourceSID), scanSID(stored.MessagePrefix, &m.TargetSID), &m.Others, &m.Gone)
	return m, err
}

func scanNumber(rows pgx.Rows) (n int64, err error) {
	err = rows.Scan(&n)
	return n, err
}

// Doubts lists the writes of a channel that may still land, by source index.
func (r *Reader) Doubts(ctx context.Context, channelSID string) ([]migrate.DoubtRecord, error) {
	doubts, err := all(ctx, r, `SELECT source_index, after, sends, at FROM chatbridge.doubts WHERE migration_id = $1 AND channel_sid = $2 ORDER BY source_index`,
		[]any{packChannel(channelSID)}, func(rows pgx.Rows) (d migrate.DoubtRecord, err error) {
			err = rows.Scan(&d.SourceIndex, &d.After, &d.Sends, stored.ScanTime(&d.At))
			return d, err
		})
	return doubts, fault("read doubts", channelSID, err)
}

const fileColumns = `SELECT source_index, source_sid, target_sid, size, sha256 FROM chatbridge.files WHERE migration_id = $1 AND channel_sid = $2`

var errDigest = errors.New("the digest of a file has another length than SHA-256")

// File finds the file that was uploaded for a message.
func (r *Reader) File(ctx context.Context, channelSID string, sourceIndex int64) (migrate.FileRecord, bool, error) {
	f, ok, err := one(ctx, r, fileColumns+` AND source_index = $3`, []any{packChannel(channelSID), sourceIndex}, scanFile)
	return f, ok, fault("read file", channelSID, err)
}

// Files yields those of a channel, by source index.
func (r *Reader) Files(ctx context.Context, channelSID string) iter.Seq2[migrate.FileRecord, error] {
	return pages("read files", channelSID, func(last *migrate.FileRecord) ([]migrate.FileRecord, error) {
		bound, from := `>=`, int64(math.MinInt64)
		if last != nil {
			bound, from = `>`, last.SourceIndex
		}
		return all(ctx, r, fileColumns+` AND source_index `+bound+` $3 ORDER BY source_index LIMIT $4`, []any{packChannel(channelSID), from, pageRows}, scanFile)
	})
}

// CountFiles counts the files of confirmed messages, and their bytes.
func (r *Reader) CountFiles(ctx context.Context) (files, bytes int64, err error) {
	type sum struct{ files, bytes int64 }
	s, _, err := one(ctx, r, `SELECT count(*), coalesce(sum(size), 0)::bigint FROM chatbridge.files JOIN chatbridge.messages USING (migration_id, channel_sid, source_index)
		WHERE migration_id = $1 AND NOT gone`, nil, func(rows pgx.Rows) (s sum, err error) {
		err = rows.Scan(&s.files, &s.bytes)
		return s, err
	})
	return s.files, s.bytes, fault("count files", "", err)
}

func scanFile(rows pgx.Rows) (f migrate.FileRecord, err error) {
	var sum []byte
	if err := rows.Scan(&f.SourceIndex, scanSID(stored.MediaPrefix, &f.SourceSID), scanSID(stored.MediaPrefix, &f.TargetSID), &f.Size, &sum); err != nil {
		return f, err
	}
	if len(sum) != len(f.SHA256) {
		return f, errDigest
	}
	copy(f.SHA256[:], sum)
	return f, nil
}
