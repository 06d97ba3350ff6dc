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
	r := Removal{Kind: migrate.KindChannels, SourceSID: rec.SourceSID, TargetSID: rec.TargetSID, Fate: Delete}
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
	goes, err := s.act(ctx, r,
		func() error { return s.Write.DeleteConversation(ctx, s.record.TargetSID, rec.TargetSID) },
		func() error { return s.forgetChannel(context.WithoutCancel(ctx), rec) })
	if goes {
		s.mark(s.going, rec.TargetSID)
	}
	return err
}

// forgetChannel leaves of a channel what a plan would put. Its own record comes
// last: while it names a conversation, an undo looks again.
func (s *undoneService) forgetChannel(ctx context.Context, rec migrate.ChannelRecord) error {
	for m, err := range s.Ledger.Entities(ctx, migrate.MemberEntity, rec.SourceSID) {
		if err == nil {
			err = s.Record.ForgetEntity(ctx, migrate.MemberEntity, m.SourceSID)
		}
		if err != nil {
			return err
		}
	}
	if err := s.Record.ForgetMessages(ctx, rec.SourceSID, migrate.All); err != nil {
		return err
	}
	rec.TargetSID, rec.Stage, rec.Adopted, rec.Messages, rec.Members = "", migrate.Planned, false, 0, 0
	return s.Record.PutChannel(ctx, rec)
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
	case rec.Adopted:
		return false, "it was found in the target, and not created with this ledger", nil
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
	if rec.Stage == migrate.Done && !rec.DateUpdated.IsZero() && !have.DateUpdated.Equal(rec.DateUpdated.UTC().Truncate(time.Second)) {
		return "it was changed since, at " + have.DateUpdated.Format(time.RFC3339)
	}
	return ""
}

// foreignMessage holds the messages of a conversation against the ledger, in
// one pass over both.
func (s *undoneService) foreignMessage(ctx context.Context, rec migrate.ChannelRecord) (string, error) {
	next, stop := iter.Pull2(s.Ledger.Messages(ctx, rec.SourceSID, migrate.All))
	defer stop()
	known, err, more := next()
	for have, readErr := range s.Target.Messages(ctx, s.record.TargetSID, rec.TargetSID, false) {
		switch {
		case readErr != nil:
			return "", readErr
		case err != nil:
			return "", migrate.Fatal(err)
		case more && known.TargetSID == have.SID && !known.Others:
			known, err, more = next()
		case more && known.TargetIndex < have.Index && known.TargetSID != have.SID:
			return missingMessage(known), nil
		case rec.Stage != migrate.Done:
			return fmt.Sprintf("message %s is not in the ledger; chatbridge migrate would tell whose it is", have.SID), nil
		default:
			return fmt.Sprintf("message %s was written by somebody else", have.SID), nil
		}
	}
	if err != nil {
		return "", migrate.Fatal(err)
	}
	if more {
		return missingMessage(known), nil
	}
	return "", nil
}

func missingMessage(m migrate.MessageRecord) string {
	return fmt.Sprintf("message %s was deleted since", m.TargetSID)
}

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
