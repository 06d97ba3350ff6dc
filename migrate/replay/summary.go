package replay

import (
	"errors"
	"time"

	"chatbridge/migrate"
)

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
