package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"chatbridge/migrate"
	"chatbridge/migrate/metrics"
	"chatbridge/reports"
)

// fleet is a command for many accounts.
type fleet struct {
	*fleetOptions
	relay *relay
	turns []*turn
	began time.Time
}

// runFleet runs the command for each account, some at once. What goes wrong with one
// stops no other.
func runFleet(ctx context.Context, o *fleetOptions) error {
	r, stop := relayed(o.console, o.most())
	defer stop()
	f := &fleet{fleetOptions: o, relay: r, began: time.Now()}
	if err := f.prepare(ctx); err != nil {
		return err
	}
	if f.worker() {
		return f.serve(ctx)
	}
	if err := f.ask(ctx); err != nil {
		return err
	}
	profiles := pprofOption{}
	if p := o.cmd.Flags().Lookup("pprof-addr"); p != nil {
		profiles.PprofAddr = p.Value.String()
	}
	err := profiles.profiled(o.console, func() error {
		if f.forWorkers() {
			return f.runShared(ctx)
		}
		return f.work(ctx)
	})
	if err != nil {
		return err
	}
	return f.conclude()
}

// forWorkers reports whether workers may take what is asked for.
func (f *fleet) forWorkers() bool {
	return f.database() != "" && f.does() == "migrate" && !f.inPlace() && !slices.ContainsFunc(byItself, f.given)
}

// prepare finds the accounts and reads all settings and secrets. Nothing is sent but
// what it takes to list subaccounts.
func (f *fleet) prepare(ctx context.Context) error {
	faults := &accountFaults{path: f.Accounts}
	if f.Subaccounts {
		faults.path = "--" + subaccountsFlag
	}
	// What is wrong for every account is said once.
	if _, err := f.turnOf(ctx, account{name: "every"}, f.relay); err != nil {
		return err
	}
	all, err := f.accounts(ctx, f.relay, faults)
	if err != nil {
		return err
	}
	if !f.reads() {
		f.open(all, faults)
	}
	for _, a := range all {
		if _, own := a.values[ledgerFlag]; own && f.forWorkers() {
			faults.add(a.line, "%s has a ledger of its own, which workers do not share: leave it out, or leave out --ledger", a.name)
			continue
		}
		t, err := f.turnOf(ctx, a, f.relay)
		if err != nil {
			faults.add(a.line, "%s: %v; %s", a.name, err, hintOf(err))
			continue
		}
		f.turns = append(f.turns, t)
	}
	return faults.err(f.console.err)
}

// asks reports whether somebody has to say yes first.
func (f *fleet) asks() bool {
	return f.verb() == "migrate" && !f.worker() && !f.flag("yes") && !f.flag("dry-run")
}

// given reports whether a setting is not what it is by itself.
func (f *fleet) given(name string) bool {
	v := f.cmd.Flags().Lookup(name)
	return v != nil && v.Value.String() != v.DefValue
}

// flag reports whether a switch is on.
func (f *fleet) flag(name string) bool {
	v := f.cmd.Flags().Lookup(name)
	return v != nil && v.Value.String() == "true"
}

// ask counts what is to be done, shows it and asks once for all.
func (f *fleet) ask(ctx context.Context) error {
	if !f.asks() {
		return nil
	}
	c := f.console
	if !c.terminal(c.in) {
		return usageError("look first with chatbridge audit; to begin: chatbridge migrate --yes", "there is no terminal to ask on")
	}
	counts := make([]amounts, len(f.turns))
	f.each(ctx, func(ctx context.Context, i int, t *turn) {
		var err error
		if counts[i], err = t.errand.count(ctx); err != nil {
			f.end(t, err)
		}
	})
	if f.relay.stopped() {
		return &migrate.Error{Op: "run", Kind: migrate.Interrupted, Err: errors.New("interrupted"), Hint: "run the same command again"}
	}
	var whole amounts
	ready := 0
	fmt.Fprintf(c.err, "Migrate %s:\n", plural(len(f.turns), "account", "accounts"))
	for i, t := range f.turns {
		what := counts[i].brief()
		if t.done {
			what = "not migrated: " + t.reason()
		} else {
			ready++
			whole = whole.plus(counts[i])
		}
		fmt.Fprintf(c.err, "  %s: %s\n", reports.Plain(t.called()), reports.Plain(what))
	}
	if ready == 0 {
		return nil // there is nothing to ask about, and what failed is reported
	}
	fmt.Fprintf(c.err, "In all, %s in %s.\nLedgers: %s\n", whole.brief(), plural(ready, "account", "accounts"), f.LedgerDir)
	own := *c
	own.signals = f.relay.signals
	return own.confirm(ctx)
}

// called is the account as a question has it.
func (a account) called() string {
	var more []string
	for _, text := range []string{a.friendly, a.sid} {
		if text != "" && text != a.name {
			more = append(more, text)
		}
	}
	if a.targetSID != a.sid {
		more = append(more, "to "+a.targetSID)
	}
	if len(more) == 0 {
		return a.name
	}
	return a.name + " (" + strings.Join(more, " ") + ")"
}

// reason is why nothing is done for an account.
func (t *turn) reason() string {
	if t.err != nil {
		return t.err.Error()
	}
	return "it is " + t.shown.State
}

// each calls do for every account that is not done, some at once. None begins after
// the first signal.
func (f *fleet) each(ctx context.Context, do func(context.Context, int, *turn)) {
	var g errgroup.Group
	g.SetLimit(f.AtOnce)
	for i, t := range f.turns {
		if t.done {
			continue
		}
		if t.barred != "" || t.problem != nil {
			f.end(t, t.problem)
			continue
		}
		g.Go(func() error {
			if f.relay.stopped() {
				return nil
			}
			ctx, waits := migrate.WithWaits(ctx)
			t.console.waits = waits
			do(ctx, i, t)
			return nil
		})
	}
	_ = g.Wait() // what happened is noted for each account
}

// work runs the command for each account.
func (f *fleet) work(ctx context.Context) (err error) {
	if err := f.folders(); err != nil {
		return err
	}
	measured, err := f.measured()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, measured.Close()) }()
	shown := f.progress()
	defer shown.Close()
	f.each(ctx, func(ctx context.Context, _ int, t *turn) {
		files, err := f.results(t)
		if err == nil {
			t.files, t.console.of.sinks = files, files.sinks()
			err = t.errand.run(ctx)
			err = errors.Join(err, files.Close(t.console.of.told))
		}
		f.end(t, err)
		shown.ended(t)
	})
	for _, t := range f.turns {
		if !t.done {
			f.end(t, nil)
		}
	}
	return nil
}

// measured serves the metrics of all accounts on one address, if somebody asked for
// them.
func (f *fleet) measured() (*meter, error) {
	option := metricsOption{}
	if m := f.cmd.Flags().Lookup("metrics-addr"); m != nil {
		option.MetricsAddr = m.Value.String()
	}
	if option.MetricsAddr == "" {
		return nil, nil
	}
	all := metrics.NewFleet()
	for _, t := range f.turns {
		t.console.of.metrics = all.Account(t.name)
	}
	return option.serve(all.Handler(), f.console)
}

// folders makes the folders that the command writes into.
func (f *fleet) folders() error {
	var wanted []string
	if f.verb() == "migrate" && f.database() == "" {
		wanted = append(wanted, f.LedgerDir)
	}
	if !f.reads() || f.ReportDir != "" {
		wanted = append(wanted, f.reports())
	}
	for _, dir := range wanted {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return &migrate.Error{Op: "make folder", Kind: migrate.Usage, Err: err, Hint: "name folders that can be written with --ledger-dir and --report-dir"}
		}
	}
	return nil
}

// end notes how the turn of an account ended. It says so at once if something is
// missing.
func (f *fleet) end(t *turn, err error) {
	t.done, t.err = true, err
	t.shown = f.shown(t)
	if err == nil {
		return
	}
	complain(t.console.err, false, t.console.stderr().json, t.console.next, err)
}

// conclude writes the report of all accounts, and says how the command ends.
func (f *fleet) conclude() error {
	var all []reports.FleetAccount
	for _, t := range f.turns {
		all = append(all, t.shown)
	}
	whole := reports.NewFleet(f.does(), all, f.relay.stopped())
	whole.InPlace, whole.Preview = f.inPlace() && f.does() == "migrate", f.looks()
	if whole.Status == migrate.Complete {
		whole.Next = f.console.next.complete(f.afterAll())
	}
	whole.Duration = time.Since(f.began).Seconds()
	f.console.note(nil, nil, "")
	if f.reads() {
		whole.Duration = 0
	}
	if err := f.write(whole); err != nil {
		return err
	}
	return f.verdict(whole)
}

// verdict is how the command ends.
func (f *fleet) verdict(all reports.Fleet) error {
	switch {
	case f.relay.stopped() && f.relay.late:
		return (&durationOption{f.most()}).expired()
	case f.relay.stopped():
		return &migrate.Error{Op: "run", Kind: migrate.Interrupted, Err: errors.New("interrupted"), Hint: "run the same command again to resume"}
	case all.Totals.NotWhole == 0:
		return nil
	case all.Totals.States[reports.FleetNoAccess] == all.Totals.Accounts:
		return &migrate.Error{Op: "sign in", Kind: migrate.Credentials, Err: errors.New("no account could be opened"), Hint: hintOf(f.turns[0].err)}
	}
	var names []string
	for _, a := range all.Accounts {
		if !a.Whole() {
			names = append(names, reports.Plain(a.Label()))
		}
	}
	list := strings.Join(names[:min(len(names), namesShown)], ", ")
	if n := len(names) - namesShown; n > 0 {
		list += fmt.Sprintf(" and %d more", n)
	}
	hint := "the result says what to do about each"
	if i := slices.IndexFunc(all.Accounts, func(a reports.FleetAccount) bool { return !a.Whole() && a.Next != "" }); i >= 0 {
		hint += ", such as: " + all.Accounts[i].Next
	} else if i := slices.IndexFunc(all.Accounts, func(a reports.FleetAccount) bool { return !a.Whole() }); all.Accounts[i].Hint != "" {
		hint = all.Accounts[i].Hint
	}
	return &outcome{exitIncomplete, all.Totals.Lacking() + ": " + list, hint}
}
