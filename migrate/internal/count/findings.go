package count

import (
	"cmp"
	"slices"
	"sync"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// samplesKept is how many SIDs a report shows for each code: enough to look
// one up, few enough to read.
const samplesKept = 5

// Findings counts findings by code and keeps a few SIDs of each.
type Findings struct {
	// keep is given every finding before it is counted; its first error stays
	// in failed. May be nil.
	Keep func([]mapping.Finding) error

	mu     sync.Mutex
	failed error
	counts map[mapping.Code]*migrate.FindingCount
}

func NewFindings() *Findings {
	return &Findings{counts: map[mapping.Code]*migrate.FindingCount{}}
}

func (f *Findings) Add(found []mapping.Finding) {
	if len(found) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Keep != nil && f.failed == nil {
		f.failed = f.Keep(found)
	}
	for _, one := range found {
		c := f.counts[one.Code]
		if c == nil {
			c = &migrate.FindingCount{Code: one.Code, Samples: []string{}}
			f.counts[one.Code] = c
		}
		c.Count++
		c.Severity = mapping.Worst([]mapping.Finding{{Severity: c.Severity}, one})
		if len(c.Samples) < samplesKept && one.SID != "" && !slices.Contains(c.Samples, one.SID) {
			c.Samples = append(c.Samples, one.SID)
		}
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
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b migrate.FindingCount) int {
		if a.Severity != b.Severity {
			if mapping.Worst([]mapping.Finding{{Severity: a.Severity}, {Severity: b.Severity}}) == a.Severity {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Code, b.Code)
	})
	return all
}
