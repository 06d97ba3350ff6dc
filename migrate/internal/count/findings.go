package count

import (
	"context"
	"slices"
	"sync"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// Findings counts findings by code and keeps a few SIDs of each.
type Findings struct {
	// Keep is given every finding before it is counted; its first error is that of
	// Err. It is called by any number of goroutines. May be nil.
	Keep func(context.Context, []mapping.Finding) error

	within func([]mapping.Finding) error // Keep, for whom Within made it; nil for anybody
	*counted
}

// counted is what those have in common that Within made of one.
type counted struct {
	mu     sync.Mutex
	failed error
	counts map[mapping.Code]*migrate.FindingCount
}

func NewFindings() *Findings {
	return &Findings{counted: &counted{counts: map[mapping.Code]*migrate.FindingCount{}}}
}

// Within are the same findings, of somebody who has this context: what keeps them is
// given its values, so that it can say whom it lets wait, and does not end with it.
func (f *Findings) Within(ctx context.Context) *Findings {
	if f.Keep == nil {
		return f
	}
	ctx = context.WithoutCancel(ctx)
	return &Findings{Keep: f.Keep, counted: f.counted, within: func(found []mapping.Finding) error { return f.Keep(ctx, found) }}
}

func (f *Findings) Add(found []mapping.Finding) {
	if len(found) == 0 {
		return
	}
	var failed error
	if f.Keep != nil && f.Err() == nil {
		keep := f.within
		if keep == nil {
			keep = func(found []mapping.Finding) error { return f.Keep(context.Background(), found) }
		}
		failed = keep(found) // may wait for a ledger, while others ask what was counted
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed == nil {
		f.failed = failed
	}
	for _, one := range found {
		c := f.counts[one.Code]
		if c == nil {
			c = &migrate.FindingCount{Code: one.Code, Samples: []string{}}
			f.counts[one.Code] = c
		}
		c.Count++
		c.Severity = mapping.Worst([]mapping.Finding{{Severity: c.Severity}, one})
		c.AddSample(one.SID)
	}
}

// Err is why something could not be kept.
func (f *Findings) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// ByCode says how often each finding occurred.
func (f *Findings) ByCode() map[mapping.Code]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := make(map[mapping.Code]int64, len(f.counts))
	for code, c := range f.counts {
		counts[code] = c.Count
	}
	return counts
}

// List is every finding, the gravest first, then by code.
func (f *Findings) List() []migrate.FindingCount {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]migrate.FindingCount, 0, len(f.counts))
	for _, c := range f.counts {
		one := *c
		one.Samples = slices.Clone(c.Samples)
		all = append(all, one)
	}
	migrate.SortFindings(all)
	return all
}
