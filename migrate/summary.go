package migrate

import (
	"errors"
	"time"
)

// summary says what the run did, whichever way it ended.
func (r *run) summary(err error) Summary {
	counts, _ := r.tally.snapshot()
	for _, k := range []string{KindServices, KindRoles, KindUsers, KindChannels, KindMembers, KindMessages, KindInvites, KindCredentials} {
		if _, counted := counts[k]; !counted {
			counts[k] = KindCount{} // every kind is shown, also where there is none
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Summary{
		SchemaVersion: SchemaVersion,
		Command:       "migrate",
		Status:        r.status(err),
		Services:      append([]SummaryService{}, r.services...),
		Counts:        counts,
		Requests:      r.Traffic(),
		Findings:      r.findings.list(),
		Failures:      append([]FailureLine{}, r.failures...),
		Timeline:      r.timeline.until(r.point(time.Now())),
		LaneTimes:     r.sheet.times(),
		Duration:      time.Since(r.started).Seconds(),
	}
	if r.Sidecar != nil {
		s.Originals = r.Sidecar.Kept()
	}
	return s
}

func (r *run) status(err error) string {
	switch {
	case err != nil && KindOf(err) == Interrupted:
		return InterruptedStatus
	case err != nil:
		return FailedStatus
	case len(r.failures) > 0:
		return Partial
	default:
		return Complete
	}
}

var errNoAnswer = errors.New("no answer, again and again, and nothing was written")
