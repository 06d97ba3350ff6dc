package undo

import (
	"context"
	"fmt"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/owner"
)

// lateServices names what a create without an answer may have made once more. It is
// not deleted: no evidence tells it from one that a person made, with that name and
// with nothing in it yet.
func (s *undoneService) lateServices(ctx context.Context) error {
	late, sure, err := owner.LateServices(ctx, s.Target, s.Ledger, s.record)
	if err != nil {
		return err
	}
	for _, t := range late {
		reason, err := s.used(ctx, t)
		switch {
		case err != nil:
			return err
		case reason == "" && !sure:
			reason = fmt.Sprintf("somebody else may have too, because there are %d of that name", len(late))
		case reason == "":
			reason = "nothing is in it; if nobody needs it, delete it in the Twilio Console"
		}
		s.report(Removal{
			Kind: migrate.KindServices, Fate: Keep, SourceSID: s.record.SourceSID, TargetSID: t.SID, Name: t.FriendlyName,
			Reason: "an unanswered create may have made it: " + reason,
		})
	}
	return nil
}

// used says what is in a service that it was not made with; nothing if nothing is.
func (s *undoneService) used(ctx context.Context, t conversations.Service) (string, error) {
	for c, err := range s.Target.Conversations(ctx, t.SID) {
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("conversation %s is in it", c.SID), nil
	}
	for u, err := range s.Target.Users(ctx, t.SID) {
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("user %s is in it", u.SID), nil
	}
	for r, err := range s.Target.Roles(ctx, t.SID) {
		if err != nil {
			return "", err
		}
		if !r.DateCreated.Before(t.DateCreated.Add(bornWithin)) {
			return fmt.Sprintf("role %s is in it, which somebody added", r.SID), nil
		}
	}
	have, err := s.Target.Configuration(ctx, t.SID)
	if err != nil {
		return "", err
	}
	if !have.Webhooks.Off() || !have.Notifications.Off() || have.ReachabilityEnabled {
		return "somebody has set it up", nil
	}
	return "", nil
}
