package main

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/reports"
)

// fleetOptions have a command work for many accounts.
type fleetOptions struct {
	Accounts    string
	Subaccounts bool
	AtOnce      int
	LedgerDir   string
	ReportDir   string
	Only        []string
	Without     []string
	apiURLOption

	console *console
	common  *commonOptions
	cmd     *cobra.Command
}

const (
	accountsFlag    = "accounts"
	subaccountsFlag = "subaccounts"
	atOnceFlag      = "accounts-at-once"
	ledgerDirFlag   = "ledger-dir"
	reportDirFlag   = "report-dir"
	accountFlag     = "account"
	withoutFlag     = "exclude-account"

	defaultLedgerDir = "chatbridge-fleet"
	// defaultAtOnce keeps the connections and the memory of a fleet small: each account
	// has up to 50 requests in flight of its own.
	defaultAtOnce = 8
	maxAtOnce     = 256
)

// fleetFlags are those that a single account has no use for.
var fleetFlags = []string{accountsFlag, subaccountsFlag, atOnceFlag, ledgerDirFlag, reportDirFlag, accountFlag, withoutFlag, apiURLFlag}

func (o *fleetOptions) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.Accounts, accountsFlag, "", "work for each account that this YAML `file` lists: see chatbridge help accounts")
		fs.BoolVar(&o.Subaccounts, subaccountsFlag, false, "work for each subaccount of the account that the credentials open")
		fs.IntVar(&o.AtOnce, atOnceFlag, defaultAtOnce, "of many accounts, work for this many at once; each has its own limits")
		fs.StringVar(&o.LedgerDir, ledgerDirFlag, defaultLedgerDir, "`folder` for the ledgers of many accounts, one each")
		fs.StringVar(&o.ReportDir, reportDirFlag, "", "`folder` for the reports of many accounts (default reports in the folder of the ledgers)")
		if !o.reads() {
			o.apiURLOption.flags(fs)
		}
		fs.StringSliceVar(&o.Only, accountFlag, nil, "of many accounts, take only this `name`, SID or glob (repeatable)")
		fs.StringSliceVar(&o.Without, withoutFlag, nil, "of many accounts, leave out this `name`, SID or glob (repeatable)")
	})
}

// withAccounts has a command take many accounts too.
func withAccounts(c *console, common *commonOptions, cmd *cobra.Command) *cobra.Command {
	o := &fleetOptions{console: c, common: common, cmd: cmd}
	o.flags(cmd.Flags())
	one := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.check(); err != nil {
			return err
		}
		if !o.many() {
			return one(cmd, args)
		}
		return runFleet(cmd.Context(), o)
	}
	return cmd
}

// many reports whether there are many accounts.
func (o *fleetOptions) many() bool { return o.Accounts != "" || o.Subaccounts }

// aloneFlags are settings that one file or one account can have, and many cannot share.
var aloneFlags = []struct{ flag, hint string }{
	{migrationFlag, "in a PostgreSQL ledger each account has a migration of its name"},
	{ledgerFlag, "each account has a ledger of its own: name their folder with --" + ledgerDirFlag + ", or one file as ledger: in the entry of its account"},
	{targetProfileFlag, "the file of --accounts names the credentials of each account and of its target"},
	{"from-archive", "give each account one of its own as from-archive: in its entry of the file of --accounts"},
	{"channels-out", "give each account one of its own as channels-out: in its entry of the file of --accounts"},
	{"identities-out", "give each account one of its own as identities-out: in its entry of the file of --accounts"},
	{"watch", "to look again and again, run the command without it every now and then; it reads ledgers only"},
}

func (o *fleetOptions) check() error {
	given := func(name string) bool {
		f := o.cmd.Flags().Lookup(name)
		return f != nil && isGiven(f) && f.Value.String() != f.DefValue
	}
	if o.worker() {
		if o.database() == "" {
			return usageError("name a database: --ledger postgres://USER@HOST/DATABASE", "workers share a ledger in PostgreSQL, and none is named")
		}
		for _, name := range append([]string{"dry-run", "in-place"}, byItself...) {
			if given(name) {
				return usageError("leave it out", "--%s is not for a worker", name)
			}
		}
	}
	if !o.many() {
		for _, name := range fleetFlags[2:] {
			// What a variable or the configuration file says is for commands that have many.
			if f := o.cmd.Flags().Lookup(name); f != nil && f.Changed {
				return usageError("name the accounts: --accounts FILE, or --subaccounts", "--%s is for many accounts, and none are named", name)
			}
		}
		return nil
	}
	switch {
	case o.Accounts != "" && o.Subaccounts:
		return usageError("give one of them", "--accounts and --subaccounts cannot be used together")
	case o.AtOnce < 1 || o.AtOnce > maxAtOnce:
		return usageError("write a number such as 8", "--accounts-at-once %d is not between 1 and %d", o.AtOnce, maxAtOnce)
	case o.LedgerDir == "":
		return usageError("the default is "+defaultLedgerDir, "--ledger-dir is empty")
	}
	if forms := o.cmd.Flags().Lookup("output").Annotations[formsKey]; !slices.Contains(forms, string(o.form())) {
		return usageError("choose "+strings.Join(forms, ", "), "--output %q is not among the forms of this result", string(o.form()))
	}
	which := accountsFlag
	if o.Subaccounts {
		which = subaccountsFlag
	}
	for _, a := range aloneFlags {
		if a.flag == ledgerFlag && o.database() != "" {
			continue
		}
		if given(a.flag) {
			return usageError(a.hint, "--%s does not go with --%s", a.flag, which)
		}
	}
	if _, named, is := strings.Cut(o.database(), "#"); is {
		return usageError("in a PostgreSQL ledger each account has a migration of its name", "--ledger names migration %q, which does not go with --%s", named, which)
	}
	if o.Accounts != "" && given(profileFlag) {
		return usageError("the file of --accounts names the credentials of each account", "--%s does not go with --accounts", profileFlag)
	}
	if given("repair") && given("execute") && !given("yes") {
		return usageError("look first with --repair alone; to repair: add --yes", "--execute asks for each account, and there are many")
	}
	if given("in-place") && o.verb() == "migrate" && !given("dry-run") && !given("yes") {
		return usageError("look first with --dry-run; to make channels private: add --yes", "--in-place asks for each account, and there are many")
	}
	return nil
}

// verb is the command that is run for each account: a worker migrates.
func (o *fleetOptions) verb() string {
	if o.worker() {
		return "migrate"
	}
	return o.cmd.Name()
}

// byItself are settings of migrate that ask for more than a pass. Workers do not take
// such work.
var byItself = []string{"accept-settings", "credentials", "deep", "only-failed"}

func (o *fleetOptions) worker() bool { return o.cmd.Name() == workerCommand }

// database is the ledger of all accounts, if that is one: without its password.
func (o *fleetOptions) database() string {
	if f := o.cmd.Flags().Lookup(ledgerFlag); f != nil && isDatabase(f.Value.String()) {
		return f.Value.String()
	}
	return ""
}

// form is that of the result.
func (o *fleetOptions) form() reports.Format {
	return reports.Format(o.cmd.Flags().Lookup("output").Value.String())
}

// most is the time that all accounts have together; 0 if there is no limit.
func (o *fleetOptions) most() time.Duration {
	if f := o.cmd.Flags().Lookup(durationFlag); f != nil {
		most, _ := time.ParseDuration(f.Value.String()) // the flag has parsed it
		return most
	}
	return 0
}

// reports is the folder for the reports of all accounts.
func (o *fleetOptions) reports() string {
	return cmp.Or(o.ReportDir, filepath.Join(o.LedgerDir, "reports"))
}

// reads reports whether the command opens no connection: it needs no credentials then,
// and writes no file unless a folder for them is named.
func (o *fleetOptions) reads() bool { return o.verb() == "status" || o.verb() == "report" }
