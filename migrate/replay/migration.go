package replay

import (
	"context"
	"errors"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/pace"
)

// Migration is one run of the engine over a source, a target and a ledger.
type Migration struct {
	Source   migrate.Source
	Target   migrate.Target
	Ledger   migrate.Ledger
	Observer migrate.Observer // may be nil
	Settings migrate.Settings

	// Sidecar keeps what policies drop or shorten; nil keeps nothing.
	Sidecar migrate.Sidecar

	// Traffic reads the request counters of the transport; nil counts nothing.
	Traffic func() migrate.Traffic

	// Began, where it is not nil, is called when the run begins, with a function
	// that says at any time, also after the end, how far the run is.
	Began func(progress func() Progress)

	// Drain, when closed, makes the run finish what is in flight, save and
	// return with status interrupted. Cancelling the context stops it at once;
	// either way running again resumes.
	Drain <-chan struct{}
}

// Run migrates what the settings select and resumes what an earlier run left.
// The summary is true also where the error is not nil. A lane that cannot go on
// stops alone and makes the status partial; an error is returned only for what
// ends the run as a whole.
func (m *Migration) Run(ctx context.Context) (Summary, error) {
	r := newRun(m)
	ctx, r.waits = migrate.WithWaits(ctx)
	r.findings = r.findings.Within(ctx)
	if m.Began != nil {
		m.Began(r.live)
	}
	ctx, r.cut = context.WithCancelCause(ctx)
	defer r.cut(nil)
	if err := r.open(ctx); err != nil {
		return r.summary(err), err
	}
	ctx = migrate.Noting(ctx, m.Observer, r.findings.Add)
	err := r.why(r.whole(ctx))
	if denied := r.claims.Release(ctx); err == nil {
		err = denied
	}
	s := r.summary(err)
	if failed := Recount(context.WithoutCancel(ctx), r.Ledger, &s); err == nil && failed != nil {
		err = failed
		s.Status = r.status(err)
	}
	if end := r.close(ctx, s); err == nil {
		err = end
	}
	return s, err
}

// Summary is what a migration did.
type Summary struct {
	SchemaVersion int                          `json:"schema_version"`
	Command       string                       `json:"command"`
	Status        string                       `json:"status"`
	Services      []migrate.SummaryService     `json:"services"`
	Counts        map[string]migrate.KindCount `json:"counts"`
	Requests      migrate.Traffic              `json:"requests"`
	Findings      []migrate.FindingCount       `json:"findings"`          // of the migration, in all its runs
	ThisRun       []migrate.FindingCount       `json:"findings_this_run"` // of those, what this one met
	Failures      []migrate.FailureLine        `json:"failures"`
	Originals     *migrate.Kept                `json:"originals,omitempty"` // nil where nothing was kept
	Timeline      []pace.Point                 `json:"timeline"`            // 241 points at most
	LaneTimes     pace.LaneTimes               `json:"lane_times"`
	Duration      float64                      `json:"duration_seconds"`
	// Settle is how long the run gave a write without an answer: that of the settings,
	// or of the run before it if that was not complete and gave longer.
	Settle float64 `json:"settle_seconds,omitzero"`
	// FileBytes are those of the files that arrived, in all runs.
	FileBytes int64 `json:"file_bytes,omitzero"`
	// Unmatched are the entries of files of settings that had no effect.
	Unmatched []migrate.Unmatched `json:"unmatched,omitempty"`
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
		ThisRun:       r.findings.List(),
		Failures:      append([]migrate.FailureLine{}, r.failures...),
		Timeline:      r.timeline.Until(r.point(time.Now())),
		LaneTimes:     r.sheet.Times(),
		Duration:      time.Since(r.started).Seconds(),
		Settle:        r.set.Settle.Seconds(),
		Unmatched:     r.set.WithoutEffect(),
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

var errNoAnswer = errors.New("no answer to any attempt; nothing was written")

// recountFiles counts the files that arrived in all runs. What a policy left out is
// that of this one: the ledger knows the messages, and not how many files they had.
func recountFiles(ctx context.Context, l migrate.LedgerReader, s *Summary) error {
	files, bytes, err := l.CountFiles(ctx)
	if err != nil {
		return err
	}
	c := s.Counts[migrate.KindFiles]
	if s.FileBytes = bytes; files == 0 && c == (migrate.KindCount{}) {
		return nil
	}
	c.Written = min(c.Written, files)
	c.Existing = files - c.Written
	c.Source = files + c.LeftOut + c.Failed
	s.Counts[migrate.KindFiles] = c
	return nil
}

// Recount makes the counts and findings of a summary those of the whole
// migration, as its ledger has them. What was written stays that of the run.
func Recount(ctx context.Context, l migrate.LedgerReader, s *Summary) error {
	all, err := migrate.ReadAccounts(ctx, l)
	if err != nil {
		return err
	}
	found, err := l.Findings(ctx)
	if err != nil {
		return err
	}
	for _, f := range s.ThisRun {
		if toldEveryRun(f.Code) {
			found = append(found, f)
		}
	}
	migrate.SortFindings(found)
	if s.Findings = found; s.Counts == nil {
		s.Counts = map[string]migrate.KindCount{}
	}
	if err := recountFiles(ctx, l, s); err != nil {
		return err
	}
	if all.Channels.Source == 0 {
		return nil // no plan was made yet
	}
	for kind, c := range map[string]migrate.KindCount{
		migrate.KindChannels: all.Channels, migrate.KindMembers: all.Members, migrate.KindMessages: all.Messages,
	} {
		written := min(s.Counts[kind].Written, c.Existing)
		c.Written, c.Existing = written, c.Existing-written
		s.Counts[kind] = c
	}
	return nil
}
