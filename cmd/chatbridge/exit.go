package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Exit statuses. Scripts depend on the numbers.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitCredentials = 4
	exitService     = 5
	exitLedger      = 8
	exitInterrupted = 130
)

// exitTable is what every help text says about exit statuses.
var exitTable = []struct {
	status  int
	meaning string
}{
	{exitDone, "done and clean"},
	{exitFailed, "failed"},
	{exitUsage, "usage or configuration is wrong; nothing was changed"},
	{exitIncomplete, "finished, but something was not carried or differs"},
	{exitCredentials, "credentials are missing, refused, or for another account"},
	{exitService, "stopped by the service; running again may succeed"},
	{exitLedger, "another run is active, or the ledger is in use, gone or for other settings"},
	{exitInterrupted, "interrupted; running again resumes"},
}

// exitHelp is the section of a help text that lists some statuses, or all where
// none are named.
func exitHelp(statuses ...int) string {
	var b strings.Builder
	b.WriteString("\n\nExit status:\n")
	for _, row := range exitTable {
		if len(statuses) == 0 || slices.Contains(statuses, row.status) {
			fmt.Fprintf(&b, "  %3d  %s\n", row.status, row.meaning)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// outcome ends a command that did its work with a status other than 0.
type outcome struct {
	status  int
	message string
	hint    string
}

func (o *outcome) Error() string { return o.message }

// statusOf is the exit status for an error.
func statusOf(err error) int {
	if err == nil {
		return exitDone
	}
	if o, ok := errors.AsType[*outcome](err); ok {
		return o.status
	}
	if _, ok := errors.AsType[*migrate.Error](err); !ok {
		if errors.Is(err, context.Canceled) {
			return exitInterrupted
		}
		return exitFailed
	}
	if migrate.CodeOf(err) == migrate.CodeServiceLimit {
		return exitService
	}
	switch migrate.KindOf(err) {
	case migrate.Usage, migrate.NotFound:
		return exitUsage
	case migrate.Credentials:
		return exitCredentials
	case migrate.Throttled, migrate.Unavailable, migrate.InDoubt, migrate.Stalled, migrate.Contended, migrate.PageExpired:
		return exitService
	case migrate.Conflict:
		return exitLedger
	case migrate.Interrupted:
		return exitInterrupted
	default:
		return exitFailed
	}
}

// hintOf is what to do about an error. There is always something.
func hintOf(err error) string {
	if o, ok := errors.AsType[*outcome](err); ok && o.hint != "" {
		return o.hint
	}
	if h := migrate.HintOf(err); h != "" {
		return h
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "free some disk space, then run the same command again"
	case errors.Is(err, fs.ErrPermission):
		return "choose a place that can be written to, or change who may write there"
	}
	switch statusOf(err) {
	case exitService, exitInterrupted:
		return "run the same command again to resume"
	case exitUsage:
		return "see: chatbridge --help"
	default:
		return "to see what led to it, run again with -v"
	}
}

// readCommandLine is the Op of what somebody typed wrong.
const readCommandLine = "read command line"

// usageError is the error of a request that cannot be carried out.
func usageError(hint, format string, args ...any) error {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = chat.Shorten(s)
		}
	}
	return &migrate.Error{Op: readCommandLine, Kind: migrate.Usage, Err: fmt.Errorf(format, args...), Hint: hint}
}
