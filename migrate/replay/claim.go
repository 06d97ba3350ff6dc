package replay

import (
	"context"
	"encoding/json"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// claim makes the target service ours to write into, before anything else is read
// of it. made says that it was made, or found, in this run: then another run may
// have made one for the same source at the same moment.
func (s *service) claim(ctx context.Context, made bool, name string) error {
	if made { // a pause now would leave it to whoever comes next, and unclaimed
		ctx = migrate.WithPause(ctx, nil)
	}
	err := s.claims.Take(ctx, s.target, s.source.SID, func(notifications json.RawMessage) error { return s.inherit(ctx, notifications) })
	if err != nil || !made {
		return err
	}
	err = s.claims.Alone(ctx, conversations.Service{SID: s.target, FriendlyName: name})
	if err != nil && migrate.KindOf(err) == migrate.Conflict {
		if failed := s.yield(ctx, "another run made one at the same moment"); failed != nil {
			return failed
		}
	}
	return err
}

// yield takes our service away, for a reason, such as that another run made one too. It
// was made by this run, and nothing is in it yet but the claim. One that was adopted
// has a history.
func (s *service) yield(ctx context.Context, why string) error {
	if !s.record.Created || s.record.Adopted || s.claims.Err() != nil {
		return nil
	}
	for range 2 { // one reading may end early
		for _, err := range s.Target.Conversations(ctx, s.target) {
			return err // not empty, or not known to be
		}
	}
	// Forgotten first: a ledger that knows a service which is gone could not go on.
	if err := s.Ledger.ForgetService(ctx, s.source.SID); err != nil {
		return err
	}
	if err := s.Target.DeleteService(ctx, s.target); err != nil {
		return err
	}
	s.event(migrate.Notice, "removed our empty service: "+why, migrate.KeyService, s.target)
	return nil
}

// inherit notes the push notifications that a run with another ledger left off, so
// that this one gives them back at its end.
func (s *service) inherit(ctx context.Context, notifications json.RawMessage) error {
	if len(s.record.Saved) > 0 {
		return nil
	}
	s.record.Saved, s.record.Stage = notifications, migrate.Open
	s.event(migrate.Notice, "an earlier run left push notifications off: they come back on when the service is done", migrate.KeyService, s.target)
	return s.Ledger.PutService(ctx, s.record)
}
