package replay

import (
	"context"
	"errors"
	"sync/atomic"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// stamps finds conversations again that this migration made: after a crash,
// after a create that nobody confirmed, and for a ledger that was lost.
type stamps struct {
	service *service

	latch   drain.Latch
	listed  bool
	there   map[string][]string // recognition key to target SIDs, of conversations that no channel has yet
	inDoubt atomic.Bool         // a create of this run is in doubt
}

// claim returns the conversation that was made for a channel earlier, if there
// is one, and reserves it. The target is listed once, by the first lane that
// asks.
func (t *stamps) claim(ctx context.Context, channelSID string, want conversations.Conversation) (string, error) {
	if err := t.latch.Lock(ctx); err != nil {
		return "", err
	}
	defer t.latch.Unlock()
	s := t.service
	if s.fresh {
		return "", nil
	}
	if !t.listed {
		if err := t.list(ctx); err != nil {
			return "", err
		}
	}
	for _, sid := range t.there[mapping.Recognition(want)] {
		if s.reserved.reserve(sid, channelSID) == nil {
			return sid, nil
		}
	}
	return "", nil
}

func (t *stamps) list(ctx context.Context) error {
	s := t.service
	if err := s.waitSettled(ctx); err != nil {
		return err
	}
	taken, err := t.taken(ctx)
	if err != nil {
		return err
	}
	t.there = map[string][]string{}
	for c, err := range s.Target.Conversations(ctx, s.target) {
		if err != nil {
			return err
		}
		if !taken[c.SID] {
			key := mapping.Recognition(c)
			t.there[key] = append(t.there[key], c.SID)
		}
	}
	t.listed = true
	return nil
}

// taken are the conversations that the ledger has for a channel, of any service
// that shares the target.
func (t *stamps) taken(ctx context.Context) (map[string]bool, error) {
	s := t.service
	all, err := s.Ledger.Services(ctx)
	if err != nil {
		return nil, migrate.Fatal(err)
	}
	taken := map[string]bool{}
	for _, rec := range all {
		if rec.TargetSID != s.target {
			continue
		}
		for c, err := range s.Ledger.Channels(ctx, rec.SourceSID) {
			if err != nil {
				return nil, migrate.Fatal(err)
			}
			if c.TargetSID != "" {
				taken[c.TargetSID] = true
			}
		}
	}
	return taken, nil
}

// search looks for a conversation whose creation was not confirmed, and reserves
// it.
func (t *stamps) search(ctx context.Context, channelSID string, want conversations.Conversation) (string, error) {
	t.inDoubt.Store(true)
	s := t.service
	taken, err := t.taken(ctx)
	if err != nil {
		return "", err
	}
	key := mapping.Recognition(want)
	ours := func(c conversations.Conversation) bool {
		return mapping.Recognition(c) == key && !taken[c.SID] && s.reserved.reserve(c.SID, channelSID) == nil
	}
	if want.UniqueName != "" {
		c, err := s.Target.Conversation(ctx, s.target, want.UniqueName)
		switch {
		case err != nil && migrate.KindOf(err) == migrate.NotFound:
			return "", nil
		case err != nil:
			return "", err
		case !ours(c):
			return "", nameTaken(want, c.SID)
		}
		return c.SID, nil
	}
	for c, err := range s.Target.Conversations(ctx, s.target) {
		if err != nil {
			return "", err
		}
		if ours(c) {
			return c.SID, nil
		}
	}
	return "", nil
}

func nameTaken(want conversations.Conversation, sid string) error {
	return &migrate.Error{
		Op: "create conversation", Kind: migrate.Refused, SID: sid, Code: migrate.CodeUniqueNameExists,
		Err:  errors.New("the unique name " + want.UniqueName + " is taken by a conversation of somebody else"),
		Hint: "rename that conversation, or migrate into a new service (leave out --to-service)",
	}
}

// sweep removes conversations that a create without answer made after another
// had been made in its place. Only an empty one that bears the stamp of a
// channel which has its conversation already is ours to remove.
func (t *stamps) sweep(ctx context.Context) error {
	s := t.service
	if !t.inDoubt.Load() && !(s.crashed && !s.fresh && s.record.Stage != migrate.Done) {
		return nil
	}
	if err := s.waitSettled(ctx); err != nil {
		return err
	}
	taken, err := t.taken(ctx)
	if err != nil {
		return err
	}
	for c, err := range s.Target.Conversations(ctx, s.target) {
		if err != nil {
			return err
		}
		stamp, ours := mapping.ReadStamp(c.Attributes)
		if !ours || stamp.ServiceSID != s.source.SID || taken[c.SID] {
			continue
		}
		rec, known, err := s.Ledger.Channel(ctx, stamp.SID)
		if err != nil {
			return migrate.Fatal(err)
		}
		if !known || rec.TargetSID == "" {
			continue
		}
		empty, err := s.isEmpty(ctx, c.SID)
		if err != nil {
			return err
		}
		if !empty {
			s.event(migrate.Warning, "a second conversation bears the stamp of a channel, and is not empty: left alone",
				migrate.KeyChannel, stamp.SID, migrate.KeyConversation, c.SID)
			continue
		}
		if err := s.proceed(ctx); err != nil {
			return err
		}
		if err := s.Target.DeleteConversation(ctx, s.target, c.SID); err != nil {
			return err
		}
		s.event(migrate.Notice, "removed an empty conversation that a request without answer had left",
			migrate.KeyChannel, stamp.SID, migrate.KeyConversation, c.SID)
	}
	return nil
}

func (s *service) isEmpty(ctx context.Context, conversationSID string) (bool, error) {
	for _, err := range s.Target.Messages(ctx, s.target, conversationSID, true) {
		return false, err
	}
	for _, err := range s.Target.Participants(ctx, s.target, conversationSID) {
		return false, err
	}
	return true, nil
}
