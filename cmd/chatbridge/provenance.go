package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// surroundings are what a report says of the process that made it.
type surroundings struct {
	now     func() time.Time
	machine string // empty if it has no name
	version string
}

func surroundingsOf() surroundings {
	machine, _ := os.Hostname()
	v := thisVersion()
	if v.Revision != "" && (v.Version == "(devel)" || v.Version == "") {
		v.Version += " " + v.Revision
	}
	return surroundings{time.Now, machine, v.Version}
}

// unsaid are the flags that a provenance leaves out of its settings: it names them
// elsewhere, or they change how a result looks and not what it says.
var unsaid = []string{
	"help", configFlag, logFormatFlag, "verbose", "quiet", "no-color", "output", "details", "all", "yes",
	"ledger", "chat-url", "conversations-url", "media-url", "events-url", apiURLFlag, "out", "source-region", "source-edge", "target-region", "target-edge", caCertFlag, "from-archive",
}

// notDefault are the settings of cmd that are not as they are by default, wherever
// they were given.
func notDefault(cmd *cobra.Command) []reports.Setting {
	var all []reports.Setting
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Value.String() == f.DefValue || slices.Contains(unsaid, f.Name) {
			return
		}
		for _, v := range valuesOf(f) {
			if f.Name == ledgerFlag {
				v = ledgerLabel(v)
			} else if what, _ := pflag.UnquoteUsage(f); what == "file" || what == "path" {
				v = filepath.Base(v) // folders name people and machines
			}
			all = append(all, reports.Setting{Name: f.Name, Value: v})
		}
	})
	return all
}

// met notes what a command is about, for the report that it writes.
func (c *console) met(s *endpoints, o *connectionOptions, ledger string) {
	var source, target *reports.Side
	from, to := o.hosts(c)
	if s.source != nil {
		source = &reports.Side{Account: s.sourceAccount, Host: from}
		if o.FromArchive != "" {
			source.Host, source.Archive = "", filepath.Base(o.FromArchive)
		}
	}
	if s.reader != nil {
		target = &reports.Side{Account: s.targetAccount, Host: to}
	}
	c.note(source, target, ledger)
}

func (c *console) note(source, target *reports.Side, ledger string) {
	c.from = &reports.Provenance{
		At: c.here.now().UTC().Truncate(time.Second), Version: c.here.version, Machine: c.here.machine,
		Source: source, Target: target, Settings: c.given,
	}
	if ledger != "" {
		c.from.Ledger = ledgerLabel(ledger)
	}
}

// hostOf is the host of an address, without what may be a user and a password.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// about is what every report is given: where it comes from, if that is known, and
// how to complete the commands that it names.
func (c *console) about() []reports.Option {
	all := []reports.Option{c.completing()}
	if c.from != nil {
		all = append(all, reports.From(*c.from))
	}
	return all
}

// kept is the part of a summary in the ledger that says where it comes from.
type kept struct {
	Provenance *reports.Provenance `json:"provenance,omitempty"`
}

// keep has the ledger remember where the last run comes from, so that its report can
// say it later and elsewhere.
func (c *console) keep(ctx context.Context, l migrate.Ledger) error {
	ctx = context.WithoutCancel(ctx)
	run, ok, err := l.LastRun(ctx)
	if err != nil || !ok || c.from == nil || len(run.Summary) == 0 {
		return err
	}
	if run.StartedAt.Before(c.from.At) {
		return nil // it is another one: this command ended before it began a run
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(run.Summary, &fields); err != nil {
		return fmt.Errorf("read summary of the last run: %w", err)
	}
	if fields["provenance"], err = json.Marshal(c.from); err != nil {
		return fmt.Errorf("encode provenance: %w", err)
	}
	if run.Summary, err = json.Marshal(fields); err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	return l.PutRun(ctx, run)
}

// boundSettings are what a fingerprint calls the settings that it has; the default
// of each is left out.
var boundSettings = []struct{ bound, setting, unset string }{
	{sourceRegionSetting, "source-region", ""},
	{targetRegionSetting, "target-region", ""},
	{servicesSetting, "service", "all"},
	{"--to-service", "to-service", newService},
	{"--policy", policySetting, ""},
	{"--stamp", "stamp", "true"},
	{"--messaging-service", "messaging-service", ""},
	{"filters", "filters", allSelected},
}

// remembered has the console say of the last run of a ledger where it comes from:
// what the run noted or, if it was killed before, what the ledger is bound to.
func (c *console) remembered(run migrate.RunRecord, bound migrate.Fingerprint, ledger string) error {
	if len(run.Summary) > 0 {
		var k kept
		if err := json.Unmarshal(run.Summary, &k); err != nil {
			return fmt.Errorf("read summary of the last run: %w", err)
		}
		if c.from = k.Provenance; c.from != nil {
			return nil
		}
	}
	p := reports.Provenance{
		At: run.StartedAt.UTC(), Machine: cmp.Or(run.Host, c.here.machine), Version: c.here.version, Ledger: ledgerLabel(ledger),
	}
	if account := bound[sourceAccountSetting]; account != "" {
		p.Source = &reports.Side{Account: account}
	}
	if account := bound[targetAccountSetting]; account != "" {
		p.Target = &reports.Side{Account: account}
	}
	for _, s := range boundSettings {
		if v := bound[s.bound]; v != "" && v != s.unset {
			p.Settings = append(p.Settings, reports.Setting{Name: s.setting, Value: v})
		}
	}
	c.from = &p
	return nil
}
