package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/migrate/sidecar"
	"chatbridge/reports"
)

// originalsOptions are those of ledger originals.
type originalsOptions struct {
	ledgerOption
	Out string

	console *console
}

func newOriginals(c *console, run func(context.Context, *originalsOptions) error) *cobra.Command {
	o := &originalsOptions{console: c}
	cmd := &cobra.Command{
		Use:   "originals",
		Short: "Print what policies dropped or shortened, whole",
		Long: `Print the originals of what policies dropped or shortened: texts, attributes, names,
identities. One JSON object per line, in the order in which they were kept; for its
fields see: chatbridge schema originals. A PostgreSQL ledger has them in the database;
those of a ledger FILE are in FILE.originals.jsonl.

They hold personal data. --out writes them to a new file that only you can read.

It never opens a connection, except to the database of a PostgreSQL ledger, needs no
credentials of Twilio and changes nothing. It works while a migration runs.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitCredentials, exitService, exitLedger, exitInterrupted),
		Example: `  chatbridge ledger originals --ledger postgres://me@db.example.com/chats --out originals.jsonl
  chatbridge ledger originals --ledger postgres://me@db.example.com/chats --migration support`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.ledgerOption.flags(cmd.Flags())
	cmd.Flags().StringVar(&o.Out, "out", "", "write them to this new `file` instead, with mode 0600")
	return cmd
}

func runOriginals(ctx context.Context, o *originalsOptions) error {
	from, note, closed, err := openOriginals(ctx, o.Ledger)
	if err != nil {
		return err
	}
	defer closed()
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	lines, err := o.write(ctx, from)
	if err != nil {
		return interrupted(ctx, err)
	}
	if lines == 0 {
		fmt.Fprintln(o.console.err, "No originals are kept: no policy dropped or shortened anything.")
	}
	if text := note(); text != "" {
		fmt.Fprintln(o.console.err, reports.Plain(text))
	}
	return nil
}

// openOriginals opens those of a ledger. note is what to say when they have been read.
// Originals whose ledger is gone are enough.
func openOriginals(ctx context.Context, ledger string) (from migrate.DroppedReader, note func() string, closed func(), err error) {
	file := &sidecar.Reader{Path: originalsFile(ledger)}
	if !isDatabase(ledger) {
		if _, err := os.Lstat(file.Path); err == nil {
			return file, func() string { return tornIn(file) }, func() {}, nil
		}
	}
	l, err := readLedger(ctx, ledger)
	if err != nil {
		return nil, nil, nil, err
	}
	if has, ok := l.(migrate.DroppedReader); ok {
		return has, func() string { return moreInFile(file.Path) }, func() { _ = l.Close() }, nil
	}
	return file, func() string { return "" }, func() {}, l.Close()
}

// write writes the lines to stdout, or to a new file that is gone if it fails.
func (o *originalsOptions) write(ctx context.Context, from migrate.DroppedReader) (lines int64, err error) {
	if o.Out == "" {
		return writeOriginals(ctx, o.console.out, from)
	}
	f, err := os.OpenFile(o.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return 0, usageError("name another file, or remove this one if nobody needs it", "--out: %s already exists", o.Out)
	}
	if err != nil {
		return 0, usageError("name a file in a folder that can be written, such as --out originals.jsonl", "--out: %w", err)
	}
	lines, err = writeOriginals(ctx, f, from)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(o.Out))
	}
	return lines, nil
}

func writeOriginals(ctx context.Context, to io.Writer, from migrate.DroppedReader) (int64, error) {
	w := bufio.NewWriter(to)
	lines, err := sidecar.Write(w, from.Dropped(ctx))
	if ferr := w.Flush(); err == nil {
		err = ferr
	}
	return lines, err
}
