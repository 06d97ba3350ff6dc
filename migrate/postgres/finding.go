package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// Findings says how often each code was found.
func (r *Reader) Findings(ctx context.Context) ([]migrate.FindingCount, error) {
	parts, err := all(ctx, r, `SELECT code, severity, sum(count)::bigint FROM chatbridge.findings WHERE migration_id = $1 GROUP BY code, severity ORDER BY code`, nil,
		func(rows pgx.Rows) (f migrate.FindingCount, err error) {
			err = rows.Scan(scanText(&f.Code), scanText(&f.Severity), &f.Count)
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
		counts[i].Samples, err = all(ctx, r, `SELECT DISTINCT sid FROM chatbridge.findings WHERE migration_id = $1 AND code = $2 AND sid <> '' ORDER BY sid LIMIT $3`,
			[]any{packText(string(c.Code)), migrate.SamplesKept}, func(rows pgx.Rows) (sid string, err error) {
				err = rows.Scan(scanText(&sid))
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
	_, known, err := one(ctx, r, `SELECT 1::bigint FROM chatbridge.findings WHERE migration_id = $1 AND code = $2 AND sid = $3 LIMIT 1`,
		[]any{packText(string(code)), packText(sid)}, scanNumber)
	return known, fault("read findings", sid, err)
}

// LeftOut counts the resources of an owner that a finding leaves out, and whose
// SIDs begin with prefix. A message that was deleted in the target is one if this
// ledger never had it.
func (r *Reader) LeftOut(ctx context.Context, owner, prefix string) (int64, error) {
	count := func(column, value string) (int64, error) {
		n, _, err := one(ctx, r, `SELECT count(DISTINCT sid) FROM chatbridge.findings WHERE migration_id = $1 AND owner = $2 AND `+column+` = $3 AND starts_with(sid, $4)`,
			[]any{packText(owner), packText(value), prefix}, scanNumber)
		return n, fault("count what was left out", owner, err)
	}
	n, err := count("severity", string(mapping.Skip))
	if err != nil {
		return 0, err
	}
	deleted, err := count("code", string(mapping.MessageDeleted))
	if err != nil || deleted == 0 {
		return n, err
	}
	had, _, err := one(ctx, r, `SELECT count(*) FROM chatbridge.messages WHERE migration_id = $1 AND channel_sid = $2 AND gone`, []any{packChannel(owner)}, scanNumber)
	return n + max(0, deleted-had), fault("count what was left out", owner, err)
}
