package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

const (
	completionService = "IS00000000000000000000000000000001"
	completionChannel = "CH0000000000000000000000000000000"
)

// completionLedger is a ledger with one service of three channels.
func completionLedger(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "l.db")
	l, err := openLedger(t.Context(), path)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: completionService, FriendlyName: "Support\tand\x1b[31m more"}))
	for _, n := range []string{"1", "2", "3"} {
		require.NoError(t, l.PutChannel(t.Context(), migrate.ChannelRecord{SourceSID: completionChannel + n, ServiceSID: completionService, FriendlyName: "channel " + n}))
	}
	return path
}

// completed is what a shell is told for a command line.
func completed(t *testing.T, env []string, args ...string) string {
	t.Helper()
	s := newScreen("", false, env...)
	require.Equal(t, exitDone, run(t.Context(), s.console, append([]string{"__complete"}, args...)))
	return s.stdout.String()
}

func TestLedgerCompletion(t *testing.T) {
	ledger := completionLedger(t)
	t.Run("services come with their names, in which nothing is obeyed", func(t *testing.T) {
		out := completed(t, nil, "migrate", "--ledger", ledger, "--service", "")
		require.Equal(t, completionService+"\t"+`Support\tand\u001b[31m more`, strings.Split(out, "\n")[0])
		require.Contains(t, out, ":4\n", "and no files do")
	})
	t.Run("channels are those that begin as was typed", func(t *testing.T) {
		out := completed(t, nil, "audit", "--channel", completionChannel+"2")
		require.NotContains(t, out, completionChannel, "an audit has no ledger but the default one, which is not here")
		out = completed(t, nil, "migrate", "--ledger", ledger, "--channel", "CH")
		require.Equal(t, 3, strings.Count(out, "CH0"))
		out = completed(t, nil, "migrate", "--ledger", ledger, "--channel", completionChannel+"2")
		require.Equal(t, completionChannel+"2\tchannel 2", strings.Split(out, "\n")[0])
		require.NotContains(t, out, "channel 1")
	})
	t.Run("the ledger may be named by the environment", func(t *testing.T) {
		for _, command := range []string{"verify", "audit"} {
			require.Contains(t, completed(t, []string{"CHATBRIDGE_LEDGER=" + ledger}, command, "--service", ""), completionService)
		}
	})
	t.Run("a ledger that is not there is passed over in silence, and not made", func(t *testing.T) {
		none := filepath.Join(t.TempDir(), "none.db")
		require.Equal(t, ":4\n", completed(t, nil, "migrate", "--ledger", none, "--service", ""))
		require.NoFileExists(t, none)
	})
}
