package verify

import (
	"context"
	"encoding/json"

	"chatbridge/migrate"
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
	seen, found, err := claim.Look(ctx, s.Target, s.target)
	if err != nil || !found || !seen.Live(s.set.Settle) {
		return err
	}
	s.tally.Observer.Event(migrate.Event{
		Level: migrate.Warning, Message: "a run is at work in the service: what is missing may be on its way",
		Fields: []any{migrate.KeyService, s.target, "run", seen.Who()},
	})
	return nil
}
