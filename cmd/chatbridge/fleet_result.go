package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// does is the command that is run for each account: migrate --dry-run is an audit.
func (f *fleet) does() string {
	if f.flag("dry-run") && !f.inPlace() {
		return "audit"
	}
	return f.verb()
}

func (f *fleet) inPlace() bool {
	return f.flag("in-place")
}

// looks reports whether nothing is made private yet.
func (f *fleet) looks() bool {
	return f.inPlace() && f.flag("dry-run")
}

// extensions are those of files, by form.
var extensions = map[reports.Format]string{reports.Text: "txt", reports.JSON: "json", reports.Markdown: "md", reports.CSV: "csv", reports.HTML: "html"}

// resultFiles hold the result of one account, each in one form. They are put in their
// place when they are whole: until then, those of the run before stay.
type resultFiles struct {
	all  []resultFile
	kept *bytes.Buffer // the JSON, if there are no files
}

type resultFile struct {
	form reports.Format
	path string
	*os.File
}

// partSuffix is of a file that is being written.
const partSuffix = ".part"

// partFile makes the file that is to be put in the place of path when it is whole. Others
// may be writing one for the same place: another operator in the same folder, or a run
// whose account another worker took.
func partFile(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+partSuffix)
}

// results opens what the result of an account is written into.
func (f *fleet) results(t *turn) (*resultFiles, error) {
	r := &resultFiles{}
	if (f.reads() || f.worker()) && f.ReportDir == "" {
		r.kept = &bytes.Buffer{}
		return r, nil
	}
	dir := filepath.Join(f.reports(), t.name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for the report: %w", err)
	}
	forms := []reports.Format{reports.JSON, reports.Text}
	if f.verb() != "status" {
		forms = append(forms, reports.HTML)
	}
	if form := f.form(); !slices.Contains(forms, form) {
		forms = append(forms, form)
	}
	for _, form := range forms {
		path := filepath.Join(dir, f.does()+"."+extensions[form])
		file, err := partFile(path)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("write report: %w", err), r.Close(false))
		}
		r.all = append(r.all, resultFile{form, path, file})
	}
	return r, nil
}

func (r *resultFiles) sinks() (all []sink) {
	if r.kept != nil {
		return []sink{{reports.JSON, r.kept}}
	}
	for _, f := range r.all {
		all = append(all, sink{f.form, f.File})
	}
	return all
}

// Close puts the files in their place, or takes them away if nothing whole was written.
// A form that the result does not have leaves an empty one, which is no file.
func (r *resultFiles) Close(whole bool) error {
	var errs []error
	var there []resultFile
	for _, f := range r.all {
		info, err := f.Stat()
		errs = append(errs, err, f.File.Close())
		if whole && err == nil && info.Size() > 0 {
			errs = append(errs, os.Rename(f.Name(), f.path))
			there = append(there, f)
			continue
		}
		errs = append(errs, os.Remove(f.Name()))
	}
	r.all = there
	if !whole {
		r.kept = nil
	}
	return errors.Join(errs...)
}

// json reads the result; nil if there is none.
func (r *resultFiles) json() ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	if r.kept != nil {
		return r.kept.Bytes(), nil
	}
	for _, f := range r.all {
		if f.form == reports.JSON {
			return os.ReadFile(f.path)
		}
	}
	return nil, nil
}

// shown is an account as the report of the fleet has it.
func (f *fleet) shown(t *turn) reports.FleetAccount {
	a := reports.FleetAccount{
		Name: t.name, FriendlyName: t.friendly, SourceSID: t.sid, TargetSID: t.targetSID, Ledger: f.ledger(t.account), State: f.state(t),
	}
	if t.files != nil || t.err != nil {
		status := statusOf(t.err)
		a.ExitStatus = &status
	}
	if raw, err := t.files.json(); err == nil && len(raw) > 0 {
		a.Result = t.files.json
		figures, state, err := reports.ReadFleetFigures(raw)
		if err == nil {
			a.FleetFigures = figures
		}
		if (f.reads() || t.elsewhere) && state != "" {
			a.State = state
		}
	}
	if t.files != nil {
		for _, one := range t.files.all {
			a.Files = append(a.Files, one.path)
			if one.form == reports.HTML {
				a.Link = one.path
			}
		}
	}
	if t.err != nil && a.State != reports.FleetNotBegun && a.State != reports.FleetEmpty {
		a.Error, a.Hint = reports.Plain(t.err.Error()), reports.Plain(t.console.next.after(t.err).complete(hintOf(t.err)))
	}
	if t.barred != "" {
		a.Error = "the account is " + t.barred + ", so it was not touched"
		a.Hint = "to pass over it: --" + withoutFlag + " " + t.name
	}
	a.Next = t.console.next.complete(f.next(a))
	return a
}

// state is how an account stands by how its command ended.
func (f *fleet) state(t *turn) string {
	switch {
	case t.barred != "":
		return t.barred
	case t.err == nil && t.files == nil:
		return reports.FleetNotBegun
	case f.Subaccounts && errors.Is(t.err, migrate.ErrNoServices):
		return reports.FleetEmpty
	case f.reads() && migrate.KindOf(t.err) == migrate.NotFound:
		return reports.FleetNotBegun
	}
	switch statusOf(t.err) {
	case exitDone:
		return reports.FleetWhole
	case exitIncomplete:
		return reports.FleetNotWhole
	case exitCredentials:
		return reports.FleetNoAccess
	case exitInterrupted:
		return reports.FleetInterrupted
	}
	return reports.FleetFailed
}

// afterAll is the command to run next for all accounts, if each of them is whole.
func (f *fleet) afterAll() string {
	in := ""
	if f.inPlace() {
		in = " --in-place"
	}
	if f.looks() {
		return "chatbridge migrate --in-place"
	}
	switch f.does() {
	case "audit":
		return "chatbridge migrate"
	case "verify":
		return ""
	}
	return "chatbridge verify" + in
}

// next is the command to run next for an account; empty if nothing is wrong with it.
func (f *fleet) next(a reports.FleetAccount) string {
	in := ""
	if f.inPlace() {
		in = " --in-place"
	}
	if f.looks() {
		in += " --dry-run"
	}
	switch a.State {
	case reports.FleetWhole, reports.FleetSuspended, reports.FleetClosed, reports.FleetEmpty:
		return ""
	case reports.FleetRunning:
		return "chatbridge status"
	case reports.FleetNotWhole:
		switch f.does() {
		case "migrate":
			return "chatbridge status --all"
		case "verify":
			return "chatbridge verify --repair"
		}
	}
	if f.reads() {
		return "chatbridge migrate"
	}
	return "chatbridge " + f.verb() + in
}

// write writes the report of all accounts: to stdout, and into the folder of the
// reports as JSON, as a page that leads to those of the accounts, and as text.
func (f *fleet) write(all reports.Fleet) error {
	if !f.reads() || f.ReportDir != "" {
		for _, form := range []reports.Format{reports.JSON, reports.HTML, reports.Text} {
			path := filepath.Join(f.reports(), f.does()+"."+extensions[form])
			if err := f.writeFile(path, form, all); err != nil {
				return fmt.Errorf("write report of all accounts: %w", err)
			}
		}
	}
	return reports.WriteFleet(f.console.out, f.form(), f.linked(all, "."), f.console.about()...)
}

func (f *fleet) writeFile(path string, form reports.Format, all reports.Fleet) (err error) {
	file, err := partFile(path)
	if err != nil {
		return err
	}
	err = reports.WriteFleet(io.Writer(file), form, f.linked(all, f.reports()), f.console.about()...)
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), path)
}

// linked is a fleet whose links lead from a folder.
func (f *fleet) linked(all reports.Fleet, from string) reports.Fleet {
	all.Accounts = slices.Clone(all.Accounts)
	for i := range all.Accounts {
		a := &all.Accounts[i]
		if a.Link == "" {
			continue
		}
		path, err := filepath.Rel(from, a.Link)
		if err != nil {
			path = a.Link
		}
		a.Link = filepath.ToSlash(cmp.Or(path, a.Link))
	}
	return all
}
