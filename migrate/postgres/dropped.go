package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

var _ migrate.DroppedLedger = (*Ledger)(nil)

// dropped is what policies dropped or shortened. What was there before a migration
// replaced it is in originals.
var dropped = once(newTable("dropped", 1, "digest bytea", "code text", "sid text", "channel_sid text", "field text", "original text"))

// once leaves a row alone whose key is there already: it is equal, and may be large.
func once(t *table) *table {
	head, _, _ := strings.Cut(t.upsert, " DO UPDATE ")
	t.upsert = head + " DO NOTHING"
	return t
}

// PutDropped keeps what policies dropped or shortened, and returns when it would
// survive a crash. What is there already is not put again.
func (l *Ledger) PutDropped(ctx context.Context, all []migrate.Dropped) error {
	if len(all) == 0 {
		return nil
	}
	var rows [][]any
	size := 0
	for i, d := range all {
		digest := digestOf(d)
		rows = append(rows, []any{digest[:], packText(string(d.Code)), packText(d.SID), packText(d.ChannelSID), packText(d.Field), packText(d.Original)})
		if size += len(d.Original); size < groupBytes && i < len(all)-1 {
			continue
		}
		if err := l.putDurable(ctx, dropped, rows...); err != nil {
			return fault("keep original", d.SID, err)
		}
		rows, size = nil, 0
	}
	return nil
}

// digestOf is that of all fields, each behind its length.
func digestOf(d migrate.Dropped) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, s := range []string{string(d.Code), d.SID, d.ChannelSID, d.Field, d.Original} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s)))) // never fails
		_, _ = h.Write([]byte(s))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// droppedRows is how many of them are read at a time: each can be as large as a message
// with its attributes, 64 KiB and more.
const droppedRows = 50

// numbered is one with its number.
type numbered struct {
	migrate.Dropped
	number int64
}

// Dropped yields what policies dropped or shortened, in the order in which it was put
// first.
func (r *Reader) Dropped(ctx context.Context) iter.Seq2[migrate.Dropped, error] {
	return func(yield func(migrate.Dropped, error) bool) {
		pages := stored.Pages(droppedRows, func(last *numbered) ([]numbered, error) {
			after := int64(0)
			if last != nil {
				after = last.number
			}
			page, err := all(ctx, r, `SELECT number, code, sid, channel_sid, field, original FROM chatbridge.dropped
				WHERE migration_id = $1 AND number > $2 ORDER BY number LIMIT $3`, []any{after, droppedRows}, scanDropped)
			return page, fault("read originals that policies dropped", "", err)
		})
		for d, err := range pages {
			if !yield(d.Dropped, err) {
				return
			}
		}
	}
}

func scanDropped(rows pgx.Rows) (d numbered, err error) {
	err = rows.Scan(&d.number, scanText(&d.Code), scanText(&d.SID), scanText(&d.ChannelSID), scanText(&d.Field), scanText(&d.Original))
	return d, err
}

// CountDropped says how many originals there are, and how many bytes they have as they
// are stored.
func (r *Reader) CountDropped(ctx context.Context) (originals, bytes int64, err error) {
	type counted struct{ n, bytes int64 }
	c, _, err := one(ctx, r, `SELECT count(*), coalesce(sum(octet_length(original)), 0)::bigint FROM chatbridge.dropped WHERE migration_id = $1`, nil, func(rows pgx.Rows) (c counted, err error) {
		err = rows.Scan(&c.n, &c.bytes)
		return c, err
	})
	return c.n, c.bytes, fault("count originals that policies dropped", "", err)
}
