package replay

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// bindings says which devices will have to register again. Nothing can make a binding
// but the device itself.
func (s *service) bindings(ctx context.Context) error {
	withheld := func() { s.findings.Add(s.set.Mapper.NotShown(migrate.KindBindings, s.source.SID, "")) }
	for b, err := range migrate.UnlessWithheld(s.Source.Bindings(ctx, s.source.SID), withheld) {
		if migrate.Unreadable(err) {
			s.fail(ctx, migrate.KindBindings, s.source.SID, s.target, err)
			return nil
		}
		if err != nil {
			return err
		}
		s.tally.Expect(migrate.KindBindings, 1)
		s.tally.Seen(migrate.KindBindings, 1)
		s.tally.Skipped(migrate.KindBindings, 1)
		s.findings.Add(s.set.Mapper.Binding(b))
	}
	return nil
}

// webhooks brings the webhooks of channels over, as the last thing that a run writes:
// nothing that the replay does may call one. Those of a service whose channels are not
// all done wait for a later run, as its own webhooks do.
func (s *service) webhooks(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(migrate.GateAtOnce)
	for sid := range s.channels.All() {
		g.Go(func() error { return migrate.Quietly(s.webhooksOf(gctx, sid)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.proceed(ctx)
}

// wantedWebhook is a webhook of a channel and what it should become.
type wantedWebhook struct {
	sid  string
	want conversations.ConversationWebhook
}

func (s *service) webhooksOf(ctx context.Context, channelSID string) error {
	var wanted []wantedWebhook
	withheld := func() { s.findings.Add(s.set.Mapper.NotShown(migrate.KindWebhooks, channelSID, channelSID)) }
	for w, err := range migrate.UnlessWithheld(s.Source.Webhooks(ctx, s.source.SID, channelSID), withheld) {
		switch {
		case migrate.KindOf(err) == migrate.NotFound && err != nil:
			return nil // the channel was deleted since; the next pass says so
		case migrate.Unreadable(err):
			sid := channelSID
			if odd, ok := errors.AsType[*chat.Unreadable](err); ok && odd.SID != "" {
				sid = odd.SID
			}
			s.fail(ctx, migrate.KindWebhooks, sid, "", err)
			return nil
		case err != nil:
			return err
		}
		s.tally.Expect(migrate.KindWebhooks, 1)
		s.tally.Seen(migrate.KindWebhooks, 1)
		want, carried, found := s.set.Mapper.ChannelWebhook(w)
		s.findings.Add(found)
		if !carried {
			s.tally.Skipped(migrate.KindWebhooks, 1)
			continue
		}
		wanted = append(wanted, wantedWebhook{w.SID, want})
	}
	if len(wanted) == 0 {
		return nil
	}
	rec, known, err := s.Ledger.Channel(ctx, channelSID)
	if err != nil {
		return migrate.Fatal(err)
	}
	if !known || rec.Stage != migrate.Done || s.record.Stage != migrate.Done {
		s.event(migrate.Notice, "webhooks of the channel are made when the whole service is done", migrate.KeyChannel, channelSID)
		return nil
	}
	return s.makeWebhooks(ctx, rec.TargetSID, wanted)
}

// makeWebhooks makes those that the conversation does not have yet. A create has no
// natural key, so what is there is looked at before each, and after one without an
// answer once more when it must have landed.
func (s *service) makeWebhooks(ctx context.Context, conversation string, wanted []wantedWebhook) error {
	for i, sends := 0, 0; i < len(wanted); {
		if err := s.proceed(ctx); err != nil {
			return err
		}
		one := wanted[i]
		there, err := s.isThere(ctx, conversation, wanted[:i+1])
		if err == nil && !there {
			if sends++; sends > attempts {
				err = &migrate.Error{Op: "create webhook", Kind: migrate.Unavailable, SID: one.sid, Err: errNoAnswer}
			} else {
				err = s.makeWebhook(ctx, conversation, one.want)
			}
		}
		kind := migrate.KindOf(err)
		switch {
		case err == nil && (there || sends > 0):
			if err := s.clearFailure(ctx, one.sid); err != nil {
				return err
			}
			if sends > 0 {
				s.tally.Written(migrate.KindWebhooks, 1)
			} else {
				s.tally.Existing(migrate.KindWebhooks, 1)
			}
		case kind == migrate.InDoubt:
			if err := s.wait(ctx, s.set.Settle); err != nil {
				return err
			}
			continue
		case kind == migrate.Contended:
			continue
		case migrate.EndsRun(ctx, err):
			return err
		default:
			s.fail(ctx, migrate.KindWebhooks, one.sid, conversation, err)
			s.tally.Failed(migrate.KindWebhooks, 1)
		}
		i, sends = i+1, 0
	}
	return nil
}

// isThere reports whether a conversation has the last of the webhooks that are wanted,
// apart from those before it.
func (s *service) isThere(ctx context.Context, conversation string, wanted []wantedWebhook) (bool, error) {
	last := wanted[len(wanted)-1].want
	same := func(w wantedWebhook) bool { return mapping.SameWebhook(w.want, last) }
	need := 0
	for _, w := range wanted {
		if same(w) {
			need++
		}
	}
	for have, err := range s.Target.Webhooks(ctx, s.target, conversation) {
		if err != nil {
			return false, err
		}
		if mapping.SameWebhook(last, have) {
			need--
		}
	}
	return need <= 0, nil
}

func (s *service) makeWebhook(ctx context.Context, conversation string, want conversations.ConversationWebhook) error {
	made, err := s.Target.AppendWebhook(ctx, s.target, conversation, want)
	if err == nil && !mapping.SameWebhook(want, made) {
		return &migrate.Error{
			Op: "create webhook", Kind: migrate.Refused, SID: made.SID, Err: errors.New("the target did not store it as it was sent"),
			Hint: "look at it in the Twilio Console, or delete it there and run again",
		}
	}
	return err
}
