package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/reports"
)

// auditResultOptions say how much an audit reads, where else its result goes,
// and what of it is a failure.
type auditResultOptions struct {
	ChannelsOut string
	// IdentitiesOut names a template of --identities to write.
	IdentitiesOut string
	Sample        int
	FailOn        []string
}

// exampleRows names a file for the hints about --channels-out.
const exampleRows = "channels.csv"

func (o *auditResultOptions) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.ChannelsOut, "channels-out", "", "write one row per channel to this `file`, .csv or .jsonl")
		fs.StringVar(&o.IdentitiesOut, "identities-out", "", "write everybody who was seen to this new CSV `file`, in the form that --identities reads: users, members, authors and editors of messages, creators of channels, and those who invite or are invited")
		fs.IntVar(&o.Sample, "sample", 0, "read at most this many channels per service; 0 reads all")
		fs.StringSliceVar(&o.FailOn, "fail-on", nil, "exit with status 3 if a finding has this `code`, or at least this severity (info, loss, skip, stop) (repeatable)")
	})
}

// severityOrder is from least to most.
var severityOrder = []mapping.Severity{mapping.Info, mapping.Loss, mapping.Skip, mapping.Stop}

func (o *auditResultOptions) check() error {
	if o.Sample < 0 {
		return usageError("0 reads all", "--sample %d is below 0", o.Sample)
	}
	if _, err := o.rowsForm(); err != nil {
		return err
	}
	var names []string
	for _, s := range severityOrder {
		names = append(names, string(s))
	}
	for _, r := range mapping.Codes() {
		names = append(names, string(r.Code))
	}
	for _, name := range o.FailOn {
		if slices.Contains(names, name) {
			continue
		}
		hint := "severities are info, loss, skip and stop; to list the codes: chatbridge policies"
		if n := suggest(name, names); n != "" {
			hint = "did you mean: --fail-on " + n
		}
		return usageError(hint, "--fail-on %q is neither a code nor a severity", name)
	}
	return nil
}

func (o *auditResultOptions) rowsForm() (reports.Format, error) {
	switch strings.ToLower(filepath.Ext(o.ChannelsOut)) {
	case ".csv":
		return reports.CSV, nil
	case ".jsonl":
		return reports.JSON, nil
	}
	if o.ChannelsOut == "" {
		return "", nil
	}
	return "", usageError("name it like "+exampleRows+" or channels.jsonl", "--channels-out %s ends neither in .csv nor in .jsonl", o.ChannelsOut)
}

// rows opens the file for the rows of channels. Without one it returns a nil
// function to write them by.
func (o *auditResultOptions) rows() (write func(audit.ChannelRow), closed func() error, err error) {
	if o.ChannelsOut == "" {
		return nil, func() error { return nil }, nil
	}
	form, err := o.rowsForm()
	if err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(o.ChannelsOut, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, &migrate.Error{Op: "write channels", Kind: migrate.Usage, Err: err, Hint: "name a file in a folder that can be written, such as --channels-out " + exampleRows}
	}
	w := reports.NewChannelRows(f, form)
	return w.Row, func() error {
		err := cmp.Or(w.Close(), f.Chmod(0o600))
		return cmp.Or(err, f.Close())
	}, nil
}

// both passes each row to two that want it; first may be nil.
func both(first, second func(audit.ChannelRow)) func(audit.ChannelRow) {
	if first == nil {
		return second
	}
	return func(r audit.ChannelRow) {
		first(r)
		second(r)
	}
}

// verdict is how an audit ends: well, unless it found what --fail-on names. What a
// rehearsal stops a run for is as grave as any severity.
func (o *auditResultOptions) verdict(a audit.Audit, r migrate.Rehearsed) error {
	var met []string
	for _, s := range r.Stops {
		if slices.ContainsFunc(o.FailOn, func(name string) bool { return slices.Contains(severityOrder, mapping.Severity(name)) }) {
			met = append(met, "experiment "+reports.Plain(s.Name)+" of the rehearsal")
		}
	}
	for _, f := range a.Findings {
		if o.fatal(f) {
			met = append(met, fmt.Sprintf("%s (%s)", f.Code, reports.Number(f.Count)))
		}
	}
	if n := unreadable(a); n > 0 && len(met) == 0 {
		return &outcome{
			status:  exitIncomplete,
			message: plural(int(n), "channel or user", "channels or users") + " could not be read",
			hint:    "the log above names each record and the reason; everything else was audited",
		}
	}
	if len(met) == 0 {
		return nil
	}
	return &outcome{
		status:  exitIncomplete,
		message: "found something that --fail-on names: " + strings.Join(met, ", "),
		hint:    "to see what each code means and what you can choose: chatbridge policies",
	}
}

// unreadable counts what the audit had to leave out.
func unreadable(a audit.Audit) int64 {
	for _, f := range a.Findings {
		if f.Code == mapping.Unreadable {
			return f.Count
		}
	}
	return 0
}

func (o *auditResultOptions) fatal(f migrate.FindingCount) bool {
	return slices.ContainsFunc(o.FailOn, func(name string) bool {
		least := slices.Index(severityOrder, mapping.Severity(name))
		return name == string(f.Code) || least >= 0 && slices.Index(severityOrder, f.Severity) >= least
	})
}
