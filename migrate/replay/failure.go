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
