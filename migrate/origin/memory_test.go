package origin_test

import (
	"slices"

	"chatbridge/migrate/origin"
)

// ledger is what the migration remembers.
type ledger struct {
	confirmed []origin.Confirmed // by source index
	durable   int                // what a crash cannot take
	doubts    []origin.Doubt
	alone     bool // nobody else was in the target at the last read-back, and nothing was confirmed since
}

func (l *ledger) has(sid string) bool {
	return slices.ContainsFunc(l.confirmed, func(c origin.Confirmed) bool { return c.TargetSID == sid })
}

func (l *ledger) newest() (source, target int64) {
	source, target = -1, -1
	for _, c := range l.confirmed {
		source, target = max(source, c.SourceIndex), max(target, c.TargetIndex)
	}
	return source, target
}

func (l *ledger) put(c origin.Confirmed) {
	if !l.has(c.TargetSID) {
		l.alone = false
		l.confirmed = append(l.confirmed, c)
	}
}

func (l *ledger) doubt(d origin.Doubt) *origin.Doubt {
	for i := range l.doubts {
		if l.doubts[i].SourceIndex == d.SourceIndex {
			l.doubts[i].Sends++
			return &l.doubts[i]
		}
	}
	d.Sends = 1
	l.doubts = append(l.doubts, d)
	return &l.doubts[len(l.doubts)-1]
}
