package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/reports"
)

// agree shows what the endpoints and the ledger say is going to be done, and asks.
// asked is called when they were asked all.
func (o *migrateOptions) agree(ctx context.Context, s *endpoints, mapper mapping.Mapper, asked func()) error {
	l, err := o.look(ctx, s, mapper, !o.Yes)
	if err != nil {
		return err
	}
	defer l.Close()
	asked()
	if o.console.of == nil && (!o.Quiet || !o.Yes) {
		if err := o.showPlan(ctx, s, l.ledger, l.services); err != nil {
			return err
		}
	}
	if o.Yes {
		return nil
	}
	fmt.Fprint(o.console.err, l.text(o.APS, o.channels(), o.writeTime(), mapper.Policy, o.Since != "" || o.Until != ""))
	return o.console.confirm(ctx)
}

// outlook is what a migration is going to do.
type outlook struct {
	services []chat.Service
	ledger   migrate.LedgerReader // nil if it has none yet
	amounts                       // zero unless they were asked for
}

// Close closes the ledger.
func (l *outlook) Close() {
	if l.ledger != nil {
		_ = l.ledger.Close()
	}
}

// look finds out what is going to be done, and refuses what cannot be. It is to be
// closed.
func (o *migrateOptions) look(ctx context.Context, s *endpoints, mapper mapping.Mapper, counting bool) (l *outlook, err error) {
	l = &outlook{}
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if l.services, err = o.selectServices(ctx, s, mapper); err != nil {
		return l, err
	}
	if l.ledger, err = o.begun(ctx, s, mapper); err != nil {
		return l, err
	}
	if err = refuseFlex(ctx, s.source, l.services, mapper, "chatbridge migrate", o.tell(o.console)); err != nil || !counting {
		return l, err
	}
	takes, err := o.takes(ctx, l.ledger)
	if err != nil {
		return l, err
	}
	l.amounts, err = countAmounts(ctx, s.source, l.ledger, mapper, l.services, takes)
	return l, err
}

// count is how much a migration has to do. It asks nobody, and writes nothing.
func (o *migrateOptions) count(ctx context.Context) (a amounts, err error) {
	mapper, err := o.mapper()
	if err == nil {
		err = o.load("migrate")
	}
	if err != nil {
		return a, err
	}
	s, err := o.connected(ctx, mapper, func(ctx context.Context, s *endpoints, mapper mapping.Mapper, asked func()) error {
		l, err := o.look(ctx, s, mapper, true)
		if err != nil {
			return err
		}
		defer l.Close()
		a = l.amounts
		return nil
	})
	if err != nil {
		return a, err
	}
	return a, s.Close()
}

// begun reads the ledger of a migration that goes on; nil if it has none yet. One of
// another migration, or that is in use, is refused before anybody is asked.
func (o *migrateOptions) begun(ctx context.Context, s *endpoints, mapper mapping.Mapper) (migrate.LedgerReader, error) {
	ledger, err := readLedger(ctx, o.Ledger)
	if migrate.KindOf(err) == migrate.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	bound, err := ledger.Fingerprint(ctx)
	if err == nil && !o.forWorkers() { // who has it is joined otherwise
		if _, used := lookAtLedger(ctx, o.Ledger); migrate.KindOf(used) == migrate.Conflict {
			err = used
		}
	}
	if err == nil && len(bound) > 0 {
		err = o.accept(bound, o.fingerprint(s, mapper))
	}
	if err != nil {
		_ = ledger.Close()
		return nil, err
	}
	return ledger, nil
}

func (o *migrateOptions) showPlan(ctx context.Context, s *endpoints, ledger migrate.LedgerReader, services []chat.Service) error {
	w := o.console.err
	fmt.Fprintf(w, "Migrate from account %s%s to account %s%s:\n",
		s.sourceAccount, prefixed(" in region ", s.sourceRegion), s.targetAccount, prefixed(" in region ", s.targetRegion))
	for _, one := range services {
		to := cmp.Or(o.target(), "a new service")
		if ledger != nil {
			rec, _, err := ledger.Service(ctx, one.SID)
			if err != nil {
				return err
			}
			to = cmp.Or(rec.TargetSID, to)
		}
		fmt.Fprintf(w, "  %s %s -> %s\n", one.SID, reports.Plain(one.FriendlyName), to)
	}
	if o.copyReason(s.sourceAccount, s.targetAccount) == "" && o.target() == "" {
		fmt.Fprintln(w, samePlace)
	}
	for _, account := range s.unproven.accounts(s) {
		fmt.Fprintf(w, "No reply shows which account the API key opens. chatbridge assumes %s.\n", account)
	}
	fmt.Fprintf(w, "Ledger: %s\n", o.Ledger)
	return o.showWaits(ctx, w, ledger)
}

// showWaits says what a rehearsal and the run before this one make of the settle time.
func (o *migrateOptions) showWaits(ctx context.Context, w io.Writer, ledger migrate.LedgerReader) error {
	waits := o.rehearsed.Lengthen(o.Settle)
	for _, line := range o.lines(o.Settle, waits) {
		fmt.Fprintln(w, line)
	}
	if ledger == nil {
		return nil
	}
	last, _, err := ledger.LastRun(ctx)
	if longer := last.SettleAfter(waits); err == nil && longer > waits {
		fmt.Fprintf(w, "Settle time: %s, as in the run before, whose writes may still land.\n", longer)
	}
	return err
}
