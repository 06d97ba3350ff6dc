package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
)

// retryOption narrows a migration to what failed.
type retryOption struct{ OnlyFailed bool }

func (o *retryOption) flags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.OnlyFailed, "only-failed", false, "take only the channels that have failures in the ledger")
}

// check refuses to try again where no ledger says what failed, and says how much
// there is to do. It asks the file before anything is opened for writing: a
// ledger that is not there must not be made by this.
func (o *retryOption) check(ctx context.Context, on *console, ledger string) (err error) {
	if !o.OnlyFailed {
		return nil
	}
	l, err := readLedger(ctx, ledger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	failed, err := failedChannels(ctx, l)
	if err != nil {
		return err
	}
	fmt.Fprintf(on.err, "To try again: %s\n", plural(len(failed), "channel", "channels"))
	return nil
}

// takes says which channels the run takes. Without a ledger nothing has failed yet.
func (o *retryOption) takes(ctx context.Context, ledger migrate.LedgerReader) (func(channelSID string) bool, error) {
	if !o.OnlyFailed || ledger == nil {
		return func(string) bool { return !o.OnlyFailed }, nil
	}
	failed, err := failedChannels(ctx, ledger)
	return func(sid string) bool { return failed[sid] }, err
}

func failedChannels(ctx context.Context, ledger migrate.LedgerReader) (map[string]bool, error) {
	failed := map[string]bool{}
	for f, err := range ledger.Failures(ctx) {
		if err != nil {
			return nil, err
		}
		if f.Kind == migrate.KindChannels {
			failed[f.SourceSID] = true
		}
	}
	return failed, nil
}
