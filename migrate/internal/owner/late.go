package owner

import (
	"context"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// LateServices are the services of the target that creates without an answer may
// have made beside that of rec. sure is false if there are more of them than such
// creates: then some are somebody else's, and nobody can tell which.
func LateServices(ctx context.Context, target migrate.TargetReader, ledger migrate.LedgerReader, rec migrate.ServiceRecord) (late []conversations.Service, sure bool, err error) {
	a, known, err := ledger.Attempt(ctx, migrate.ServiceEntity, rec.SourceSID)
	if err != nil {
		return nil, false, migrate.Fatal(err)
	}
	if !known || a.Unanswered == 0 {
		return nil, true, nil
	}
	name := rec.FriendlyName
	var there []conversations.Service
	for t, err := range target.Services(ctx) {
		if err != nil {
			return nil, false, err
		}
		if t.SID == rec.TargetSID {
			name = t.FriendlyName // which mapping, or the service, may have made another
		}
		if t.SID != rec.SourceSID {
			there = append(there, t)
		}
	}
	all, err := ledger.Services(ctx)
	if err != nil {
		return nil, false, migrate.Fatal(err)
	}
	bound := map[string]bool{}
	for _, b := range all {
		if b.TargetSID != "" && b.SourceSID != rec.SourceSID {
			bound[b.TargetSID] = true
		}
	}
	late = origin.LateServices(name, there, origin.Record{TargetSID: rec.TargetSID, Unanswered: true, Before: a.Before}, bound)
	return late, len(late) <= a.Unanswered, nil
}
