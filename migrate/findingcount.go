package migrate

import (
	"cmp"
	"slices"

	"chatbridge/mapping"
)

// SortFindings puts the gravest first, then orders by code.
func SortFindings(all []FindingCount) {
	slices.SortFunc(all, func(a, b FindingCount) int {
		return cmp.Or(cmp.Compare(mapping.Gravity(b.Severity), mapping.Gravity(a.Severity)), cmp.Compare(a.Code, b.Code))
	})
}

// AddSample keeps the first SamplesKept SIDs in their order, whatever the order
// in which they come.
func (c *FindingCount) AddSample(sid string) {
	at, known := slices.BinarySearch(c.Samples, sid)
	if sid == "" || known {
		return
	}
	c.Samples = slices.Insert(c.Samples, at, sid)
	c.Samples = c.Samples[:min(SamplesKept, len(c.Samples))]
}
