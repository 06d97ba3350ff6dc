package undo

import (
	"context"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// lateConversations decides about what bears the stamp of a channel of the ledger, but is
// not in it: a run created it that was killed before it could note it, or had no answer.
// In a service that the ledger made it goes, if nothing is in it. In a service that others
// use too it is named: nobody can tell whose it is.
func (s *undoneService) lateConversations(ctx context.Context) error {
	if s.gone {
		return nil
	}
	for c, err := range s.Target.Conversations(ctx, s.record.TargetSID) {
		if err == nil {
			err = s.lateConversation(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *undoneService) lateConversation(ctx context.Context, c conversations.Conversation) error {
	stamp, stamped := mapping.ReadStamp(c.Attributes)
	if !stamped || s.going[c.SID] {
		return nil
	}
	rec, known, err := s.Ledger.Channel(ctx, stamp.SID)
	if err != nil || !known || rec.ServiceSID != s.record.SourceSID || rec.TargetSID == c.SID {
		return migrate.Fatal(err)
	}
	r := Removal{
		Kind: migrate.KindChannels, SourceSID: rec.SourceSID, TargetSID: c.SID, Name: rec.FriendlyName, Fate: Delete,
		Reason: "a run that could not note it any more created it, and nothing is in it",
	}
	empty, err := s.empty(ctx, c.SID)
	switch {
	case err != nil:
		return err
	case !empty || !s.own():
		r.Fate, r.Reason = Keep, "it bears the stamp of the channel, but is not in the ledger; to find out whose it is: chatbridge migrate"
		s.report(r)
		return nil
	}
	goes, err := s.act(ctx, r,
		func() error { return s.Write.DeleteConversation(ctx, s.record.TargetSID, c.SID) },
		func() error { return nil })
	if goes {
		s.mark(s.going, c.SID)
	}
	return err
}

func (s *undoneService) empty(ctx context.Context, conversationSID string) (bool, error) {
	for _, err := range s.Target.Messages(ctx, s.record.TargetSID, conversationSID, false) {
		return false, err
	}
	for _, err := range s.Target.Participants(ctx, s.record.TargetSID, conversationSID) {
		return false, err
	}
	return true, nil
}
