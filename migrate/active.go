package migrate

import (
	"context"
	"iter"
	"time"

	"chatbridge/mapping/chat"
)

// Pass is what the ledger has of a channel that a migration read to its end.
type Pass struct {
	// Newest is the index of the last message that it saw.
	Newest int64
	// Member says whether it brought a member over, or left them out as dormant; if
	// neither, nothing is known of them.
	Member func(ctx context.Context, memberSID string) (brought, dormant bool, err error)
}

type passKey struct{}

// AfterPass returns a context in which Members looks only for what was written since
// a pass that it agrees with: with the same settings, and as many messages in the
// channel as that pass was told of before it asked for the members.
func AfterPass(ctx context.Context, p Pass) context.Context {
	return context.WithValue(ctx, passKey{}, p)
}

// Members yields every member, and says of each whether they are dormant by
// Scope.ActiveSince. Who has not read since then may still have written: the
// channel's messages are listed for that, the newest first, until everybody in
// question was found. Dates can be set by whoever writes, so that one older
// message does not end the search. A search that finds somebody dormant has read the
// list to its end, which Counted compares with what the channel says.
//
// After an earlier pass only what came since can change the answer. Who was brought
// over then stays, whatever they do. Who was left out had written nothing since the
// date; whatever they wrote later has a higher index than that pass saw, or came while
// it was at work, which moves the counts.
func (s *scoped) Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error] {
	all := s.Source.Members(ctx, serviceSID, channelSID)
	if s.scope.ActiveSince.IsZero() {
		return all
	}
	return func(yield func(chat.Member, error) bool) {
		var members []chat.Member
		w := writers{active: map[string]bool{}, quiet: map[string]bool{}}
		var failed error
		for m, err := range all {
			if failed = err; err == nil {
				members = append(members, m)
				failed = w.add(ctx, m, s.scope.ActiveSince)
			}
			if failed != nil {
				break
			}
		}
		if failed == nil {
			failed = s.dropWriters(ctx, serviceSID, channelSID, &w)
		}
		if failed != nil {
			yield(chat.Member{}, failed)
			return
		}
		for _, m := range members {
			m.Dormant = w.quiet[m.Identity]
			if !yield(m, nil) {
				return
			}
		}
	}
}

// writers are the members of a channel who may have written. Somebody who is listed
// twice is active if either record says so.
type writers struct {
	active  map[string]bool // have read since, or were brought over, by identity
	quiet   map[string]bool // have not read since
	unknown bool            // there are some of whom no earlier pass knows
}

func (w *writers) add(ctx context.Context, m chat.Member, since time.Time) error {
	active, dormant := !m.LastConsumptionTimestamp.Before(since), false
	if p, ok := ctx.Value(passKey{}).(Pass); ok && !active {
		var err error
		if active, dormant, err = p.Member(ctx, m.SID); err != nil {
			return err
		}
	}
	if active {
		w.active[m.Identity] = true
		delete(w.quiet, m.Identity)
	}
	if !w.active[m.Identity] {
		w.quiet[m.Identity] = true
		w.unknown = w.unknown || !dormant
	}
	return nil
}

// dropWriters takes those out of quiet who have written since.
func (s *scoped) dropWriters(ctx context.Context, serviceSID, channelSID string, w *writers) error {
	if len(w.quiet) == 0 {
		return nil
	}
	span := Span{After: All, NewestFirst: true, Listed: true}
	if p, ok := ctx.Value(passKey{}).(Pass); ok && !w.unknown {
		span.After = p.Newest
	}
	for m, err := range s.Source.Messages(ctx, serviceSID, channelSID, span) {
		if err != nil {
			return err
		}
		if !m.DateCreated.Before(s.scope.ActiveSince) {
			delete(w.quiet, m.From)
		}
		if len(w.quiet) == 0 {
			return nil
		}
	}
	return nil
}
