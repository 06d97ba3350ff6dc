package replay

import (
	"cmp"
	"context"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/pace"
)

// Bring is a [migrate.BringTail]: it runs the lane of a channel for its messages
// alone. It looks at both sides until two readings agree before it writes. Of j
// it takes what the tail does not say. If j has no ledger, empty opens one for
// each channel.
func Bring(j Job, empty func(context.Context) (migrate.Ledger, error)) migrate.BringTail {
	return func(ctx context.Context, t migrate.Tail) (err error) {
		j := j
		j.Service, j.Channel, j.Roles = t.Service, t.Channel, t.Roles
		j.Target, j.TargetService = t.Target, t.TargetService
		j.Neighbours = bringing{t}
		if j.Ledger == nil {
			if j.Ledger, err = empty(ctx); err != nil {
				return err
			}
			defer func() { err = cmp.Or(err, j.Ledger.Close()) }()
		}
		rec, known, err := j.Ledger.Channel(ctx, t.Channel.SID)
		if err != nil {
			return err
		}
		if !known || rec.TargetSID != t.Conversation {
			rec = migrate.ChannelRecord{
				SourceSID: t.Channel.SID, ServiceSID: t.Service.SID, TargetSID: t.Conversation,
				FriendlyName: mapping.Readable(cmp.Or(t.Channel.FriendlyName, t.Channel.UniqueName)), Stage: migrate.Open, Adopted: true,
			}
		}
		if rec.BornAt.IsZero() {
			if rec.BornAt, err = (bringing{t}).Born(ctx); err != nil {
				return err
			}
		}
		j.Record = rec
		_, err = lanes(ctx, j, pace.NewLanes().Begin(), (*lane).bring)
		return err
	}
}

// bring takes the messages through what is left of their stages.
func (l *lane) bring(ctx context.Context) error {
	if err := l.recall(ctx); err != nil {
		return err
	}
	was := l.Record.Stage
	l.unsure = true
	if err := l.messages(ctx); err != nil {
		return err
	}
	if err := l.readBack(ctx); err != nil {
		return err
	}
	if err := l.dates(ctx); err != nil {
		return err
	}
	if was == migrate.Done {
		return l.advance(ctx, migrate.Done)
	}
	return nil
}

// bringing is what a lane that brings messages alone has of its neighbours: it
// makes no conversation and no user.
type bringing struct{ migrate.Tail }

func (b bringing) EnsureUser(context.Context, string) error { return nil }

func (b bringing) Mute(ctx context.Context) error { return b.Tail.Mute(ctx) }

func (b bringing) Turn(context.Context, string) (func(), error) { return func() {}, nil }

func (b bringing) Reserve(string, string) error { return nil }

func (b bringing) Candidates(context.Context, string, conversations.Conversation) ([]conversations.Conversation, error) {
	return nil, nil
}

func (b bringing) CandidatesNow(context.Context, string, conversations.Conversation) ([]conversations.Conversation, error) {
	return nil, nil
}

func (b bringing) Born(ctx context.Context) (time.Time, error) {
	if !b.Tail.Born.IsZero() {
		return b.Tail.Born, nil
	}
	return bornAt(ctx, b.Target, b.TargetService)
}

func (b bringing) Spare() {}
