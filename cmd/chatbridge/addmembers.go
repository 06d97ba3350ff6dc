package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"chatbridge/migrate"
	"chatbridge/migrate/inplace"
	"chatbridge/reports"
)

// everybody is the value of --add-members that adds all users.
const everybody = "all"

const wishesHint = "the file is CSV in UTF-8 with the heading channel,identity: a SID, a unique name or a glob such as *, and who is added there"

// maxWishes bounds the file of --add-members, in bytes: about a million lines.
const maxWishes = 64 << 20

// readWishes reads who is to be added where. Every mistake is told by its line.
func readWishes(path string) ([]inplace.Wish, error) {
	var all []inplace.Wish
	first := true
	err := eachLine(path, maxWishes, func(line int, row []string) error {
		if !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			return nil
		}
		if first {
			first = false
			if len(row) != 2 || strings.TrimSpace(row[0]) != "channel" || strings.TrimSpace(row[1]) != "identity" {
				return errors.New("is not the heading channel,identity")
			}
			return nil
		}
		switch {
		case len(row) != 2:
			return fmt.Errorf("has %s, expected 2", plural(len(row), "column", "columns"))
		case !utf8.ValidString(row[0]) || !utf8.ValidString(row[1]):
			return errors.New(`is not UTF-8: save the file as "CSV UTF-8"`)
		case row[0] == "":
			return errors.New("names no channel")
		case row[1] == "":
			return errors.New("names nobody")
		}
		if err := (migrate.Scope{Channels: row[:1]}).Validate(); err != nil {
			return fmt.Errorf("names a channel by a glob that is none: %w", errors.Unwrap(err))
		}
		all = append(all, inplace.Wish{Line: line, Channel: row[0], Identity: row[1]})
		return nil
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("read %s: it names nobody", path)
	}
	if err != nil {
		return nil, &migrate.Error{Op: "read --add-members", Kind: migrate.Usage, Err: err, Hint: wishesHint}
	}
	return all, nil
}

// additions are what --add-members asks for; nil without it.
func (o *migrateOptions) additions(s *endpoints, shown migrate.Observer) *inplace.Additions {
	if o.AddMembers == "" {
		return nil
	}
	set := o.inPlaceSettings()
	set.Settle = o.Settle
	return &inplace.Additions{
		Source: s.source, Target: s.reader, Write: s.writer, Observer: shown, Settings: set,
		Everybody: o.AddMembers == everybody, Wishes: o.wishes,
	}
}

// plan says who would be added. It reads the ledger, if it is one of promotions.
func (o *migrateOptions) planAdditions(ctx context.Context, s *endpoints, shown *progress) (*inplace.Added, error) {
	a := o.additions(s, shown)
	if a == nil {
		return nil, nil
	}
	ledger, err := readLedger(ctx, o.Ledger)
	switch {
	case err == nil:
		defer ledger.Close()
		bound, err := ledger.Fingerprint(ctx)
		if err != nil {
			return nil, err
		}
		if bound[modeSetting] == modeInPlace {
			a.Ledger = ledger
		}
	case migrate.KindOf(err) != migrate.NotFound:
		return nil, err
	}
	planned, err := a.Plan(ctx)
	if err != nil {
		return nil, err
	}
	return &planned, nil
}

// showAdditions is the part of the plan that adds people.
func showAdditions(w io.Writer, a *inplace.Added) {
	if a == nil {
		return
	}
	fmt.Fprintf(w, "Add people to %s, once they are private: %s to add, %s members already\n",
		plural(len(a.Channels), "channel", "channels"), plural(int(a.Participants), "participant", "participants"), reports.Number(a.Existing))
	for _, c := range a.Channels[:min(len(a.Channels), additionsShown)] {
		fmt.Fprintf(w, "  %s %s: %s\n", c.SID, reports.Plain(cmp.Or(c.FriendlyName, c.UniqueName)), reports.Plain(reports.Some(c.Identities, c.People)))
	}
	if more := len(a.Channels) - additionsShown; more > 0 {
		fmt.Fprintf(w, "  and %s; --dry-run lists them\n", plural(more, "more channel", "more channels"))
	}
	fmt.Fprintln(w, reports.BillText(a.Bill))
	fmt.Fprintln(w, "chatbridge cannot take anybody out again: undo leaves them in.")
}

// additionsShown is how many channels a plan names.
const additionsShown = 5

// add adds people after a promotion, and has the result say so.
func (o *migrateOptions) add(ctx context.Context, s *endpoints, ledger migrate.Ledger, drain <-chan struct{}, noted *inplace.Noted, planned *inplace.Added, r *inplace.Result) error {
	if planned == nil {
		return nil
	}
	a := o.additions(s, noted)
	a.Ledger, a.Record, a.Drain = ledger, ledger, drain
	a.Settings.Settle, a.Settled = noted.Settle, noted.Settled
	public := map[string]bool{}
	for _, f := range r.Failures {
		public[f.SourceSID] = true
	}
	now, left := *planned, int64(0)
	now.Channels = nil
	for _, c := range planned.Channels {
		if public[c.SID] {
			left += c.People
			continue
		}
		now.Channels = append(now.Channels, c)
	}
	done, failures, err := a.Run(ctx, now)
	done.Failed += left
	r.Requests = s.counter.Traffic()
	return r.With(ctx, done, failures, err)
}

// pushIsBack refuses to go on without --add-members if a run with it could not give
// push settings back.
func (o *migrateOptions) pushIsBack(ctx context.Context, ledger migrate.Ledger) error {
	all, err := ledger.Services(ctx)
	if err != nil || o.AddMembers != "" {
		return err
	}
	for _, rec := range all {
		if len(rec.Saved) > 0 {
			return &migrate.Error{
				Op: "promote channels", Kind: migrate.Usage, SID: rec.SourceSID,
				Err:  errors.New("the push for added people is still off in this service, because a run with --add-members did not come to its end"),
				Hint: "run that command again: it turns the push on at its end",
			}
		}
	}
	return nil
}
