package replay

import (
	"encoding/json"
	"slices"
	"time"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/pace"
)

// Progress is what a running migration writes into its RunRecord.
type Progress struct {
	Command string                       `json:"command,omitempty"` // of a run that is no migration
	Totals  map[string]int64             `json:"totals"`
	Counts  map[string]migrate.KindCount `json:"counts"`
	Done    int64                        `json:"done"`  // resources of every kind that are dealt with
	Lanes   int                          `json:"lanes"` // at work
	migrate.Traffic
	Timeline []pace.Point `json:"timeline"`
	Recent   pace.Recent  `json:"recent"`
	// Findings says how often each one occurred in this run.
	Findings map[mapping.Code]int64 `json:"findings"`

	AtWork []pace.AtWork `json:"at_work"` // lanes, those with most to do first: 10 at most
	// SecondsLeft is how long the rest takes: nil if nothing tells, or writes are
	// paused.
	SecondsLeft *float64       `json:"seconds_left"`
	Waits       []migrate.Wait `json:"waits"` // of 2 s or more, the longest first
}

// live is how far the run is.
func (r *run) live() Progress {
	now := time.Now()
	counts, totals := r.tally.Snapshot()
	p := Progress{
		Totals: totals, Counts: counts, Done: r.tally.Done(), Lanes: len(r.lanes), Traffic: r.Traffic(),
		Timeline: r.timeline.Until(r.point(now)), Recent: r.recent.Until(r.sofar(now)),
		Findings: r.findings.ByCode(),
		AtWork:   r.sheet.AtWork(), Waits: r.waits.Now(migrate.LongWait),
	}
	paused := slices.ContainsFunc(p.Waits, func(w migrate.Wait) bool { return w.Cause == migrate.Paused })
	if left, known := r.sheet.Left(r.set.APS, r.set.Concurrency, p.Recent); known && !paused {
		p.SecondsLeft = &left
	}
	return p
}

// sample notes where the run is.
func (r *run) sample(now time.Time) {
	r.timeline.Sample(r.point(now))
	r.recent.Sample(r.sofar(now))
}

func (r *run) progress() []byte {
	raw, err := json.Marshal(r.live())
	if err != nil {
		panic(err) // numbers under text keys always encode
	}
	return raw
}

// sofar is what the run did since it began.
func (r *run) sofar(now time.Time) pace.Recent {
	t := r.Traffic()
	steps, seconds := r.sheet.Steps()
	return pace.Recent{
		Seconds: now.Sub(r.started).Seconds(), Done: r.tally.Done(), Requests: t.Reads + t.Writes, Throttled: t.Throttled,
		LaneSteps: steps, LaneSeconds: seconds,
	}
}

// point is where the run is now.
func (r *run) point(now time.Time) pace.Point {
	counts, _ := r.tally.Snapshot()
	traffic := r.Traffic()
	p := pace.Point{Seconds: now.Sub(r.started).Seconds(), Throttled: traffic.Throttled, Retried: traffic.Retried}
	for _, c := range counts {
		p.Written += c.Written
		p.Failed += c.Failed
	}
	return p
}
