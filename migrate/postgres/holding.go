package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
)

// Holding says who has the lease of the migration, or had it last, and how far the
// pass is that workers were asked for. It changes nothing and waits for nobody. The
// lease is read first: a lease that is held may be given back by the time that the
// pass shows as done.
func (r *Reader) Holding(ctx context.Context) (migrate.Holding, error) {
	const op = "read holder of ledger"
	h, ok, err := one(ctx, r, `SELECT generation, ended, extract(epoch FROM expires_at - clock_timestamp())::float8, holder, host, pid, taken_at, renewed_at, expires_at
		FROM chatbridge.leases WHERE migration_id = $1`, nil, scanHolding)
	if err != nil {
		return h, fault(op, "", err)
	}
	if !ok {
		h.State = migrate.NeverLeased
	}
	h.Work, err = r.work(ctx)
	return h, fault(op, "", err)
}

func scanHolding(rows pgx.Rows) (h migrate.Holding, err error) {
	var (
		generation int64
		ended      bool
		left       float64
	)
	err = rows.Scan(&generation, &ended, &left, scanText(&h.Holder), scanText(&h.Host), &h.PID, &h.Since, &h.Renewed, &h.Expires)
	if err != nil || generation == 0 {
		return migrate.Holding{State: migrate.NeverLeased}, err
	}
	h.Since, h.Renewed, h.Expires, h.Left = h.Since.UTC(), h.Renewed.UTC(), h.Expires.UTC(), seconds(left)
	switch {
	case ended:
		h.State = migrate.LeaseGivenBack
	case h.Left > 0:
		h.State = migrate.LeaseHeld
	default:
		h.State = migrate.LeaseExpired
	}
	return h, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// work is nil if there is none. A role that was let see the ledger before there were
// workers may not see them, and everything else of the status is worth showing.
func (r *Reader) work(ctx context.Context) (*migrate.Work, error) {
	type seen struct{ there, may bool }
	table, _, err := one(ctx, r, `SELECT t IS NOT NULL, coalesce(has_table_privilege(t, 'SELECT'), false)
		FROM to_regclass('chatbridge.work') t WHERE $1::integer IS NOT NULL`, nil, func(rows pgx.Rows) (s seen, err error) {
		return s, rows.Scan(&s.there, &s.may)
	})
	if err != nil || !table.there || !table.may {
		return nil, err
	}
	w, ok, err := one(ctx, r, `SELECT pass, generation, CASE WHEN state <> 'open' THEN state WHEN worker IS NULL THEN 'waiting' ELSE 'working' END,
		coalesce(worker, ''), coalesce(reason, ''), asked_at, changed_at, seen_at, extract(epoch FROM clock_timestamp() - seen_at)::float8
		FROM chatbridge.work WHERE migration_id = $1`, nil, func(rows pgx.Rows) (w migrate.Work, err error) {
		var ago float64
		err = rows.Scan(&w.Pass, &w.Generation, &w.Stage, &w.Worker, &w.Reason, &w.Asked, &w.Changed, &w.Seen, &ago)
		w.Asked, w.Changed, w.Seen, w.Unseen = w.Asked.UTC(), w.Changed.UTC(), w.Seen.UTC(), seconds(ago)
		return w, err
	})
	if err != nil || !ok {
		return nil, err
	}
	return &w, nil
}

// Withdraw closes the pass that workers were asked for, if it is open, and gives it that
// reason. Whoever has the ledger may: no worker has the pass, and one that waits for the
// ledger leaves it when it looks for its pass.
func (l *Ledger) Withdraw(ctx context.Context, reason string) (w migrate.Work, open bool, err error) {
	const op = "withdraw work"
	asked, err := l.work(ctx)
	if err != nil || asked == nil || !asked.Open() {
		return w, false, fault(op, "", err)
	}
	err = l.group.put(ctx, true, func(g *group) {
		g.change(passes, `UPDATE chatbridge.work SET state = 'failed', worker = NULL, reason = $2, changed_at = clock_timestamp() WHERE migration_id = $1 AND state = 'open'`, reason)
	})
	return *asked, true, fault(op, "", err)
}

var passes = &table{name: "work"}
