package inplace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/push"
)

// adding is the state of one Additions.Run.
type adding struct {
	*Additions
	set     migrate.Settings
	tally   *count.Counters
	claims  *claim.Claims
	write   migrate.Target // through the claims
	muted   *push.Muted
	records map[string]migrate.ServiceRecord // of the services that are claimed

	added, existing, failed atomic.Int64

	mu       sync.Mutex
	failures []migrate.FailureLine
}

// whole adds people to the channels of one service after the other. A service where
// nobody is to be added is taken too if an earlier run left its push off.
func (r *adding) whole(ctx context.Context, all []ChannelAdded) error {
	selected, err := migrate.ReadServices(ctx, r.Source, r.set.Services)
	if err != nil {
		return err
	}
	for _, s := range selected {
		var channels []ChannelAdded
		for _, c := range all {
			if c.ServiceSID == s.SID {
				channels = append(channels, c)
			}
		}
		off, err := r.leftOff(ctx, s.SID)
		if err != nil {
			return err
		}
		if len(channels) == 0 && !off {
			continue
		}
		if err := r.service(ctx, s.SID, channels); err != nil {
			return err
		}
	}
	return nil
}

// leftOff reports whether the ledger, or a claim that nobody holds, says what the
// push settings of a service were.
func (r *adding) leftOff(ctx context.Context, sid string) (bool, error) {
	rec, _, err := r.Record.Service(ctx, sid)
	if err != nil {
		return false, migrate.Fatal(err)
	}
	left, found, err := claim.Look(ctx, r.Target, sid)
	return len(rec.Saved) > 0 || found && len(left.Notifications) > 0, err
}

func (r *adding) service(ctx context.Context, sid string, channels []ChannelAdded) error {
	ctx, err := drain.Signal(r.Drain).Begin(ctx)
	if err != nil {
		return err
	}
	rec, known, err := r.Record.Service(ctx, sid)
	if err != nil {
		return migrate.Fatal(err)
	}
	if !known {
		rec = migrate.ServiceRecord{SourceSID: sid, TargetSID: sid, Stage: migrate.Open}
	}
	r.records[sid] = rec
	if err := r.claims.Take(ctx, sid, sid, func(was json.RawMessage) error {
		if rec.Saved == nil {
			rec.Saved = was
		}
		r.records[sid] = rec
		return r.Record.PutService(ctx, rec)
	}); err != nil {
		return err
	}
	if err := drain.Until(ctx, r.Settled, r.tally.Observer, r.Drain); err != nil {
		return err
	}
	if len(rec.Saved) > 0 { // a run before could not give them back
		if err := r.muted.Inherit(sid, rec.Saved); err != nil {
			return migrate.Fatal(err)
		}
	}
	if len(channels) == 0 {
		return nil
	}
	if err := r.muted.Mute(ctx, sid); err != nil {
		return err
	}
	if err := r.silent(ctx, sid); err != nil {
		return err
	}
	listed := func(context.Context) iter.Seq2[ChannelAdded, error] {
		return func(yield func(ChannelAdded, error) bool) {
			for _, c := range channels {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
	return drain.Each(ctx, r.set.Concurrency, listed, func(c ChannelAdded) drain.Job {
		r.tally.Expect(migrate.KindMembers, c.People)
		return func(ctx context.Context) error { return migrate.Quietly(r.channel(ctx, c)) }
	})
}

var errChatTells = errors.New("the push settings of Chat still tell whoever is added, though those of Conversations are off")

// silent makes sure that Chat tells nobody either. That both products share their
// settings is documented nowhere.
func (r *adding) silent(ctx context.Context, sid string) error {
	for look := 0; ; look++ {
		all, err := migrate.ReadServices(ctx, r.Source, []string{sid})
		if err != nil {
			return err
		}
		added := all[0].Notifications.AddedToChannel
		if added == nil || added.Enabled == nil || !*added.Enabled {
			return nil
		}
		if look > 0 {
			return &migrate.Error{
				Op: "add people to channels of service", Kind: migrate.Refused, SID: sid, Err: errChatTells,
				Hint: "nobody was added; turn the push for added members of this Chat service off in the Twilio Console, and run the same command again",
			}
		}
		if err := drain.Signal(r.Drain).Wait(ctx, r.set.Settle); err != nil {
			return err
		}
	}
}

// channel adds people to one channel. Who is in it already, whoever added them, stays.
func (r *adding) channel(ctx context.Context, c ChannelAdded) error {
	there, err := r.there(ctx, c)
	if err != nil {
		return r.fail(ctx, c, "", c.Identities, err)
	}
	lost := 0
	for i, identity := range c.Identities {
		if there[identity] {
			r.existing.Add(1)
			r.tally.Observer.Done(migrate.KindMembers, 1)
			continue
		}
		if err := drain.Signal(r.Drain).Proceed(ctx); err != nil {
			return err
		}
		_, change, err := r.write.EnsureParticipant(ctx, c.ServiceSID, c.SID, conversations.Participant{Identity: identity}, func(conversations.Participant) bool { return true })
		if full, ok := errors.AsType[*migrate.Error](err); ok && full.Code == migrate.CodeParticipantLimit {
			return r.fail(ctx, c, "", c.Identities[i:], err)
		}
		if err != nil {
			lost++
			if failed := r.fail(ctx, c, identity, c.Identities[i:i+1], err); failed != nil {
				return failed
			}
			continue
		}
		if change == migrate.Unchanged {
			r.existing.Add(1)
		} else {
			r.added.Add(1)
		}
		r.tally.Observer.Done(migrate.KindMembers, 1)
	}
	if lost > 0 {
		return nil
	}
	return migrate.Fatal(r.Record.ClearFailures(ctx, c.SID))
}

// there is who is in a conversation. One that was just promoted may be shown late.
func (r *adding) there(ctx context.Context, c ChannelAdded) (map[string]bool, error) {
	for look := 0; ; look++ {
		all, err := map[string]bool{}, error(nil)
		for p, failed := range r.Target.Participants(ctx, c.ServiceSID, c.SID) {
			if err = failed; err != nil {
				break
			}
			all[p.Identity] = true
		}
		if err == nil || migrate.KindOf(err) != migrate.NotFound || look > 0 {
			return all, err
		}
		if err := drain.Signal(r.Drain).Wait(ctx, r.set.Settle); err != nil {
			return nil, err
		}
	}
}

// fail notes who was not added, and returns what ends the run.
func (r *adding) fail(ctx context.Context, c ChannelAdded, identity string, who []string, err error) error {
	if kind := migrate.KindOf(err); migrate.EndsRun(ctx, err) || kind == migrate.Unavailable || kind == migrate.Throttled || kind == migrate.Conflict {
		return err
	}
	r.failed.Add(int64(len(who)))
	r.tally.Observer.Done(migrate.KindMembers, int64(len(who)))
	hint := migrate.HintOf(err)
	if hint == "" {
		hint = "run the same command again to try again"
	}
	line := migrate.FailureLine{Kind: migrate.KindMembers, SourceSID: c.SID, TargetSID: c.SID, Name: mapping.Readable(identity), Reason: err.Error(), Hint: hint}
	reason := fmt.Sprintf("1 person was not added: %s", err)
	if identity == "" {
		line.Kind, line.Name = migrate.KindChannels, mapping.Readable(c.FriendlyName)
		line.Reason = fmt.Sprintf("%d of %d people were not added: %s", len(who), len(c.Identities), err)
		reason = line.Reason
	}
	r.mu.Lock()
	r.failures = append(r.failures, line)
	r.mu.Unlock()
	return migrate.Fatal(r.Record.PutFailure(ctx, migrate.Failure{
		Kind: migrate.KindChannels, SourceSID: c.SID, ServiceSID: c.ServiceSID, TargetSID: c.SID, Reason: reason, Hint: hint, At: time.Now(),
	}))
}
