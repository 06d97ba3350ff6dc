package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"math"

	"chatbridge/migrate"
)

const fileColumns = `SELECT source_index, source_sid, target_sid, size, sha256 FROM files WHERE channel_id = ` + channelNumber

var errDigest = errors.New("the digest of a file has another length than SHA-256")

// File finds the file that was uploaded for a message.
func (r *Reader) File(ctx context.Context, channelSID string, sourceIndex int64) (migrate.FileRecord, bool, error) {
	if r.version < keepsFiles {
		return migrate.FileRecord{}, false, nil
	}
	f, ok, err := one(ctx, r, fileColumns+` AND source_index = ?`, []any{packSID(channelPrefix, channelSID), sourceIndex}, scanFile)
	return f, ok, fault("read file", channelSID, err)
}

// Files yields those of a channel, by source index.
func (r *Reader) Files(ctx context.Context, channelSID string) iter.Seq2[migrate.FileRecord, error] {
	return pages("read files", channelSID, func(last *migrate.FileRecord) ([]migrate.FileRecord, error) {
		if r.version < keepsFiles {
			return nil, nil
		}
		from := int64(math.MinInt64)
		if last != nil {
			from = last.SourceIndex
		}
		return all(ctx, r, fileColumns+` AND source_index > ? ORDER BY source_index LIMIT ?`,
			[]any{packSID(channelPrefix, channelSID), from, pageRows}, scanFile)
	})
}

// CountFiles counts the files of confirmed messages, and their bytes.
func (r *Reader) CountFiles(ctx context.Context) (files, bytes int64, err error) {
	if r.version < keepsFiles {
		return 0, 0, nil
	}
	type sum struct{ files, bytes int64 }
	s, _, err := one(ctx, r, `SELECT count(*), coalesce(sum(size), 0) FROM files JOIN messages USING (channel_id, source_index) WHERE NOT gone`, nil,
		func(rows *sql.Rows) (s sum, err error) {
			err = rows.Scan(&s.files, &s.bytes)
			return s, err
		})
	return s.files, s.bytes, fault("count files", "", err)
}

func scanFile(rows *sql.Rows) (f migrate.FileRecord, err error) {
	var sum []byte
	if err := rows.Scan(&f.SourceIndex, packedSID{mediaPrefix, &f.SourceSID}, packedSID{mediaPrefix, &f.TargetSID}, &f.Size, &sum); err != nil {
		return f, err
	}
	if copy(f.SHA256[:], sum) != len(f.SHA256) || len(sum) != len(f.SHA256) {
		return f, errDigest
	}
	return f, nil
}

// PutFile notes a file that was uploaded, and returns when that would survive a
// crash.
func (l *Ledger) PutFile(ctx context.Context, channelSID string, f migrate.FileRecord) error {
	return fault("put file", channelSID, l.group.putDurable(ctx, func(ctx context.Context) error {
		channel, err := l.number(ctx, channelSID)
		if err != nil {
			return err
		}
		return l.group.exec(ctx, `REPLACE INTO files (channel_id, source_index, source_sid, target_sid, size, sha256) VALUES (?, ?, ?, ?, ?, ?)`,
			channel, f.SourceIndex, packSID(mediaPrefix, f.SourceSID), packSID(mediaPrefix, f.TargetSID), f.Size, f.SHA256[:])
	}))
}

// ForgetFile removes the record of a file.
func (l *Ledger) ForgetFile(ctx context.Context, channelSID string, sourceIndex int64) error {
	return fault("forget file", channelSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM files WHERE channel_id = `+channelNumber+` AND source_index = ?`, packSID(channelPrefix, channelSID), sourceIndex)
	}))
}
