// Package ledgertest is the suite that every migrate.Ledger passes: what the
// interface promises, tried on the ledger itself.
//
// A ledger under test lives in files whose names begin with a path. The suite
// simulates a crash by copying those files while the ledger is open and opening
// the copy; a ledger that lives elsewhere cannot use it as it is.
//
// It does not test what an implementation adds: locks, file modes, full disks,
// damage. Do not import it but from tests.
package ledgertest

import (
	"fmt"
	"iter"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// Open opens the ledger whose files begin with path, and makes it where there is
// none. It fails the test where it cannot.
type Open func(t *testing.T, path string) migrate.Ledger

// Run tries everything that a Ledger promises.
func Run(t *testing.T, open Open) {
	t.Run("Bind", func(t *testing.T) { testBind(t, open) })
	t.Run("Services", func(t *testing.T) { testServices(t, open) })
	t.Run("Entities", func(t *testing.T) { testEntities(t, open) })
	t.Run("Channels", func(t *testing.T) { testChannels(t, open) })
	t.Run("Messages", func(t *testing.T) { testMessages(t, open) })
	t.Run("Suspects", func(t *testing.T) { testSuspects(t, open) })
	t.Run("Failures", func(t *testing.T) { testFailures(t, open) })
	t.Run("Runs", func(t *testing.T) { testRuns(t, open) })
	t.Run("Contexts", func(t *testing.T) { testContexts(t, open) })
	t.Run("Lanes", func(t *testing.T) { testLanes(t, open) })
	t.Run("Crashes", func(t *testing.T) { testCrashes(t, open) })
	t.Run("Model", func(t *testing.T) { testModel(t, open) })
}

// fresh opens an empty ledger that is closed when the test ends.
func fresh(t *testing.T, open Open) migrate.Ledger {
	t.Helper()
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// collect takes everything from an iterator.
func collect[T any](t require.TestingT, records iter.Seq2[T, error]) []T {
	var all []T
	for r, err := range records {
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

// sid makes a SID of the usual shape.
func sid(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n) }

// message makes the record of a message; offset is how far its target index is
// from its source index.
func message(index, offset int64) migrate.MessageRecord {
	return migrate.MessageRecord{
		SourceIndex: index,
		TargetIndex: index + offset,
		SourceSID:   sid("IM", int(index)),
		TargetSID:   sid("IM", int(index+offset)+1<<32),
	}
}
