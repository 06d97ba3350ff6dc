package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// turn is a command for one account of a fleet: the very command, with a console of its
// own.
type turn struct {
	account
	console *console
	errand  errand
	files   *resultFiles
	done    bool // it ended, or there is nothing to do
	// elsewhere says that another worker did it, and its ledger tells how that ended.
	elsewhere bool
	shown     reports.FleetAccount
	err       error
}

// errand is a command whose settings are read and that has done nothing yet.
type errand struct {
	connection *connectionOptions // nil for a command that opens none

	check func() error                           // sends nothing
	count func(context.Context) (amounts, error) // of a migration; nil for others
	run   func(context.Context) error
	// alike refuses, for a migration, a ledger that is bound to other settings.
	alike func(bound migrate.Fingerprint, source, target string) error
	// bind ties a ledger for workers to the settings of a migration.
	bind func(ctx context.Context, source, target string) error
}

// errandCommand is the command of that name. It leaves in e what it would do.
func errandCommand(name string, c *console, common *commonOptions, e *errand) *cobra.Command {
	switch name {
	case "audit":
		return newAudit(c, common, func(_ context.Context, o *auditOptions) error {
			*e = errand{
				connection: &o.connectionOptions,
				check:      func() error { _, err := o.check(); return checked(err, &o.mappingOptions) },
				run:        func(ctx context.Context) error { return runAudit(ctx, o) },
			}
			return nil
		})
	case "migrate":
		return newMigrate(c, common, func(_ context.Context, o *migrateOptions) error {
			*e = errand{
				connection: &o.connectionOptions,
				check: func() error {
					_, err := o.check()
					if err == nil {
						_, err = readCredentials(o.Credentials, io.Discard)
					}
					return checked(err, &o.mappingOptions)
				},
				count: o.count,
				run:   func(ctx context.Context) error { return runMigrate(ctx, o) },
				alike: o.alike,
				bind:  o.bindForWorkers,
			}
			return nil
		})
	case "verify":
		return newVerify(c, common, func(_ context.Context, o *verifyOptions) error {
			*e = errand{
				connection: &o.connectionOptions,
				check:      func() error { return checked(o.check(), &o.mappingOptions) },
				run:        func(ctx context.Context) error { return runVerify(ctx, o) },
			}
			return nil
		})
	case "status":
		return newStatus(c, func(_ context.Context, o *statusOptions) error {
			*e = errand{
				check: func() error { _, err := o.check(); return err },
				run:   func(ctx context.Context) error { return runStatus(ctx, o) },
			}
			return nil
		})
	}
	return newReport(c, func(_ context.Context, o *reportOptions) error {
		*e = errand{check: func() error { return nil }, run: func(ctx context.Context) error { return runReport(ctx, o) }}
		return nil
	})
}

// checked is err or, without one, what is wrong with the files that a mapping reads.
func checked(err error, o *mappingOptions) error {
	if err == nil {
		_, err = o.mapper()
	}
	return err
}

// turnOf reads the settings of an account, as its command by itself would. Nothing is
// sent.
func (o *fleetOptions) turnOf(ctx context.Context, a account, r *relay) (*turn, error) {
	return o.turnAs(ctx, a, r, o.verb())
}

// turnAs is turnOf with another command, which gets no setting but the ledger.
func (o *fleetOptions) turnAs(ctx context.Context, a account, r *relay, verb string) (*turn, error) {
	c := o.consoleOf(a, r)
	t := &turn{account: a, console: c}
	root := o.rootOf(c, &commonOptions{}, verb, &t.errand)
	if verb == o.verb() {
		root.SetArgs(o.arguments())
	} else {
		root.SetArgs([]string{verb, "--output=" + string(reports.JSON)})
	}
	if err := root.ExecuteContext(ctx); err != nil {
		return nil, err
	}
	c.next = o.console.next.of(a.name, o.ledger(a))
	return t, t.errand.check()
}

// rootOf is the program with a command that leaves in e what it would do.
func (o *fleetOptions) rootOf(c *console, common *commonOptions, verb string, e *errand) *cobra.Command {
	root := wholeRoot(c, common)
	for _, one := range root.Commands() {
		if one.Name() == verb {
			root.RemoveCommand(one)
		}
	}
	root.AddCommand(errandCommand(verb, c, common, e))
	return root
}

// consoleOf is the console of one account. What is on it that belongs to the process
// leads to that of the fleet.
func (o *fleetOptions) consoleOf(a account, r *relay) *console {
	said := &labelled{w: o.console.stderr(), label: a.name + ": "}
	if o.console.stderr().json {
		name, _ := json.Marshal(a.name) // a text always encodes
		said.field = slices.Concat([]byte(`"account_name":`), name, []byte(","))
	}
	values := map[string]any{}
	for name, value := range a.values {
		values[name] = value
	}
	values["ledger"] = o.ledger(a)
	// One address is for all, and credentials are those of the account.
	values["metrics-addr"], values["pprof-addr"], values[profileFlag], values[targetProfileFlag] = nil, nil, nil, nil
	if _, ok := a.values[durationFlag]; !ok {
		values[durationFlag] = "0s" // that of the command is for all together
	}
	from := "the settings of all accounts"
	if a.line > 0 {
		from = "its entry"
	}
	return &console{
		in: strings.NewReader(""), out: io.Discard, err: &stderr{w: said, json: said.field != nil},
		env: o.environment(a), terminal: func(any) bool { return false }, signals: r.signals, relayed: true,
		next: &nextCommands{}, here: o.console.here, every: o.console.every,
		of: &member{name: a.name, own: ownSettings{values, from}, source: a.source, target: a.target},
	}
}

// environment is that of an account: without the credentials of anybody, and with the
// SIDs of its accounts, which are no secret.
func (o *fleetOptions) environment(a account) []string {
	env := slices.DeleteFunc(slices.Clone(o.console.env), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.ContainsFunc(credentialVariables, func(v string) bool {
			return name == sourcePrefix+v || name == targetPrefix+v
		})
	})
	if a.sid != "" {
		env = append(env, sourcePrefix+accountVariable+"="+a.sid)
	}
	if a.targetSID != a.sid {
		env = append(env, targetPrefix+accountVariable+"="+a.targetSID)
	}
	return env
}

// arguments are those of the command line, for the command of one account: it is asked
// for JSON, and nobody is there to be asked whether to begin.
func (o *fleetOptions) arguments() []string {
	own := append([]string{"output", ledgerFlag, migrationFlag, "yes", "metrics-addr", "pprof-addr", durationFlag, profileFlag, targetProfileFlag, "help"}, fleetFlags...)
	args := []string{o.verb(), "--output=" + string(reports.JSON)}
	if o.cmd.Flags().Lookup("yes") != nil {
		args = append(args, "--yes")
	}
	o.cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed || slices.Contains(own, f.Name) {
			return
		}
		list, isList := f.Value.(pflag.SliceValue)
		if !isList {
			args = append(args, "--"+f.Name+"="+f.Value.String())
			return
		}
		for _, v := range list.GetSlice() {
			args = append(args, "--"+f.Name+"="+asCSV(v))
		}
	})
	return args
}

// asCSV is a value as a flag that takes a list of them reads it back.
func asCSV(value string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{value}) // a buffer takes everything
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
