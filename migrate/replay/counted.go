package replay

import (
	"context"

	"chatbridge/migrate"
)

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
