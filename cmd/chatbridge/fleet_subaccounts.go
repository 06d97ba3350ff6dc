package main

import (
	"context"
	"strings"

	"chatbridge/migrate/accounts"
	"chatbridge/migrate/transport"
	"chatbridge/reports"
)

// subaccounts are those of the account that the credentials of the environment, or of
// a profile, open. Their tokens stay in memory.
func (o *fleetOptions) subaccounts(ctx context.Context, r *relay) ([]account, error) {
	if o.console.targetIsNamed() || o.console.getenv(targetPrefix+accountVariable) != "" {
		return nil, usageError("unset the variables that begin with "+targetPrefix+", or list the accounts and their targets in a file: --accounts FILE",
			"--subaccounts migrates each account into itself, but credentials of a target are set")
	}
	c := *o.console
	c.signals = r.signals
	ctx, stop := cutAtOnce(ctx, &c)
	defer stop()
	conn, err := o.parent(ctx, &c)
	if err != nil {
		return nil, err
	}
	log := o.common.logger(&c, c.stderr())
	asks := connector{conn, &c, log, nil}
	if err := asks.checkSurroundings(noTarget); err != nil {
		return nil, err
	}
	at, err := conn.accountsConfig(&c, conn.transport(&transport.Counter{}, log, transport.Patience{}))
	if err != nil {
		return nil, err
	}
	var all []account
	for one, err := range accounts.List(ctx, at) {
		if err != nil {
			return nil, interrupted(ctx, err)
		}
		all = append(all, subaccount(one))
	}
	return all, nil
}

// parent reads the settings that say how the parent is asked.
func (o *fleetOptions) parent(ctx context.Context, c *console) (*connectionOptions, error) {
	own := *c
	own.next, own.err = &nextCommands{}, &stderr{w: c.stderr(), json: c.stderr().json}
	var e errand
	root := o.rootOf(&own, &commonOptions{}, o.verb(), &e)
	args := o.arguments()
	if f := o.cmd.Flags().Lookup(profileFlag); f.Changed {
		args = append(args, "--"+profileFlag+"="+f.Value.String())
	}
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		return nil, err
	}
	e.connection.apiURLOption = o.apiURLOption
	return e.connection, e.connection.check()
}

// subaccount is one that was listed.
func subaccount(one accounts.Account) account {
	a := account{name: one.SID, friendly: one.FriendlyName, sid: one.SID, targetSID: one.SID, source: &credentials{
		account: one.SID, username: one.SID, password: string(one.Token),
		setting: "the list of subaccounts", hint: "its auth token may have changed since it was listed: run the same command again, which lists the tokens again",
	}}
	switch err := one.Check(); {
	case err == nil:
	case one.Status != accounts.Active:
		a.barred = reports.FleetSuspended
		if strings.EqualFold(one.Status, reports.FleetClosed) {
			a.barred = reports.FleetClosed
		}
	default:
		a.problem = err
	}
	return a
}
