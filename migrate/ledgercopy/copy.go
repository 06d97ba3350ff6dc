// Package ledgercopy copies a ledger into an empty one, of whatever kind both are:
// every record, so that the copy goes on where the other stopped, with the same ID.
package ledgercopy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"chatbridge/migrate"
)

// Counts says how many records of each kind there are, by a word for it.
type Counts map[string]int64

// String lists the kinds in their order.
func (c Counts) String() string {
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(c)) {
		all = append(all, fmt.Sprintf("%d %s", c[kind], kind))
	}
	return strings.Join(all, ", ")
}

// findingsAtOnce is how many findings are put together.
const findingsAtOnce = 500

// Copy puts everything that from has into to, which is empty, counts what to has then,
// and keeps it if that is as much. If from is a [migrate.DroppedReader], what policies
// dropped is copied too, each original once, and to has to be a
// [migrate.DroppedLedger]. copied is told now and then how many records are copied. If
// anything fails nothing is kept; the caller closes both.
func Copy(ctx context.Context, from migrate.LedgerContents, to migrate.Whole, copied func(int64)) (Counts, error) {
	c := &copier{to: to, counts: Counts{}}
	for one, err := range from.Contents(ctx) {
		if err != nil {
			return nil, err
		}
		if err := c.put(ctx, one); err != nil {
			return nil, err
		}
		copied(1)
	}
	if err := c.flush(ctx); err != nil {
		return nil, err
	}
	if err := c.dropped(ctx, from, copied); err != nil {
		return nil, err
	}
	arrived := Counts{}
	for one, err := range to.Contents(ctx) {
		if err != nil {
			return nil, err
		}
		arrived[kindOf(one.Record)]++
	}
	if r, ok := to.(migrate.DroppedReader); ok {
		n, _, err := r.CountDropped(ctx)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			arrived[droppedKind] = n
		}
	}
	if !maps.Equal(arrived, c.counts) {
		return nil, &migrate.Error{Op: "copy ledger", Kind: migrate.Failed, Err: fmt.Errorf("the copy has %s, the original %s; nothing was kept", arrived, c.counts)}
	}
	return c.counts, to.Keep(ctx)
}

type copier struct {
	to       migrate.Ledger
	counts   Counts
	findings []migrate.FindingRecord
}

func (c *copier) put(ctx context.Context, one migrate.LedgerContent) error {
	c.counts[kindOf(one.Record)]++
	switch r := one.Record.(type) {
	case migrate.Fingerprint:
		return c.to.Bind(ctx, r)
	case migrate.RunRecord:
		return c.to.PutRun(ctx, r)
	case migrate.ServiceRecord:
		return c.to.PutService(ctx, r)
	case migrate.EntityRecord:
		return c.to.PutEntity(ctx, r)
	case migrate.Original:
		return c.to.PutOriginal(ctx, r)
	case migrate.Attempt:
		return c.to.PutAttempt(ctx, r)
	case migrate.ChannelRecord:
		return c.to.PutChannel(ctx, r)
	case migrate.MessageRecord:
		return c.to.PutMessage(ctx, one.ChannelSID, r)
	case migrate.DoubtRecord:
		return c.to.PutDoubt(ctx, one.ChannelSID, r)
	case migrate.FileRecord:
		return c.to.PutFile(ctx, one.ChannelSID, r)
	case migrate.Failure:
		return c.to.PutFailure(ctx, r)
	case migrate.FindingRecord:
		if c.findings = append(c.findings, r); len(c.findings) < findingsAtOnce {
			return nil
		}
		return c.flush(ctx)
	}
	return &migrate.Error{Op: "copy ledger", Kind: migrate.Failed, Err: fmt.Errorf("a record is a %T, which this version cannot copy", one.Record)}
}

func (c *copier) flush(ctx context.Context) error {
	found := c.findings
	c.findings = nil
	return c.to.PutFindings(ctx, found)
}

// droppedKind is the word for what policies dropped or shortened.
const droppedKind = "originals of policies"

// dropped copies what policies dropped or shortened. A file may have one more than once.
// Of each it remembers 16 bytes.
func (c *copier) dropped(ctx context.Context, from migrate.LedgerContents, copied func(int64)) error {
	r, ok := from.(migrate.DroppedReader)
	if !ok {
		return nil
	}
	seen := map[[16]byte]bool{}
	for d, err := range r.Dropped(ctx) {
		if err != nil {
			return err
		}
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q", d.Code, d.SID, d.ChannelSID, d.Field, d.Original))
		key := [16]byte(sum[:16])
		if seen[key] {
			continue
		}
		to, ok := c.to.(migrate.DroppedLedger)
		if !ok {
			return &migrate.Error{Op: "copy ledger", Kind: migrate.Failed, SID: d.SID, Err: errors.New("the copy has no place for what policies dropped")}
		}
		if err := to.PutDropped(ctx, []migrate.Dropped{d}); err != nil {
			return err
		}
		seen[key] = true
		c.counts[droppedKind]++
		copied(1)
	}
	return nil
}

func kindOf(record any) string {
	switch record.(type) {
	case migrate.Fingerprint:
		return "fingerprint"
	case migrate.RunRecord:
		return "runs"
	case migrate.ServiceRecord:
		return migrate.KindServices
	case migrate.EntityRecord:
		return "people, roles and members"
	case migrate.Original:
		return "originals"
	case migrate.Attempt:
		return "attempts"
	case migrate.ChannelRecord:
		return migrate.KindChannels
	case migrate.MessageRecord:
		return migrate.KindMessages
	case migrate.DoubtRecord:
		return "doubts"
	case migrate.FileRecord:
		return migrate.KindFiles
	case migrate.Failure:
		return "failures"
	case migrate.FindingRecord:
		return "findings"
	}
	return "unknown"
}
