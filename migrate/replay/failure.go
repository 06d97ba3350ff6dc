package replay

import (
	"context"
	"time"

	"chatbridge/migrate"
)

// fail notes that something was not carried, in the ledger and for the summary.
// A ledger that cannot take it fails the next Put as well, where it is seen.
func (s *service) fail(ctx context.Context, kind, sourceSID, targetSID string, err error) {
	line := migrate.FailureLine{Kind: kind, SourceSID: sourceSID, TargetSID: targetSID, Reason: err.Error(), Hint: migrate.HintOf(err)}
	s.mu.Lock()
	s.failures = append(s.failures, line)
	s.mu.Unlock()
	s.event(migrate.Warning, "not carried", "kind", kind, "source", sourceSID, "target", targetSID, migrate.KeyReason, err.Error())
	_ = s.Ledger.PutFailure(context.WithoutCancel(ctx), migrate.Failure{
		Kind: kind, SourceSID: sourceSID, ServiceSID: s.source.SID, TargetSID: targetSID,
		Reason: line.Reason, Hint: line.Hint, At: time.Now(),
	})
}

// clearFailure forgets what an earlier run said about a resource.
func (s *service) clearFailure(ctx context.Context, sourceSID string) error {
	return migrate.Fatal(s.Ledger.ClearFailures(ctx, sourceSID))
}

// retries says which channels a run takes: all of them, or with
// Settings.OnlyFailed those that the ledger has failures for. A run that leaves
// channels out waits until nothing that a killed run sent can land any more,
// because the run after it cannot know how long ago that was.
func (s *service) retries(ctx context.Context) (func(channelSID string) bool, error) {
	if !s.set.OnlyFailed {
		return func(string) bool { return true }, nil
	}
	if s.crashed {
		if err := s.waitSettled(ctx); err != nil {
			return nil, err
		}
	}
	failed := map[string]bool{}
	for f, err := range s.Ledger.Failures(ctx) {
		if err != nil {
			return nil, migrate.Fatal(err)
		}
		failed[f.SourceSID] = true
	}
	return func(channelSID string) bool { return failed[channelSID] }, nil
}
