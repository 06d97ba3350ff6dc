package verify

import (
	"context"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/owner"
)

// lateServices reports what a create without an answer made once more, after the
// ledger had another service for its source.
func (s *verifiedService) lateServices(ctx context.Context) error {
	if s.Ledger == nil || s.set.ToService != "" {
		return nil
	}
	rec, known, err := s.Ledger.Service(ctx, s.source.SID)
	if err != nil || !known {
		return err
	}
	rec.TargetSID = s.target // which the ledger may not know yet
	late, _, err := owner.LateServices(ctx, s.Target, s.Ledger, rec)
	if err != nil {
		return err
	}
	for _, t := range late {
		err := s.report(Difference{
			Class: Doubled, Kind: migrate.KindServices, SourceSID: s.source.SID, TargetSID: t.SID, Name: s.source.FriendlyName,
			Detail: "an unanswered create may have made it, as well as " + rec.TargetSID,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
