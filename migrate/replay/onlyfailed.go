package replay

import (
	"context"

	"chatbridge/migrate"
)

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
