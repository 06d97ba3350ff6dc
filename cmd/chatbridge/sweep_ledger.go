package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/sidecar"
	"chatbridge/reports"
)

// ledger adds the ledger at path and what is beside it. Originals alone, whose
// ledger is gone, are enough.
func (s *sweep) ledger(ctx context.Context, path string) error {
	if s.known(path) {
		return nil
	}
	list, remove, err := s.files(ctx, path)
	if migrate.KindOf(err) == migrate.NotFound {
		if found, oerr := s.beside(path); found || oerr != nil {
			return oerr
		}
	}
	if err != nil {
		return err
	}
	unfinished, holds := "", ""
	if _, err := os.Lstat(path); err == nil || isDatabase(path) { // without it, its log says nothing any more
		unfinished, holds = ledgerState(ctx, path)
	}
	if unfinished != "" {
		s.unfinished = append(s.unfinished, path+": "+unfinished)
	}
	if _, err := s.beside(path); err != nil {
		return err
	}
	files, err := list() // now: whoever reads a ledger may leave files beside it
	if err != nil {
		return err
	}
	for _, file := range files {
		s.known(file) // a shell's FILE* names it too
		item := reports.PurgeItem{Path: file, Kind: reports.PurgeBeside, Files: 1, Holds: besideHolds}
		switch {
		case file == filepath.Clean(path) || isDatabase(path):
			item.Kind, item.Holds = reports.PurgeLedger, holds
		case strings.HasSuffix(file, ".lock"):
			item.Holds = lockHolds
		}
		if info, err := os.Lstat(file); err == nil {
			item.Bytes = info.Size()
		}
		if isDatabase(path) {
			if item.Bytes, err = databaseBytes(ctx, path); err != nil {
				return err
			}
		}
		s.ledgers = append(s.ledgers, swept{item, whole(item.Bytes, func() error { return remove(file) })})
	}
	return nil
}

// files lists those of a ledger, which is held from now on if anything is to be
// removed.
func (s *sweep) files(ctx context.Context, path string) (list func() ([]string, error), remove func(string) error, err error) {
	if !s.hold {
		list = func() ([]string, error) { return lookAtLedger(ctx, path) }
		_, err = list()
		return list, nil, err
	}
	held, err := holdLedger(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	s.closers = append(s.closers, held.Close)
	return func() ([]string, error) { return held.Files(), nil }, held.Remove, nil
}

// originalsOf refuses originals beside a ledger that is in use, and notes if its
// migration still needs them. It adds nothing.
func (s *sweep) originalsOf(ctx context.Context, path string) error {
	ledger, ok := strings.CutSuffix(path, originalsSuffix)
	if !ok {
		return nil
	}
	_, _, err := s.files(ctx, ledger)
	switch {
	case err == nil:
	case migrate.KindOf(err) == migrate.NotFound, !isLedger(ledger): // they are nobody's
		return nil
	default:
		return err
	}
	if unfinished, _ := ledgerState(ctx, ledger); unfinished != "" {
		s.unfinished = append(s.unfinished, path+" belongs to "+ledger+": "+unfinished)
	}
	return nil
}

// beside adds the originals of the ledger at path, if there are any, with those that a
// copy left which was killed. A file of that name that is something else is refused:
// nobody else has a use for it.
func (s *sweep) beside(path string) (found bool, err error) {
	for _, file := range []string{originalsFile(path), originalsFile(path) + sidecar.UnfinishedSuffix} {
		if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) || s.known(file) {
			continue
		}
		is, err := s.originals(file)
		if err == nil && !is {
			err = usageError("look at it, and move it away if it is not from this migration", "%s does not hold chatbridge originals", file)
		}
		if err != nil {
			return false, err
		}
		found = true
	}
	return found, nil
}

// originalsHold says what originals hold of people.
func originalsHold(n int64) string {
	return quantity(n, "original", "originals") + ", complete: texts, attributes, names, identities"
}

// ledgerState says why a ledger is still needed, empty if it is not, and what it
// holds.
func ledgerState(ctx context.Context, path string) (unfinished, holds string) {
	l, err := readLedger(ctx, path)
	if err != nil {
		return "cannot tell whether its migration is finished: " + err.Error(), ledgerHolds
	}
	defer l.Close()
	status, err := readStatus(ctx, l, path, time.Now())
	if err != nil {
		return "cannot tell whether its migration is finished: " + err.Error(), ledgerHolds
	}
	holds = ledgerHolds
	replaced, muted := int64(0), 0
	services, err := l.Services(ctx)
	for _, service := range services {
		if len(service.Saved) > 0 {
			muted++
		}
		for _, oerr := range l.Originals(ctx, service.SourceSID) {
			err = errors.Join(err, oerr)
			replaced++
		}
	}
	var dropped int64
	if has, ok := l.(migrate.DroppedReader); ok && err == nil {
		dropped, _, err = has.CountDropped(ctx)
	}
	if err != nil {
		return "cannot tell whether its migration is finished: " + err.Error(), ledgerHolds
	}
	if replaced > 0 {
		holds += "; " + quantity(replaced, "profile or role", "profiles and roles") + " that a policy replaced, complete"
	}
	if dropped > 0 {
		holds += "; " + originalsHold(dropped)
	}
	return unfinishedState(status, muted), holds
}

func unfinishedState(s reports.Status, muted int) string {
	switch {
	case s.Run == nil:
		return "it has no run recorded"
	case s.Run.Status == migrate.Complete, s.Run.Status == migrate.UndoneStatus && len(s.Services) == 0:
		return ""
	case s.Run.EndedAt == nil:
		return "its last run was killed"
	}
	why := "its last run is " + s.Run.Status
	if n := len(s.Failures); n > 0 {
		why += fmt.Sprintf(", and %s not carried", plural(n, "resource was", "resources were"))
	}
	if muted > 0 {
		why += "; the push notifications of " + plural(muted, "service are", "services are") + " still off; finishing turns them back on"
	}
	return why
}
