// Package ledgertest is the conformance suite for any migrate.Ledger: what the
// contract promises, tried on the ledger itself, whether it lives in a file, in a
// database server or in memory.
//
// The suite is given constructors and never learns where a ledger lives: one that
// makes an empty store, and in the store those that open it, that leave what a
// crash would leave, and that damage it.
//
// It does not test what an implementation adds: file modes, full disks, how the
// lock of a dead process is taken over. Do not import it but from tests.
package ledgertest

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// New makes a store without a ledger in it. What it needs is gone when the test
// ends.
type New func(t *testing.T) Store

// Store is where one ledger lives.
type Store struct {
	// Open opens the ledger for writing, as a new process would, and makes it if
	// there is none. If another writer has it open, or it is damaged, the error
	// says so.
	Open func(ctx context.Context) (migrate.Ledger, error)

	// Read opens the ledger for reading, as a new process would, also beside a
	// writer. If there is none, the error has Kind NotFound.
	Read func(ctx context.Context) (migrate.LedgerReader, error)

	// Crash returns a store with what would be left if the process that writes
	// this one died now. This one, and its open ledger, go on.
	Crash func(t *testing.T) Store

	// Damage spoils a ledger that nobody has open, which holds thousands of
	// messages. Nil if nothing but the ledger's own server can.
	Damage func(t *testing.T)
}

// Run tries everything that a Ledger and a LedgerReader promise.
func Run(t *testing.T, create New) {
	t.Run("Bind", func(t *testing.T) { testBind(t, create) })
	t.Run("Services", func(t *testing.T) { testServices(t, create) })
	t.Run("Entities", func(t *testing.T) { testEntities(t, create) })
	t.Run("Originals", func(t *testing.T) { testOriginals(t, create) })
	t.Run("Channels", func(t *testing.T) { testChannels(t, create) })
	t.Run("Messages", func(t *testing.T) { testMessages(t, create) })
	t.Run("Doubts", func(t *testing.T) { testDoubts(t, create) })
	t.Run("Files", func(t *testing.T) { testFiles(t, create) })
	t.Run("Failures", func(t *testing.T) { testFailures(t, create) })
	t.Run("Findings", func(t *testing.T) { testFindings(t, create) })
	t.Run("Runs", func(t *testing.T) { testRuns(t, create) })
	t.Run("Lookup", func(t *testing.T) { testLookup(t, create) })
	t.Run("Pairs", func(t *testing.T) { testPairs(t, create) })
	t.Run("Contexts", func(t *testing.T) { testContexts(t, create) })
	t.Run("Lanes", func(t *testing.T) { testLanes(t, create) })
	t.Run("Crashes", func(t *testing.T) { testCrashes(t, create) })
	t.Run("Readers", func(t *testing.T) { testReaders(t, create) })
	t.Run("Writers", func(t *testing.T) { testWriters(t, create) })
	t.Run("Damage", func(t *testing.T) { testDamage(t, create) })
	t.Run("Model", func(t *testing.T) { testModel(t, create) })
}

// open opens the ledger for writing.
func (s Store) open(t require.TestingT) migrate.Ledger {
	l, err := s.Open(context.Background())
	require.NoError(t, err)
	return l
}

// read opens the ledger for reading.
func (s Store) read(t require.TestingT) migrate.LedgerReader {
	r, err := s.Read(context.Background())
	require.NoError(t, err)
	return r
}

// fresh opens an empty ledger that is closed when the test ends.
func fresh(t *testing.T, create New) migrate.Ledger {
	t.Helper()
	l := create(t).open(t)
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
