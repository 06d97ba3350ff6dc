package main

import (
	"errors"
	"io"
	"slices"

	"chatbridge/migrate/inplace"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// sink takes a result in one form.
type sink struct {
	form reports.Format
	w    io.Writer
}

// sinks are where the result of a command goes: to stdout in the form that was asked
// for or, for one of many accounts, into a file for each of several forms.
func (c *console) sinks(form reports.Format) []sink {
	if c.of != nil {
		return c.of.sinks
	}
	return []sink{{form, c.out}}
}

// wants reports whether a result is to be had in a form.
func (c *console) wants(form, wanted reports.Format) bool {
	return slices.ContainsFunc(c.sinks(form), func(s sink) bool { return s.form == wanted })
}

// result has write write a whole result in each form that is wanted.
func (c *console) result(form reports.Format, write func(io.Writer, reports.Format) error) error {
	var errs []error
	for _, s := range c.sinks(form) {
		errs = append(errs, write(s.w, s.form))
	}
	return c.wrote(errors.Join(errs...))
}

// wrote notes that a whole result was written, unless err says that it was not.
func (c *console) wrote(err error) error {
	if c.of != nil && err == nil {
		c.of.told = true
	}
	return err
}

// inPlace writes what became of channels that stay where they are.
func (c *console) inPlace(form reports.Format, r inplace.Result) error {
	return c.result(form, func(w io.Writer, form reports.Format) error {
		if c.of != nil && !slices.Contains(inPlaceForms, form) {
			return nil
		}
		return reports.InPlace(w, form, r, c.about()...)
	})
}

// comparison writes differences while they are found, in each form that is wanted.
type comparison struct {
	console *console
	all     []*reports.Verification
}

func (c *console) comparison(form reports.Format, options []reports.Option) *comparison {
	w := &comparison{console: c}
	for _, s := range c.sinks(form) {
		w.all = append(w.all, reports.NewVerification(s.w, s.form, options...))
	}
	return w
}

// Difference is of reports.Verification.
func (w *comparison) Difference(d verify.Difference) {
	for _, one := range w.all {
		one.Difference(d)
	}
}

// Close is of reports.Verification.
func (w *comparison) Close(found verify.Verification) error {
	var errs []error
	for _, one := range w.all {
		errs = append(errs, one.Close(found))
	}
	return w.console.wrote(errors.Join(errs...))
}

// repairForms are those of a repair.
var repairForms = []reports.Format{reports.Text, reports.JSON, reports.CSV}

// mending writes repairs while they are made, in each form that is wanted and that
// they have.
type mending struct {
	console *console
	all     []*reports.Repairs
}

func (c *console) mending(form reports.Format, execute bool) *mending {
	w := &mending{console: c}
	for _, s := range c.sinks(form) {
		if c.of == nil || slices.Contains(repairForms, s.form) {
			w.all = append(w.all, reports.NewRepairs(s.w, s.form, execute, c.about()...))
		}
	}
	return w
}

// Repair is of reports.Repairs.
func (w *mending) Repair(r verify.Repair) {
	for _, one := range w.all {
		one.Repair(r)
	}
}

// Close is of reports.Repairs.
func (w *mending) Close(done verify.Repairs) error {
	var errs []error
	for _, one := range w.all {
		errs = append(errs, one.Close(done))
	}
	return w.console.wrote(errors.Join(errs...))
}
