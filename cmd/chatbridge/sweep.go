package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/sidecar"
	"chatbridge/reports"
)

// sweep gathers what a purge deletes, in the order in which it goes. A ledger goes
// last: by it a purge that was cut off is known to be begun.
type sweep struct {
	hold bool // take the locks of ledgers, until close

	items      []swept
	ledgers    []swept
	unfinished []string
	closers    []func() error
	seen       []string
}

type swept struct {
	reports.PurgeItem
	remove func() (archive.Removed, error)
}

// whole is the removal of one file.
func whole(bytes int64, remove func() error) func() (archive.Removed, error) {
	return func() (archive.Removed, error) {
		if err := remove(); err != nil {
			return archive.Removed{}, err
		}
		return archive.Removed{Files: 1, Bytes: bytes}, nil
	}
}

// what holds of people. Which tables of the ledger it is, says the schema.
const (
	ledgerHolds = "SIDs, names of channels and services, and reasons that can quote an identity, a name or the start of a text"
	besideHolds = "the latest entries of the ledger"
	lockHolds   = "a process and a host"
	reportHolds = "names or SIDs, and what the report says about them"
)

// lostWithLedger is what a ledger is for.
var lostWithLedger = []string{
	"migrating again only what is new", "chatbridge undo", "chatbridge status, report and sids",
	"restoring profiles and roles that --policy replaced", "removing a copy that lands late, within a day of its run",
}

// path adds what is at a path that somebody named. A slash at its end would have the
// system follow a link, and ".." may lead elsewhere than the path says.
func (s *sweep) path(ctx context.Context, named string) error {
	if named == "" {
		return usageError("name files and folders that exist", "a PATH is empty")
	}
	if isDatabase(named) {
		return s.ledger(ctx, named)
	}
	path := filepath.Clean(named)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		before := len(s.items)
		if err := s.halves(path); err != nil || len(s.items) > before {
			return err
		}
		if _, err := lookAtLedger(ctx, path); migrate.KindOf(err) != migrate.NotFound { // a log can be left of it
			return s.ledger(ctx, path)
		}
		return usageError("name files and folders that exist", "%s does not exist", path)
	case err != nil:
		return usageError("name a file that can be read", "%w", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return usageError("name the file that it points to", "%s is a symbolic link", path)
	}
	if meant, err := os.Lstat(named); err != nil || !os.SameFile(info, meant) {
		return usageError("name it without .. and a slash at its end", "%s is another file than %s", named, path)
	}
	if isLedger(path) {
		return s.ledger(ctx, path)
	}
	if s.known(path) {
		return nil
	}
	if err := s.originalsOf(ctx, path); err != nil {
		return err
	}
	for _, look := range []func(string) (bool, error){s.archive, s.originals, s.report} {
		if found, err := look(path); err != nil || found {
			return err
		}
	}
	return usageError("remove it by hand if nobody needs it; purge recognizes ledgers, originals, archives, and reports as HTML, JSON or CSV",
		"%s: not recognized as a file of chatbridge", path)
}

// archive adds the archive at path, if one is there, with what an export of the
// same name left unfinished.
func (s *sweep) archive(path string) (found bool, err error) {
	remains, err := archive.Look(path)
	switch {
	case errors.Is(err, archive.ErrOther):
		return false, nil
	case migrate.KindOf(err) == migrate.Conflict:
		return false, err
	case err != nil:
		return false, usageError("remove it by hand if nobody needs it", "%w", err)
	}
	holds := "complete messages, people and members"
	if remains.Media > 0 {
		holds = "complete messages, their files, people and members"
	}
	if remains.Finished {
		holds += fmt.Sprintf(", of account %s on %s", remains.Manifest.AccountSID, remains.Manifest.CreatedAt.UTC().Format("2006-01-02"))
	}
	item := reports.PurgeItem{Path: path, Kind: reports.PurgeArchive, Files: max(1, int64(len(remains.Files))), Bytes: remains.Bytes, Holds: holds}
	if len(remains.Others) > 0 {
		item.Reason = "the folder stays, with files that are not part of the archive: " + firstOf(remains.Others)
	}
	s.add(item, remains.Remove)
	return true, s.halves(path)
}

// halves adds what an export to path left unfinished beside it.
func (s *sweep) halves(path string) error {
	for _, suffix := range []string{".unfinished", ".packing"} {
		if _, err := os.Lstat(path + suffix); err != nil || s.known(path+suffix) {
			continue
		}
		if _, err := s.archive(path + suffix); err != nil {
			return err
		}
	}
	return nil
}

func firstOf(names []string) string {
	const most = 3
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// originals adds those at path, if it is such a file.
func (s *sweep) originals(path string) (found bool, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, usageError("name a file that can be read", "%w", err)
	}
	kept, err := sidecar.Look(path)
	switch {
	case errors.Is(err, migrate.ErrSymlink):
		return false, usageError("find out who put it there, then remove it", "%w", err)
	case err != nil, kept.Lines == 0 && !strings.HasSuffix(path, originalsSuffix): // an empty file can be anybody's
		return false, nil
	}
	s.add(reports.PurgeItem{
		Path: path, Kind: reports.PurgeOriginals, Files: 1, Bytes: kept.Bytes,
		Holds: originalsHold(kept.Lines),
	}, whole(kept.Bytes, func() error { return migrate.RemoveSeen(path, info) }))
	return true, nil
}

// report adds the one at path, if it is one.
func (s *sweep) report(path string) (found bool, err error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	file, err := migrate.OpenBeside(path, os.O_RDONLY, 0)
	if err != nil {
		return false, usageError("name a file that can be read", "%w", err)
	}
	defer file.Close()
	form, ok := reports.Recognize(file)
	if ok {
		s.add(reports.PurgeItem{Path: path, Kind: reports.PurgeReport, Files: 1, Bytes: info.Size(), Holds: reportHolds + " (" + string(form) + ")"},
			whole(info.Size(), func() error { return migrate.RemoveSeen(path, info) }))
	}
	return ok, nil
}

func (s *sweep) add(item reports.PurgeItem, remove func() (archive.Removed, error)) {
	s.items = append(s.items, swept{item, remove})
}

// known reports whether a file was added before, under this name or through another
// folder, and notes it. Two links to one file are two names to delete.
func (s *sweep) known(path string) bool {
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err == nil {
		folder, err = filepath.Abs(folder)
	}
	if err != nil {
		return false
	}
	one := filepath.Join(folder, filepath.Base(path))
	if slices.Contains(s.seen, one) {
		return true
	}
	s.seen = append(s.seen, one)
	return false
}

func (s *sweep) result(executed bool) reports.Purged {
	p := reports.Purged{SchemaVersion: migrate.SchemaVersion, Command: "purge", Executed: executed, Unfinished: s.unfinished}
	s.items, s.ledgers = append(s.items, s.ledgers...), nil
	for _, i := range s.items {
		p.Items = append(p.Items, i.PurgeItem)
		if i.Kind == reports.PurgeLedger {
			p.Lost = lostWithLedger
		}
	}
	return p
}

// remove deletes everything, and notes what was deleted and what could not be.
func (s *sweep) remove(p *reports.Purged) {
	for i, item := range s.items {
		done, err := item.remove()
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		p.Items[i].Files, p.Items[i].Bytes, p.Items[i].Done = done.Files, done.Bytes, err == nil
		if err != nil {
			p.Items[i].Reason = cmp.Or(p.Items[i].Reason, "it could not be deleted: "+err.Error())
		}
	}
}

func (s *sweep) close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	s.closers = nil
	return errors.Join(errs...)
}
