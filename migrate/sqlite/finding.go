package sqlite

import (
	"context"
	"database/sql"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// PutFindings records findings. All of them survive a crash, or none.
func (l *Ledger) PutFindings(ctx context.Context, found []migrate.FindingRecord) error {
	if len(found) == 0 {
		return nil
	}
	return fault("put findings", found[0].SID, l.group.put(ctx, func(ctx context.Context) error {
		for _, f := range found {
			err := l.group.exec(ctx, `REPLACE INTO findings (code, sid, field, owner, severity, count) VALUES (?, ?, ?, ?, ?, ?)`,
				string(f.Code), f.SID, f.Field, f.Owner, string(f.Severity), f.Count)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// ForgetFindings forgets those of an owner that have a severity, or any if it is
// empty.
func (l *Ledger) ForgetFindings(ctx context.Context, owner string, severity mapping.Severity) error {
	return fault("forget findings", owner, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM findings WHERE owner = ? AND (? = '' OR severity = ?)`, owner, string(severity), string(severity))
	}))
}

// Findings says how often each code was found.
func (r *Reader) Findings(ctx context.Context) ([]migrate.FindingCount, error) {
	if r.version < keepsFindings {
		return nil, nil
	}
	parts, err := all(ctx, r, `SELECT code, severity, sum(count) FROM findings GROUP BY code, severity ORDER BY code`, nil,
		func(rows *sql.Rows) (f migrate.FindingCount, err error) {
			err = rows.Scan(&f.Code, &f.Severity, &f.Count)
			return f, err
		})
	if err != nil {
		return nil, fault("read findings", "", err)
	}
	var counts []migrate.FindingCount
	for _, p := range parts {
		last := len(counts) - 1
		if last < 0 || counts[last].Code != p.Code {
			counts = append(counts, p)
			continue
		}
		counts[last].Count += p.Count
		if mapping.Gravity(p.Severity) > mapping.Gravity(counts[last].Severity) {
			counts[last].Severity = p.Severity
		}
	}
	for i, c := range counts {
		counts[i].Samples, err = all(ctx, r, `SELECT DISTINCT sid FROM findings WHERE code = ? AND sid <> '' ORDER BY sid LIMIT ?`, []any{string(c.Code), migrate.SamplesKept},
			func(rows *sql.Rows) (sid string, err error) {
				err = rows.Scan(&sid)
				return sid, err
			})
		if err != nil {
			return nil, fault("read findings", "", err)
		}
	}
	migrate.SortFindings(counts)
	return counts, nil
}

// Found reports whether a code was found about a resource.
func (r *Reader) Found(ctx context.Context, code mapping.Code, sid string) (bool, error) {
	if r.version < keepsFindings {
		return false, nil
	}
	_, known, err := one(ctx, r, `SELECT 1 FROM findings WHERE code = ? AND sid = ? LIMIT 1`, []any{string(code), sid}, func(rows *sql.Rows) (n int64, err error) {
		err = rows.Scan(&n)
		return n, err
	})
	return known, fault("read findings", sid, err)
}

// LeftOut counts the resources of an owner that a finding leaves out, and whose
// SIDs begin with prefix. A message that was deleted in the target is one if this
// ledger never had it.
func (r *Reader) LeftOut(ctx context.Context, owner, prefix string) (int64, error) {
	if r.version < keepsFindings {
		return 0, nil
	}
	number := func(rows *sql.Rows) (n int64, err error) {
		err = rows.Scan(&n)
		return n, err
	}
	n, _, err := one(ctx, r, `SELECT count(DISTINCT sid) FROM findings WHERE owner = ? AND severity = ? AND substr(sid, 1, ?) = ?`,
		[]any{owner, string(mapping.Skip), len(prefix), prefix}, number)
	if err != nil {
		return 0, fault("count what was left out", owner, err)
	}
	deleted, _, err := one(ctx, r, `SELECT count(DISTINCT sid) FROM findings WHERE owner = ? AND code = ? AND substr(sid, 1, ?) = ?`,
		[]any{owner, string(mapping.MessageDeleted), len(prefix), prefix}, number)
	if err != nil || deleted == 0 {
		return n, fault("count what was left out", owner, err)
	}
	had, _, err := one(ctx, r, `SELECT count(*) FROM messages WHERE gone AND channel_id = `+channelNumber, []any{packSID(channelPrefix, owner)}, number)
	n += max(0, deleted-had)
	return n, fault("count what was left out", owner, err)
}
