package torture

import (
	"fmt"
	"regexp"
	"slices"

	"chatbridge/migrate"
)

// status is the exit status that the command has for an ending.
func (e ending) status() int {
	if e.err == nil {
		if e.summary.Status == migrate.Complete {
			return 0
		}
		return 3
	}
	switch migrate.KindOf(e.err) {
	case migrate.Usage, migrate.NotFound:
		return 2
	case migrate.Credentials:
		return 4
	case migrate.Throttled, migrate.Unavailable, migrate.InDoubt, migrate.Stalled, migrate.Contended, migrate.PageExpired:
		return 5
	case migrate.Conflict:
		return 8
	case migrate.Interrupted:
		return 130
	}
	return 1
}

func (e ending) String() string {
	return fmt.Sprintf("%s ended %d: %v %+v", e.name, e.status(), e.err, e.summary.Failures)
}

// unequal is what is wrong after a run that ended with 0, or why it did not.
func (w *world) unequal(e ending) []string {
	if e.status() != 0 {
		return []string{e.String()}
	}
	return w.oracle.differences(e.start, e.end)
}

// about is a SID, or a ledger, which has none.
var about = regexp.MustCompile(`\b[A-Z]{2}[0-9a-f]{32}\b|ledger-\d+\.db|second\.db`)

// dishonest is what is wrong with how a run ended among lies: 0 with both sides
// not equal, or another status than was agreed, or one that does not say what it
// is about and what to do.
func (w *world) dishonest(e ending, agreed ...int) (all []string) {
	status := e.status()
	if status == 0 {
		return w.oracle.differences(e.start, e.end)
	}
	if !slices.Contains(agreed, status) {
		all = append(all, fmt.Sprintf("status %d is none of %v: %s", status, agreed, e))
	}
	if status == 3 {
		for _, f := range e.summary.Failures {
			if !about.MatchString(f.SourceSID + " " + f.TargetSID + " " + f.Reason) {
				all = append(all, fmt.Sprintf("it does not say what it is about: %+v", f))
			}
		}
		return all
	}
	if !about.MatchString(e.err.Error()) {
		all = append(all, fmt.Sprintf("it does not say what it is about: %v", e.err))
	}
	if hint := migrate.HintOf(e.err); hint == "" && status != 5 { // the command has one for 5
		all = append(all, fmt.Sprintf("it does not say what to do: %v", e.err))
	}
	return all
}
