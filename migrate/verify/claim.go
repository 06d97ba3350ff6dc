package verify

import (
	"context"
	"encoding/json"

	"chatbridge/migrate/internal/claim"
)

// claim says whether a run is at work in the service. A repair that writes makes
// the service its own instead, or ends.
func (s *verifiedService) claim(ctx context.Context) error {
	if s.claims != nil {
		return s.claims.Take(ctx, s.target, s.source.SID, func(notifications json.RawMessage) error {
			return s.muted.Inherit(s.target, notifications)
		})
	}
	return claim.Tell(ctx, s.Target, s.target, s.set.Settle, s.tally.Observer, "what is missing may be on its way")
}
