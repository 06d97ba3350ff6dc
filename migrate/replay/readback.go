package replay

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// readBack reads the whole conversation once and holds it against the ledger:
// every confirmed message must be there, in its place. A copy of a message that
// was sent more than once is removed; what else the ledger does not know was
// written by somebody else and stays.
//
// A message that this lane wrote and that is not shown may be late in the list,
// so there is a second reading. What is still not shown is asked for by its SID:
// only then is it known to be deleted.
func (l *lane) readBack(ctx context.Context) error {
	looked, err := l.looking(ctx)
	if err != nil {
		return err
	}
	seen, err := l.readWhole(looked)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(seen.deleted, func(r migrate.MessageRecord) bool { return r.SourceIndex > l.before }) {
		if err := l.settle(ctx); err != nil {
			return err
		}
		again, err := l.readWhole(looked)
		if err != nil {
			return err
		}
		seen = again.carry(seen)
	}
	l.tell(seen)
	if seen.otherwise.SID != "" {
		if _, err := l.meets(mapping.StoredOtherwise, seen.otherwise); err != nil {
			return err
		}
	}
	if err := l.removeCopies(ctx, seen); err != nil {
		return err
	}
	if err := l.bringUpToDate(ctx, seen); err != nil {
		return err
	}
	if err := l.noteHeld(ctx, seen); err != nil {
		return err
	}
	for _, index := range seen.landed {
		if err := l.found(ctx, index); err != nil {
			return err
		}
	}
	for _, r := range seen.deleted {
		if err := l.isGone(ctx, r); err != nil {
			return err
		}
	}
	if seen.full {
		return l.readBack(ctx)
	}
	l.Record.Alone = !seen.strange
	return nil
}

// readWhole holds the conversation against the ledger. Of the source it needs
// what is in doubt, and all if REST wrote something that the ledger does not have:
// only then can a copy be told from another message, such as the twin of what is in
// doubt.
func (l *lane) readWhole(ctx context.Context) (*look, error) {
	seen, err := l.readPartly(ctx)
	if err != nil || !seen.past && len(seen.Copies) == 0 {
		return seen, err
	}
	whole, err := l.compare(ctx, newestOfAll, l.wantsAfter(ctx, migrate.All), l.Target.Messages(ctx, l.TargetService, l.Record.TargetSID, false), origin.Knowledge{
		Birth: l.birth, Doubts: l.sent(), Confirmed: l.confirmed(ctx, newestOfAll),
	})
	if err != nil {
		return nil, err
	}
	return whole.carry(seen), nil
}

func (l *lane) readPartly(ctx context.Context) (*look, error) {
	return l.compare(ctx, newestOfAll, l.wantsInDoubt(ctx), l.Target.Messages(ctx, l.TargetService, l.Record.TargetSID, false), origin.Knowledge{
		Birth: l.birth, Doubts: l.sent(), Confirmed: l.confirmed(ctx, newestOfAll), Partial: true,
	})
}

// newestOfAll is above every source index.
const newestOfAll = 1<<63 - 1

func (l *lane) wantsInDoubt(ctx context.Context) iter.Seq2[wanted, error] {
	return func(yield func(wanted, error) bool) {
		for _, d := range l.doubts {
			for w, err := range l.wantsAfter(ctx, d.SourceIndex-1) {
				if err == nil && w.Index != d.SourceIndex {
					break // deleted in the source since
				}
				if !yield(w, err) || err != nil {
					return
				}
				break
			}
		}
	}
}

// isGone reports a message that was deleted in the target, and stops the lane if
// only the list lacks it.
func (l *lane) isGone(ctx context.Context, r migrate.MessageRecord) error {
	there, err := l.fetch(ctx, r.TargetSID)
	if err != nil {
		return err
	}
	if there != nil {
		return &migrate.Error{
			Op: "read back conversation", Kind: migrate.Unavailable, SID: l.Record.TargetSID,
			Err:  fmt.Errorf("message %s (source %s) exists, but the list of messages does not show it: %w", r.TargetSID, r.SourceSID, migrate.ErrShort),
			Hint: "run the same command again to resume",
		}
	}
	known, _, err := l.Ledger.AtOrBelow(ctx, l.Channel.SID, r.SourceIndex)
	if err != nil {
		return migrate.Fatal(err)
	}
	known.Gone = true
	if err := l.Ledger.PutMessage(ctx, l.Channel.SID, known); err != nil {
		return migrate.Fatal(err)
	}
	_, err = l.meets(mapping.MessageDeleted, mapping.Meeting{
		SID: r.SourceSID, ChannelSID: l.Channel.SID, Detail: "it was " + r.TargetSID + " in " + l.Record.TargetSID,
	})
	return err
}
