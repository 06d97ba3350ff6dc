package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// account is one of a fleet.
type account struct {
	name           string
	friendly       string // what its owner calls it, if a list of subaccounts says
	line           int    // in the file of --accounts; 0 if it comes from elsewhere
	sid, targetSID string
	entry          entry
	source, target *credentials // nil until they are read; target also if it is the source's
	values         map[string]any
	barred         string // why it is not touched: suspended or closed
	problem        error  // why it cannot be opened
}

// ledger is the path of its ledger.
func (o *fleetOptions) ledger(a account) string {
	if own, ok := a.values["ledger"]; ok {
		return fmt.Sprint(own)
	}
	if db := o.database(); db != "" {
		return db + "#" + a.name
	}
	return filepath.Join(o.LedgerDir, a.name+".db")
}

// accounts are those that the options name and choose. What is wrong with their file is
// noted in faults.
func (o *fleetOptions) accounts(ctx context.Context, r *relay, faults *accountFaults) ([]account, error) {
	var all []account
	var err error
	switch {
	case !o.Subaccounts:
		all, err = o.listed(faults)
	case o.reads():
		all, err = o.known(ctx)
	default:
		all, err = o.subaccounts(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	chosen, err := o.selected(all)
	if err != nil && len(faults.all) > 0 {
		return nil, faults.err(o.console.err)
	}
	return chosen, err
}

// listed are the accounts of the file.
func (o *fleetOptions) listed(faults *accountFaults) ([]account, error) {
	entries, err := readAccounts(o.Accounts, settingNames(o.cmd.Root()), faults)
	if err != nil {
		return nil, err
	}
	var all []account
	for _, e := range entries {
		a := account{name: e.name, line: e.line, entry: e, values: e.values}
		if e.source != nil {
			a.sid, a.targetSID = e.source.account, e.source.account
		}
		if e.target != nil {
			a.targetSID = e.target.account
		}
		all = append(all, a)
	}
	o.distinct(all, faults)
	return all, nil
}

// distinct refuses what two accounts cannot share.
func (o *fleetOptions) distinct(all []account, faults *accountFaults) {
	type use struct{ what, value string }
	taken := map[use]account{}
	for _, a := range all {
		if a.name == "" || a.sid == "" {
			continue // said already
		}
		for _, u := range []use{
			{"name", strings.ToLower(a.name)}, // a file system may not tell them apart
			{"pair of source and target", a.sid + " " + a.targetSID},
			{"ledger", o.placeOf(a)},
			{"channels-out file", absolute(textOf(a.values["channels-out"]))},
			{"identities-out file", absolute(textOf(a.values["identities-out"]))},
		} {
			if u.value == "" {
				continue
			}
			if other, ok := taken[u]; ok {
				faults.add(a.line, "%s has the same %s as %s (line %d)", a.name, u.what, other.name, other.line)
				break
			}
			taken[u] = a
		}
	}
}

// placeOf is the one name that the ledger of an account has on this machine.
func (o *fleetOptions) placeOf(a account) string {
	if l := o.ledger(a); isDatabase(l) {
		return l
	}
	return absolute(o.ledger(a))
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// absolute is a path in the one form that it has on this machine, as far as that can be
// told without looking.
func absolute(file string) string {
	if file == "" {
		return ""
	}
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return filepath.Clean(file)
}

// selected are the accounts that --account and --exclude-account leave.
func (o *fleetOptions) selected(all []account) ([]account, error) {
	for _, f := range []struct {
		flag     string
		patterns []string
	}{{accountFlag, o.Only}, {withoutFlag, o.Without}} {
		for _, pattern := range f.patterns {
			if _, err := path.Match(pattern, ""); err != nil {
				return nil, usageError("write a name, a SID or a glob such as 'eu-*'", "--%s %q is not a glob", f.flag, pattern)
			}
			if slices.ContainsFunc(all, func(a account) bool { return a.is(pattern) }) {
				continue
			}
			var names []string
			for _, a := range all {
				names = append(names, a.name)
			}
			hint := "the accounts are: " + strings.Join(names[:min(len(names), namesShown)], ", ")
			if len(names) > namesShown {
				hint += fmt.Sprintf(" and %d more", len(names)-namesShown)
			}
			if near := suggest(pattern, names); near != "" {
				hint = fmt.Sprintf("did you mean: --%s %s", f.flag, near)
			}
			return nil, usageError(hint, "--%s %q names no account", f.flag, pattern)
		}
	}
	chosen := slices.DeleteFunc(all, func(a account) bool {
		return len(o.Only) > 0 && !slices.ContainsFunc(o.Only, a.is) || slices.ContainsFunc(o.Without, a.is)
	})
	if len(chosen) == 0 {
		return nil, usageError("leave out --account or --exclude-account, or change one of them", "--account and --exclude-account leave no account")
	}
	return chosen, nil
}

// is reports whether a pattern means the account. It was checked before.
func (a account) is(pattern string) bool {
	for _, name := range []string{a.name, a.sid, a.friendly} {
		if ok, _ := path.Match(pattern, name); ok && name != "" {
			return true
		}
	}
	return false
}

// open reads the secrets of accounts. All that are missing are faults.
func (o *fleetOptions) open(all []account, faults *accountFaults) {
	for i := range all {
		a := &all[i]
		if a.source != nil || a.entry.source == nil {
			continue // it was found with its credentials
		}
		a.source = o.secret(a.entry.source, faults)
		if a.entry.target != nil {
			a.target = o.secret(a.entry.target, faults)
		}
	}
}

// secret reads what opens one side; nil if it cannot be had.
func (o *fleetOptions) secret(s *entrySide, faults *accountFaults) *credentials {
	fault := func(format string, args ...any) *credentials {
		faults.add(s.line, s.which+" of "+s.ofName+" "+format, args...)
		return nil
	}
	c := &credentials{
		account: s.account, username: cmp.Or(s.key, s.account),
		setting: fmt.Sprintf("the account_sid of %s of %s in %s", s.which, s.ofName, s.file),
	}
	if s.env != "" {
		// A line break at the end comes of reading a file into a variable.
		c.password = strings.TrimSpace(o.console.getenv(s.env))
		if c.password == "" {
			return fault("takes its secret from %s, which is not set", s.env)
		}
	} else {
		key, err := readKey(filepath.Dir(s.file), s.path, o.console.err)
		if err != nil {
			return fault("has a secret that cannot be read from the file that %s names: %v", s.field, err)
		}
		c.password = string(key)
	}
	pair := "account_sid"
	if s.key != "" {
		pair = "api_key"
	}
	c.hint = fmt.Sprintf("check %s and %s of %s of %s in %s (line %d): they must belong to the same Twilio account", pair, s.field, s.which, s.ofName, s.file, s.line)
	if odd := oddity(c.password); odd != "" {
		c.hint += "; the secret " + odd
	}
	return c
}

// known lists the ledgers that are there as accounts, for commands that read nothing
// else.
func (o *fleetOptions) known(ctx context.Context) ([]account, error) {
	if o.database() == "" {
		return o.folder()
	}
	names, err := migrationsIn(ctx, o.database())
	if err != nil {
		return nil, err
	}
	var all []account
	for _, name := range names {
		a := account{name: name}
		if accountSID.MatchString(name) {
			a.sid, a.targetSID = name, name
		}
		all = append(all, a)
	}
	if len(all) == 0 {
		return nil, &migrate.Error{Op: "read ledgers", Kind: migrate.NotFound, Err: errors.New("the database has no migrations"), Hint: "to begin: chatbridge migrate --subaccounts"}
	}
	return all, nil
}

// folder lists the ledgers of a folder.
func (o *fleetOptions) folder() ([]account, error) {
	files, err := os.ReadDir(o.LedgerDir)
	if err != nil {
		return nil, &migrate.Error{Op: "read ledgers", Kind: migrate.NotFound, Err: err, Hint: "name the folder with --ledger-dir; to begin: chatbridge migrate --subaccounts"}
	}
	var all []account
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".db")
		if !ok || f.IsDir() || !accountName.MatchString(name) {
			continue
		}
		a := account{name: name}
		if accountSID.MatchString(name) {
			a.sid, a.targetSID = name, name
		}
		all = append(all, a)
	}
	if len(all) == 0 {
		return nil, &migrate.Error{Op: "read ledgers", Kind: migrate.NotFound, Err: fmt.Errorf("%s holds no ledgers", reports.Plain(o.LedgerDir)), Hint: "name the folder with --ledger-dir; to begin: chatbridge migrate --subaccounts"}
	}
	return all, nil
}
