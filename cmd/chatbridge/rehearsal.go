package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// rehearsalOption is what chatbridge rehearse measured in the account of the target.
// It may lengthen a wait or stop a run, and never the other way round.
type rehearsalOption struct {
	Rehearsal string

	found     *migrate.Rehearsal // nil if there is none
	rehearsed migrate.Rehearsed  // what the command takes from it
}

const (
	// defaultRehearsal lies in the current folder, where chatbridge rehearse writes it.
	// There is no second place to look: of two files nobody could tell which counts.
	defaultRehearsal = "rehearsal.json"
	noRehearsal      = "none"

	// rehearsalAge is how old a rehearsal may be before that is said. What no document
	// promises may change without notice.
	rehearsalAge = 30 * 24 * time.Hour
	// clockSlack is by how much the clocks of two machines may differ.
	clockSlack = time.Hour

	// readRehearsal is the Op of everything that is wrong with a rehearsal.
	readRehearsal = "read rehearsal"
)

func (o *rehearsalOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.Rehearsal, "rehearsal", "", "`file` in which chatbridge rehearse says what it measured; none reads none (default "+defaultRehearsal+", if it is there)")
	})
}

// path is the file to read, and whether somebody named it.
func (o *rehearsalOption) path() (path string, named bool) {
	return cmp.Or(o.Rehearsal, defaultRehearsal), o.Rehearsal != ""
}

// load reads the file, before anything is asked of anybody. command is what is run
// without a rehearsal if this one cannot be used.
func (o *rehearsalOption) load(command string) error {
	o.found, o.rehearsed = nil, migrate.Rehearsed{Reason: "--rehearsal " + noRehearsal + " was given"}
	if o.Rehearsal == noRehearsal {
		return nil
	}
	path, named := o.path()
	r, err := loadRehearsal(path, named)
	if err != nil {
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			err = at.Err
		}
		return unusableRehearsal(command, "%s: %w", path, err)
	}
	o.found = r
	if r == nil {
		o.rehearsed.Reason = "there is no " + path + " in this folder"
	}
	return nil
}

func unusableRehearsal(command, format string, args ...any) *migrate.Error {
	return &migrate.Error{
		Op: readRehearsal, Kind: migrate.Usage, Err: fmt.Errorf(format, args...),
		Hint: fmt.Sprintf("to make one for this account: chatbridge rehearse; to go on without: chatbridge %s --rehearsal %s", command, noRehearsal),
	}
}

// targetOf is where a command writes, or would.
type targetOf struct{ account, region, host string }

// take decides whether what was loaded is about the target. One that was named and is
// about another place is refused; one that lay there is not used, which is said.
func (o *rehearsalOption) take(c *console, target targetOf, command string) error {
	if o.Rehearsal == noRehearsal {
		return nil
	}
	defer func() { c.noteRehearsal(o.rehearsed) }()
	r := o.found
	if r == nil {
		return nil
	}
	path, named := o.path()
	if other := elsewhereThan(*r, target); other != "" {
		if named {
			err := unusableRehearsal(command, "%s is %s", path, other)
			if target.account == "" {
				err.Hint = "name the account: export " + targetPrefix + accountVariable + "=AC…; to go on without: chatbridge " + command + " --rehearsal " + noRehearsal
			}
			return err
		}
		o.rehearsed = migrate.Rehearsed{File: path, Reason: path + " is " + other}
		return nil
	}
	o.rehearsed = r.Rehearsed(filepath.Base(path))
	o.rehearsed.Warnings = doubts(*r, c.here)
	return nil
}

// elsewhereThan says of which other place a rehearsal is; empty if it is of the target.
func elsewhereThan(r migrate.Rehearsal, target targetOf) string {
	switch {
	case target.account == "":
		return fmt.Sprintf("of account %s, and nothing says which account the target is", r.AccountSID)
	case r.AccountSID != target.account:
		return fmt.Sprintf("of account %s, and the target is %s", r.AccountSID, target.account)
	case r.Region != target.region:
		return fmt.Sprintf("of region %s, and the target is in %s", reports.Plain(r.Region), target.region)
	case !sameHost(r.Host, target.host):
		return fmt.Sprintf("of host %s, and the target is at %s", reports.Plain(r.Host), target.host)
	}
	return ""
}

// sameHost reports whether two hosts are one service. All of Twilio's are, whatever
// the edge; a local one has another port each time.
func sameHost(a, b string) bool {
	a, b = withoutPort(a), withoutPort(b)
	twilios := func(h string) bool { return strings.HasSuffix(h, ".twilio.com") }
	return a == b || twilios(a) && twilios(b)
}

func withoutPort(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// doubts are what is said of a rehearsal that is used all the same: what it measured
// can only make a run more careful, so to leave it out would be the greater risk.
func doubts(r migrate.Rehearsal, here surroundings) []string {
	var all []string
	if r.Version != here.version {
		all = append(all, fmt.Sprintf("It was made by chatbridge %s, and this is %s.", reports.Plain(cmp.Or(r.Version, "of an unknown version")), cmp.Or(here.version, "of an unknown version")))
	}
	if here.now != nil {
		switch age := here.now().Sub(r.Began); {
		case age > rehearsalAge:
			all = append(all, fmt.Sprintf("It is %d days old; an account may behave differently by now.", int(age.Hours()/24)))
		case age < -clockSlack:
			all = append(all, "It is from the future by the clock of this machine.")
		}
	}
	if r.ServiceSID != "" && !r.Removed {
		all = append(all, fmt.Sprintf("Service %s, which it made, was not removed: see chatbridge rehearse --help.", reports.Plain(r.ServiceSID)))
	}
	return all
}

// stops refuses to begin in an account in which something was seen that a run must
// not begin with.
func (o *rehearsalOption) stops(account string) error {
	all := o.rehearsed.Stops
	if len(all) == 0 {
		return nil
	}
	first := all[0]
	text := fmt.Sprintf("experiment %s in account %s: %s (seen: %s)%s", reports.Plain(first.Name), account,
		reports.Plain(first.Reason), reports.Plain(first.Seen), prefixed("; ", reports.Plain(first.Follows)))
	if len(all) > 1 {
		var others []string
		for _, s := range all[1:] {
			others = append(others, reports.Plain(s.Name))
		}
		text += "; and " + plural(len(others), "more experiment stops it", "more experiments stop it") + ": " + strings.Join(others, ", ")
	}
	return &migrate.Error{
		Op: "begin, after " + o.rehearsed.File, Kind: migrate.Usage, Err: errors.New(text),
		Hint: "nothing was written; when that is settled, ask the account again: chatbridge rehearse",
	}
}

// lines are what a plan says of the rehearsal, a line each. settle is the time that the
// command was given, and waits the one that it keeps.
func (o *rehearsalOption) lines(settle, waits time.Duration) []string {
	r := o.rehearsed
	switch {
	case o.Rehearsal == noRehearsal:
		return nil
	case r.Used:
	case r.File != "":
		return []string{"Rehearsal: not used. " + reports.Plain(r.Reason) + "."}
	default:
		return []string{"Rehearsal: none. To try in this account what no document promises: chatbridge rehearse"}
	}
	line := fmt.Sprintf("Rehearsal: %s of %s, %s", reports.Plain(r.File), r.Began.UTC().Format(time.DateOnly), plural(r.Experiments, "experiment", "experiments"))
	if r.NotSeen > 0 {
		line += fmt.Sprintf(" (%d without a result)", r.NotSeen)
	}
	if waits > settle && waits == r.Lengthen(settle) {
		line += fmt.Sprintf(". It measured late writes, so the settle time is %s instead of %s", waits, settle)
	}
	return append([]string{line + "."}, r.Warnings...)
}

// announce says of a rehearsal that was found what a command without a plan takes from it.
func (o *rehearsalOption) announce(say func(string), settle time.Duration) {
	if o.found == nil {
		return
	}
	for _, line := range o.lines(settle, o.rehearsed.Lengthen(settle)) {
		say(line)
	}
}

// noteRehearsal has the report of a command say what it took from a rehearsal.
func (c *console) noteRehearsal(r migrate.Rehearsed) {
	if c.from != nil {
		c.from.Rehearsal = &r
	}
}

// targetOf is where the settings and the endpoints say that the target is.
func (o *connectionOptions) targetOf(c *console, account string) targetOf {
	_, place := o.places(c)
	_, host := o.hosts(c)
	return targetOf{account, place.Home(), host}
}
