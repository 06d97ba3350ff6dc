package undo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/forget"
	"chatbridge/migrate/origin"
)

var errNotInLedger = errors.New("the ledger does not know it")

// conversations decides about every conversation, as many beside each other as
// lanes would run.
func (s *undoneService) conversations(ctx context.Context) error {
	listed := func(ctx context.Context) iter.Seq2[migrate.ChannelRecord, error] {
		return s.Ledger.Channels(ctx, s.record.SourceSID)
	}
	return drain.Each(ctx, s.set.Concurrency, listed, func(rec migrate.ChannelRecord) drain.Job {
		if rec.TargetSID == "" {
			return nil
		}
		s.tally.Expect(migrate.KindChannels, 1)
		return func(ctx context.Context) error { return s.conversation(ctx, rec) }
	})
}

func (s *undoneService) conversation(ctx context.Context, rec migrate.ChannelRecord) error {
	r := Removal{Kind: migrate.KindChannels, SourceSID: rec.SourceSID, TargetSID: rec.TargetSID, Name: rec.FriendlyName, Messages: rec.Messages, Fate: Delete}
	ctx, err := s.looking(ctx)
	if err != nil {
		return err
	}
	gone, reason, err := s.examine(ctx, rec)
	if err != nil {
		return err
	}
	if gone {
		r.Fate = Gone
	}
	if reason != "" {
		r.Fate, r.Reason = Keep, reason
		s.report(r)
		return nil
	}
	if r.Files, r.FileBytes, err = s.files(ctx, rec); err != nil {
		return err
	}
	goes, err := s.act(ctx, r,
		func() error {
			if err := s.leave(ctx, rec); err != nil {
				return err
			}
			return s.Write.DeleteConversation(ctx, s.record.TargetSID, rec.TargetSID)
		},
		func() error {
			_, err := forget.Channel(context.WithoutCancel(ctx), s.Record, rec)
			return err
		})
	if goes {
		s.mark(s.going, rec.TargetSID)
	}
	return err
}

// files counts those of the messages that arrived.
func (s *undoneService) files(ctx context.Context, rec migrate.ChannelRecord) (n, bytes int64, err error) {
	for f, err := range s.Ledger.Files(ctx, rec.SourceSID) {
		if err != nil {
			return 0, 0, err
		}
		m, ok, err := s.Ledger.AtOrBelow(ctx, rec.SourceSID, f.SourceIndex)
		if err != nil {
			return 0, 0, err
		}
		if ok && m.SourceIndex == f.SourceIndex {
			n, bytes = n+1, bytes+f.Size
		}
	}
	return n, bytes, nil
}

// leave has the ledger know that a conversation is about to go, in a way that survives a
// crash: a lane that is done would not look whether it is there.
func (s *undoneService) leave(ctx context.Context, rec migrate.ChannelRecord) error {
	rec.Stage = migrate.Leaving
	if err := s.Record.PutChannel(ctx, rec); err != nil {
		return migrate.Fatal(err)
	}
	return migrate.Fatal(s.Record.Sync(ctx))
}

// examine looks at a conversation and says why it is kept; nothing where it
// goes.
func (s *undoneService) examine(ctx context.Context, rec migrate.ChannelRecord) (gone bool, reason string, err error) {
	if s.gone {
		return true, "", nil
	}
	have, err := s.Target.Conversation(ctx, s.record.TargetSID, rec.TargetSID)
	switch {
	case err != nil && migrate.KindOf(err) == migrate.NotFound:
		return true, "", nil
	case err != nil:
		return false, "", err
	case rec.TargetSID == rec.SourceSID:
		return false, "it is the channel itself", nil
	case rec.Adopted && !s.own():
		return false, "it was found in the target, not created with this ledger", nil
	}
	stamp, stamped := mapping.ReadStamp(have.Attributes)
	if !stamped || stamp.SID != rec.SourceSID {
		return false, "it does not bear the stamp of its channel (any more)", nil
	}
	for _, look := range []func(context.Context, migrate.ChannelRecord) (string, error){s.foreignMessage, s.foreignParticipant} {
		if reason, err := look(ctx, rec); err != nil || reason != "" {
			return false, reason, err
		}
	}
	return false, changed(rec, have), nil
}

// changed compares the date that the migration left: any write moves it.
func changed(rec migrate.ChannelRecord, have conversations.Conversation) string {
	finished := rec.Stage == migrate.Done || rec.Stage == migrate.Leaving
	if finished && !rec.DateUpdated.IsZero() && !have.DateUpdated.Equal(rec.DateUpdated.UTC().Truncate(time.Second)) {
		return "it was changed since, at " + have.DateUpdated.Format(time.RFC3339)
	}
	return ""
}

// foreignMessage holds the messages of a conversation against the ledger, and
// names the first one that is not ours, or that is not there any more. What was
// sent twice without an answer is ours both times.
func (s *undoneService) foreignMessage(ctx context.Context, rec migrate.ChannelRecord) (reason string, err error) {
	doubts, err := s.Ledger.Doubts(ctx, rec.SourceSID)
	if err != nil {
		return "", migrate.Fatal(err)
	}
	k := origin.Knowledge{Birth: origin.BornAt(rec.BornAt), Partial: true}
	for _, d := range doubts {
		k.Doubts = append(k.Doubts, origin.Doubt{SourceIndex: d.SourceIndex, After: d.After, Sends: d.Sends})
	}
	others := map[string]bool{}
	k.Confirmed = func(yield func(origin.Confirmed, error) bool) {
		for m, err := range s.Ledger.Messages(ctx, rec.SourceSID, migrate.All) {
			if m.Others {
				others[m.TargetSID] = true
			}
			c := origin.Confirmed{SourceIndex: m.SourceIndex, TargetIndex: m.TargetIndex, SourceSID: m.SourceSID, TargetSID: m.TargetSID}
			if !yield(c, migrate.Fatal(err)) || err != nil {
				return
			}
		}
	}
	there := func(yield func(origin.Have, error) bool) {
		for m, err := range s.Target.Messages(ctx, s.record.TargetSID, rec.TargetSID, false) {
			if !yield(origin.HaveOf(m), err) || err != nil {
				return
			}
		}
	}
	_, err = origin.Read(nil, there, k, func(v origin.Verdict) error {
		switch {
		case v.Kind == origin.Known && !others[v.TargetSID], v.Kind == origin.CopyOf:
			return nil
		case v.Kind == origin.Deleted:
			reason = fmt.Sprintf("message %s was deleted since", v.TargetSID)
		case rec.Stage != migrate.Done && !others[v.TargetSID]:
			reason = fmt.Sprintf("message %s is not in the ledger; to find out whose it is: chatbridge migrate", v.TargetSID)
		default:
			reason = fmt.Sprintf("message %s was written by somebody else", v.TargetSID)
		}
		return errForeign
	})
	if errors.Is(err, errForeign) {
		err = nil
	}
	return reason, err
}

// errForeign ends a reading at the first message that is not ours.
var errForeign = errors.New("not ours")

func (s *undoneService) foreignParticipant(ctx context.Context, rec migrate.ChannelRecord) (string, error) {
	known := map[string]bool{}
	for m, err := range s.Ledger.Entities(ctx, migrate.MemberEntity, rec.SourceSID) {
		if err != nil {
			return "", migrate.Fatal(err)
		}
		known[m.TargetSID] = true
	}
	for p, err := range s.Target.Participants(ctx, s.record.TargetSID, rec.TargetSID) {
		if err != nil {
			return "", err
		}
		if !known[p.SID] {
			return fmt.Sprintf("participant %s was added by somebody else", p.SID), nil
		}
		delete(known, p.SID)
	}
	for sid := range known {
		return fmt.Sprintf("participant %s left since", sid), nil
	}
	return "", nil
}
