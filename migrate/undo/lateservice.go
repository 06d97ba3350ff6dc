package undo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/owner"
)

// lateServices takes along what a create without an answer made once more, if
// nothing is in it. What anybody has used, or what may be somebody else's, stays and
// is named.
func (s *undoneService) lateServices(ctx context.Context) error {
	late, sure, err := owner.LateServices(ctx, s.Target, s.Ledger, s.record)
	if err != nil {
		return err
	}
	for _, t := range late {
		r := Removal{Kind: migrate.KindServices, Fate: Delete, SourceSID: s.record.SourceSID, TargetSID: t.SID}
		if r.Reason, err = s.used(ctx, t); err != nil {
			return err
		}
		if r.Reason == "" && !sure {
			r.Reason = fmt.Sprintf("so may somebody else, because there are %d of that name", len(late))
		}
		if r.Reason != "" {
			r.Fate, r.Reason = Keep, "a create without an answer may have made it: "+r.Reason
			s.report(r)
			continue
		}
		if _, err := s.act(ctx, r, func() error { return s.removeLate(ctx, t) }, func() error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// removeLate deletes a service under a claim, so that no run begins to fill it.
func (s *undoneService) removeLate(ctx context.Context, t conversations.Service) error {
	keep := func(json.RawMessage) error { return nil } // it has none: push notifications are as it was born
	if err := s.claims.Take(ctx, t.SID, s.record.SourceSID, keep); err != nil {
		return err
	}
	if reason, err := s.used(ctx, t); err != nil || reason != "" {
		return cmp.Or(err, errors.New(reason))
	}
	return s.Write.DeleteService(ctx, t.SID)
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
