package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// completionsShown bounds the names that a shell is given: nobody reads more.
const completionsShown = 500

// completeFromLedger completes the values of --service and of the flags that
// name channels from the ledger that the command line, the environment or the
// configuration file names. Without one it says nothing.
func completeFromLedger(c *console, root *cobra.Command) {
	for _, cmd := range root.Commands() {
		for _, name := range []string{"service", "channel", "exclude-channel"} {
			if cmd.Flags().Lookup(name) == nil {
				continue
			}
			list := channelNames
			if name == "service" {
				list = serviceNames
			}
			// The flag is there and has no other completion, so this cannot fail.
			_ = cmd.RegisterFlagCompletionFunc(name, func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return ledgerNames(c, cmd, begun, list), cobra.ShellCompDirectiveNoFileComp
			})
		}
	}
}

// named is a SID and the name that a person knows it by.
type named struct{ sid, name string }

// ledgerNames are the completions of what is begun. Nothing may come between a
// person and their command line: whatever fails, there are none.
func ledgerNames(c *console, cmd *cobra.Command, begun string, list func(context.Context, migrate.LedgerReader, func(named) bool) error) []string {
	path := cmp.Or(c.getenv(variable("ledger")), defaultLedger)
	if f := cmd.Flags().Lookup("ledger"); f != nil && applySettings(cmd, c.env, ownSettings{}) == nil {
		path = f.Value.String()
	}
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	l, err := readLedger(ctx, path)
	if err != nil {
		return nil
	}
	defer l.Close()
	var all []string
	err = list(ctx, l, func(n named) bool {
		if strings.HasPrefix(n.sid, begun) {
			all = append(all, cobra.CompletionWithDesc(n.sid, reports.Plain(n.name)))
		}
		return len(all) < completionsShown
	})
	if err != nil {
		return nil
	}
	return all
}

func serviceNames(ctx context.Context, l migrate.LedgerReader, yield func(named) bool) error {
	services, err := l.Services(ctx)
	for _, s := range services {
		if !yield(named{s.SourceSID, s.FriendlyName}) {
			break
		}
	}
	return err
}

func channelNames(ctx context.Context, l migrate.LedgerReader, yield func(named) bool) error {
	services, err := l.Services(ctx)
	if err != nil {
		return err
	}
	for _, s := range services {
		for ch, err := range l.Channels(ctx, s.SourceSID) {
			if err != nil {
				return err
			}
			if !yield(named{ch.SourceSID, ch.FriendlyName}) {
				return nil
			}
		}
	}
	return nil
}
