package sidecar

import (
	"context"
	"sync"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// InLedger keeps what a policy drops or shortens in the ledger itself, so that no
// machine has a part of it. What a run keeps again, it keeps once.
type InLedger struct {
	ledger migrate.DroppedLedger
	name   string

	mu   sync.Mutex
	kept migrate.Kept
}

var _ migrate.Sidecar = (*InLedger)(nil)

// In keeps originals in a ledger that is called name. Whoever opened the ledger closes
// it.
func In(ledger migrate.DroppedLedger, name string) *InLedger {
	return &InLedger{ledger: ledger, name: name}
}

// Keep is of migrate.Sidecar.
func (s *InLedger) Keep(ctx context.Context, found []mapping.Finding) error {
	all := migrate.DroppedOf(found)
	if len(all) == 0 {
		return nil
	}
	if err := s.ledger.PutDropped(ctx, all); err != nil {
		return migrate.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range all {
		s.kept.Lines++
		s.kept.Bytes += int64(len(d.Original))
	}
	return nil
}

// Kept says what was kept so far, with what was there already.
func (s *InLedger) Kept() *migrate.Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept.Lines == 0 {
		return nil
	}
	kept := s.kept
	kept.Path, kept.InLedger = s.name, true
	return &kept
}

// Close does nothing.
func (s *InLedger) Close() error { return nil }
