package replay

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
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

// strays removes messages that were sent under a lease which was another's when they
// were answered. A channel that is not done is looked at by the lane that goes on.
func (s *service) strays(ctx context.Context) error {
	ledger, shared := s.Ledger.(migrate.Leased)
	if !shared {
		return nil
	}
	all, err := ledger.Strays(ctx)
	if err != nil {
		return migrate.Fatal(err)
	}
	for _, one := range all {
		if one.TargetService != s.target {
			continue
		}
		if one.Conversation == "" {
			s.stamps.spare.Store(true)
			if time.Since(one.At) <= doubtKept {
				continue
			}
			if err := ledger.ForgetStray(ctx, one); err != nil {
				return migrate.Fatal(err)
			}
			continue
		}
		of, err := ledger.Lookup(ctx, one.Conversation)
		if err != nil {
			return migrate.Fatal(err)
		}
		if len(of) == 0 {
			continue
		}
		rec, _, err := ledger.Channel(ctx, of[0].SourceSID)
		if err != nil {
			return migrate.Fatal(err)
		}
		if rec.ServiceSID != s.source.SID || rec.Stage != migrate.Done {
			continue
		}
		channel, err := s.Source.Channel(ctx, s.source.SID, rec.SourceSID)
		if err != nil && migrate.KindOf(err) == migrate.NotFound {
			// Deleted in the source since: its conversation stays, without the stray.
			channel, err = chat.Channel{SID: rec.SourceSID, ServiceSID: rec.ServiceSID, DateUpdated: chat.Time{Time: rec.DateUpdated}}, nil
		}
		if err == nil {
			_, err = lanes(ctx, s.job(channel, rec), s.sheet.Begin(), func(l *lane, ctx context.Context) error { return l.removeStray(ctx, ledger, one) })
		}
		if err != nil && migrate.EndsRun(ctx, err) {
			return err
		}
		if err != nil {
			s.failNamed(ctx, migrate.KindChannels, rec.SourceSID, rec.TargetSID, rec.FriendlyName, err)
			s.unfinished.Add(1)
		}
	}
	return nil
}

// noteLost notes that a process was lost which may have been about to create a
// conversation.
func (s *service) noteLost(ctx context.Context) error {
	ledger, shared := s.Ledger.(migrate.Leased)
	if !shared || s.fresh || !ledger.Lease().Before().Expired {
		return nil
	}
	return migrate.Fatal(ledger.PutStray(ctx, migrate.Stray{TargetService: s.target, At: time.Now().UTC().Truncate(time.Second)}))
}

// removeStray removes one, unless a lane found it in its place meanwhile: then it is in
// the ledger, and stays.
func (l *lane) removeStray(ctx context.Context, ledger migrate.Leased, one migrate.Stray) error {
	if err := l.recall(ctx); err != nil {
		return err
	}
	arrived, err := ledger.Lookup(ctx, one.Message)
	if err != nil {
		return migrate.Fatal(err)
	}
	there, err := l.fetch(ctx, one.Message)
	if err != nil {
		return err
	}
	if len(arrived) == 0 {
		if err := l.Neighbours.Mute(ctx); err != nil {
			return err
		}
		if there != nil {
			if err := l.proceed(ctx); err != nil {
				return err
			}
			if err := l.Target.DeleteMessage(ctx, l.TargetService, one.Conversation, one.Message); err != nil {
				return err
			}
			l.event(migrate.Notice, "removed a message that was sent when another process had the ledger", migrate.KeyConversation, one.Conversation, "message", one.Message)
		}
		// Whoever deleted it moved the date, such as a run that could not put that back.
		l.wrote = true
		if err := l.dates(ctx); err != nil && (there != nil || migrate.KindOf(err) != migrate.NotFound) {
			return err // without a conversation there is no date either
		}
	}
	return migrate.Fatal(ledger.ForgetStray(ctx, one))
}
