package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chatbridge/mapping"
)

// blockedError says which finding keeps a resource from being carried, and
// which setting would let it.
func blockedError(op, sid string, found []mapping.Finding) error {
	for _, f := range found {
		if f.Severity != mapping.Stop {
			continue
		}
		return &Error{
			Op: op, Kind: Refused, SID: sid,
			Err:  fmt.Errorf("%s: %s", f.Code, f.Detail),
			Hint: fmt.Sprintf("choose what to do with it: --policy %s=…; list the choices with: chatbridge policies", f.Code),
		}
	}
	return nil
}

// fatalError ends the run and not only a channel.
type fatalError struct{ error }

func (f fatalError) Unwrap() error { return f.error }

// fatal marks an error that ends the run and not only a channel, such as one of
// the ledger, without which nothing can go on.
func fatal(err error) error {
	if err == nil {
		return nil
	}
	return fatalError{err}
}

// endsRun reports whether an error ends the run and not only its lane.
func endsRun(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, errDrained) {
		return true
	}
	if _, ok := errors.AsType[fatalError](err); ok {
		return true
	}
	return KindOf(err) == Credentials
}

// fail notes that something was not carried, in the ledger and for the summary.
// A ledger that cannot take it fails the next Put as well, where it is seen.
func (s *service) fail(ctx context.Context, kind, sourceSID, targetSID string, err error) {
	line := FailureLine{Kind: kind, SourceSID: sourceSID, TargetSID: targetSID, Reason: err.Error(), Hint: HintOf(err)}
	s.mu.Lock()
	s.failures = append(s.failures, line)
	s.mu.Unlock()
	s.event(Warning, "not carried", "kind", kind, "source", sourceSID, "target", targetSID, KeyReason, err.Error())
	_ = s.Ledger.PutFailure(context.WithoutCancel(ctx), Failure{
		Kind: kind, SourceSID: sourceSID, ServiceSID: s.source.SID, TargetSID: targetSID,
		Reason: line.Reason, Hint: line.Hint, At: time.Now(),
	})
}

// clearFailure forgets what an earlier run said about a resource.
func (s *service) clearFailure(ctx context.Context, sourceSID string) error {
	return fatal(s.Ledger.ClearFailures(ctx, sourceSID))
}
