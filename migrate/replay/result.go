package replay

import (
	"errors"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/sidecar"
)

// Summary is what a migration did.
type Summary struct {
	SchemaVersion int                          `json:"schema_version"`
	Command       string                       `json:"command"`
	Status        string                       `json:"status"`
	Services      []migrate.SummaryService     `json:"services"`
	Counts        map[string]migrate.KindCount `json:"counts"`
	Requests      migrate.Traffic              `json:"requests"`
	Findings      []migrate.FindingCount       `json:"findings"`
	Failures      []migrate.FailureLine        `json:"failures"`
	Originals     *sidecar.Kept                `json:"originals,omitempty"` // nil where nothing was kept
	Timeline      []pace.Point                 `json:"timeline"`            // 241 points at most
	LaneTimes     pace.LaneTimes               `json:"lane_times"`
	Duration      float64                      `json:"duration_seconds"`
}

// summary says what the run did, whichever way it ended.
func (r *run) summary(err error) Summary {
	counts, _ := r.tally.Snapshot()
	for _, k := range []string{migrate.KindServices, migrate.KindRoles, migrate.KindUsers, migrate.KindChannels, migrate.KindMembers, migrate.KindMessages, migrate.KindInvites, migrate.KindCredentials} {
		if _, counted := counts[k]; !counted {
			counts[k] = migrate.KindCount{} // every kind is shown, also where there is none
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Summary{
		SchemaVersion: migrate.SchemaVersion,
		Command:       "migrate",
		Status:        r.status(err),
		Services:      append([]migrate.SummaryService{}, r.services...),
		Counts:        counts,
		Requests:      r.Traffic(),
		Findings:      r.findings.List(),
		Failures:      append([]migrate.FailureLine{}, r.failures...),
		Timeline:      r.timeline.Until(r.point(time.Now())),
		LaneTimes:     r.sheet.Times(),
		Duration:      time.Since(r.started).Seconds(),
	}
	if r.Sidecar != nil {
		s.Originals = r.Sidecar.Kept()
	}
	return s
}

func (r *run) status(err error) string {
	switch {
	case err != nil && migrate.KindOf(err) == migrate.Interrupted:
		return migrate.InterruptedStatus
	case err != nil:
		return migrate.FailedStatus
	case len(r.failures) > 0:
		return migrate.Partial
	default:
		return migrate.Complete
	}
}

var errNoAnswer = errors.New("no answer, again and again, and nothing was written")
