package migrate

import (
	"context"
	"iter"

	"chatbridge/mapping/chat"
)

// Members yields every member, and says of each whether they are dormant by
// Scope.ActiveSince. Who has not read since then may still have written: the
// channel's messages are listed for that, the newest first, until everybody in
// question was found. Dates can be set by whoever writes, so that one older
// message does not end the search.
func (s *scoped) Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error] {
	all := s.Source.Members(ctx, serviceSID, channelSID)
	if s.scope.ActiveSince.IsZero() {
		return all
	}
	return func(yield func(chat.Member, error) bool) {
		var members []chat.Member
		quiet := map[string]bool{} // have not read since, by identity
		var failed error
		for m, err := range all {
			if failed = err; err != nil {
				break
			}
			members = append(members, m)
			if m.LastConsumptionTimestamp.Before(s.scope.ActiveSince) {
				quiet[m.Identity] = true
			}
		}
		if failed == nil {
			failed = s.dropWriters(ctx, serviceSID, channelSID, quiet)
		}
		if failed != nil {
			yield(chat.Member{}, failed)
			return
		}
		for _, m := range members {
			m.Dormant = quiet[m.Identity]
			if !yield(m, nil) {
				return
			}
		}
	}
}

// dropWriters takes those out of quiet who have written since.
func (s *scoped) dropWriters(ctx context.Context, serviceSID, channelSID string, quiet map[string]bool) error {
	if len(quiet) == 0 {
		return nil
	}
	for m, err := range s.Source.Messages(ctx, serviceSID, channelSID, Span{After: All, NewestFirst: true, Listed: true}) {
		if err != nil {
			return err
		}
		if !m.DateCreated.Before(s.scope.ActiveSince) {
			delete(quiet, m.From)
		}
		if len(quiet) == 0 {
			return nil
		}
	}
	return nil
}
