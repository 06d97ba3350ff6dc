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
	services, err := o.selectServices(ctx, s, mapper)
	if err != nil {
		return err
	}
	ledger, err := o.begun(ctx, s, mapper)
	if err != nil {
		return err
	}
	if ledger != nil {
		defer ledger.Close()
	}
	if err := refuseFlex(ctx, s.source, services, mapper, "chatbridge migrate", o.tell(o.console)); err != nil {
		return err
	}
	var a amounts
	if !o.Yes {
		takes, err := o.takes(ctx, ledger)
		if err != nil {
			return err
		}
		if a, err = countAmounts(ctx, s.source, ledger, mapper, services, takes); err != nil {
			return err
		}
	}
	asked()
	if !o.Quiet || !o.Yes {
		if err := o.showPlan(ctx, s, ledger, services); err != nil {
			return err
		}
	}
	if o.Yes {
		return nil
	}
	fmt.Fprint(o.console.err, a.text(o.APS, o.channels(), o.writeTime(), mapper.Policy, o.Since != "" || o.Until != ""))
	return o.console.confirm(ctx)
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
	if _, used := lookAtLedger(ctx, o.Ledger); err == nil && migrate.KindOf(used) == migrate.Conflict {
		err = used
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
