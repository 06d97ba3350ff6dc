package inplace

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/drain"
)

// Promotion makes the channels of a service visible in Conversations where they
// are: private ones are already, public ones are made private by one request
// each. Nothing is copied and nothing else is touched. SIDs, history, read
// horizons and roles stay.
//
// A promotion cannot be taken back. One that has no answer is simply made again.
type Promotion struct {
	Source   migrate.Source
	Target   migrate.TargetReader // of the same account
	Promoter migrate.Promoter
	Ledger   migrate.Ledger   // notes what was promoted; not used by a preview
	Observer migrate.Observer // may be nil
	Settings migrate.Settings
	Traffic  func() migrate.Traffic

	// MessagingService is given to each promoted channel, so that SMS and
	// WhatsApp participants can join later; may be empty.
	MessagingService string

	// Execute promotes. Without it the channels are only counted.
	Execute bool

	// Drain, when closed, ends the run after the requests in flight.
	Drain <-chan struct{}
}

// Result is what became of the channels.
type Result struct {
	SchemaVersion int                     `json:"schema_version"`
	Command       string                  `json:"command"`
	Status        string                  `json:"status"`
	Executed      bool                    `json:"executed"`
	Services      []migrate.SourceService `json:"services"`
	Channels      int64                   `json:"channels"`
	Visible       int64                   `json:"visible"`  // private already
	Before        int64                   `json:"before"`   // promoted by an earlier run
	Promoted      int64                   `json:"promoted"` // by this run; in a preview, those that would be
	Failed        int64                   `json:"failed"`
	Samples       []string                `json:"samples"`      // SIDs of a few channels that a preview would promote
	SampleNames   []string                `json:"sample_names"` // of the same channels
	Failures      []migrate.FailureLine   `json:"failures"`
	Added         *Added                  `json:"added,omitempty"` // people, if that was asked for
	Requests      migrate.Traffic         `json:"requests"`
	Duration      float64                 `json:"duration_seconds"`
}

// Run promotes what the settings select, or counts it.
func (p *Promotion) Run(ctx context.Context) (Result, error) {
	started := time.Now()
	r := &promotion{Promotion: p, set: p.Settings.WithDefaults(), tally: count.NewCounters(p.Observer)}
	r.result = Result{SchemaVersion: migrate.SchemaVersion, Command: command, Executed: p.Execute, Services: []migrate.SourceService{}, Samples: []string{}, SampleNames: []string{}, Failures: []migrate.FailureLine{}}
	err := r.whole(ctx)
	r.result.Visible, r.result.Before, r.result.Promoted, r.result.Failed = r.visible.Load(), r.before.Load(), r.promoted.Load(), r.failed.Load()
	switch {
	case err != nil && (errors.Is(err, migrate.ErrDrained) || ctx.Err() != nil):
		r.result.Status = migrate.InterruptedStatus
		err = &migrate.Error{Op: "promote channels", Kind: migrate.Interrupted, Err: err, Hint: "run the same command again to resume"}
	case err != nil:
		r.result.Status = migrate.FailedStatus
	case r.failed.Load() > 0:
		r.result.Status = migrate.Partial
	default:
		r.result.Status = migrate.Complete
	}
	if p.Traffic != nil {
		r.result.Requests = p.Traffic()
	}
	r.result.Duration = time.Since(started).Seconds()
	return r.result, err
}

// promotionSamples bounds InPlaceResult.Samples.
const promotionSamples = 5

// promotion is the state of one InPlace.Run.
type promotion struct {
	*Promotion
	set   migrate.Settings
	tally *count.Counters

	visible, before, promoted, failed atomic.Int64

	mu     sync.Mutex
	result Result
}

func (r *promotion) whole(ctx context.Context) error {
	selected, err := migrate.ReadServices(ctx, r.Source, r.set.Services)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for s, err := range r.Target.Services(ctx) {
		if err != nil {
			return err
		}
		there[s.SID] = true
	}
	for _, s := range selected {
		if !there[s.SID] {
			return &migrate.Error{
				Op: "promote channels", Kind: migrate.Usage, SID: s.SID,
				Err:  errors.New("the target account does not show this service in Conversations"),
				Hint: "--in-place works within one account; to copy into another one, leave it out",
			}
		}
		r.result.Services = append(r.result.Services, migrate.SourceService{SourceSID: s.SID, FriendlyName: s.FriendlyName})
	}
	for _, s := range selected {
		if err := r.service(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *promotion) service(ctx context.Context, s chat.Service) error {
	if r.Execute {
		if err := r.put(ctx, s, migrate.Open); err != nil {
			return err
		}
	}
	before := r.failed.Load() // in other services
	listed := func(ctx context.Context) iter.Seq2[chat.Channel, error] { return r.Source.Channels(ctx, s.SID) }
	err := drain.Each(ctx, migrate.GateAtOnce, listed, func(c chat.Channel) drain.Job {
		c.Raw = nil
		r.result.Channels++
		r.tally.Expect(migrate.KindChannels, 1)
		if !r.Execute && c.Type != chat.PrivateChannel && len(r.result.Samples) < promotionSamples {
			r.result.Samples = append(r.result.Samples, c.SID)
			r.result.SampleNames = append(r.result.SampleNames, mapping.Readable(cmp.Or(c.FriendlyName, c.UniqueName)))
		}
		return func(ctx context.Context) error { return migrate.Quietly(r.channel(ctx, c)) }
	})
	if err != nil {
		return err
	}
	if err := drain.Signal(r.Drain).Proceed(ctx); err != nil {
		return err
	}
	if !r.Execute || r.failed.Load() > before {
		return nil
	}
	return r.put(ctx, s, migrate.Done)
}

// put notes how far a service is, and keeps what Additions noted of its push
// settings.
func (r *promotion) put(ctx context.Context, s chat.Service, stage migrate.Stage) error {
	rec, _, err := r.Ledger.Service(ctx, s.SID)
	if err != nil {
		return err
	}
	return r.Ledger.PutService(ctx, migrate.ServiceRecord{SourceSID: s.SID, TargetSID: s.SID, FriendlyName: s.FriendlyName, Stage: stage, Saved: rec.Saved})
}

func (r *promotion) channel(ctx context.Context, c chat.Channel) error {
	defer r.tally.Observer.Done(migrate.KindChannels, 1)
	var rec migrate.ChannelRecord
	var known bool
	if r.Ledger != nil {
		var err error
		if rec, known, err = r.Ledger.Channel(ctx, c.SID); err != nil {
			return err
		}
	}
	switch {
	case known && rec.Stage == migrate.Done:
		r.before.Add(1)
		return nil
	case c.Type == chat.PrivateChannel:
		r.visible.Add(1)
		if !r.Execute {
			return nil
		}
		return r.Ledger.ClearFailures(ctx, c.SID) // of an earlier run, if it was public then
	case !r.Execute:
		r.promoted.Add(1)
		return nil
	}
	if err := drain.Signal(r.Drain).Proceed(ctx); err != nil {
		return err
	}
	if err := r.Promoter.Promote(ctx, c.ServiceSID, c.SID, r.MessagingService); err != nil {
		if ctx.Err() != nil || migrate.KindOf(err) == migrate.Credentials || migrate.KindOf(err) == migrate.Unavailable || migrate.KindOf(err) == migrate.Throttled {
			return err
		}
		r.failed.Add(1)
		return r.note(ctx, c, err)
	}
	r.promoted.Add(1)
	// The SID stays the same: that is how the ledger tells a promotion from a
	// copy.
	if err := r.Ledger.PutChannel(ctx, migrate.ChannelRecord{
		SourceSID: c.SID, TargetSID: c.SID, ServiceSID: c.ServiceSID, FriendlyName: c.FriendlyName, Stage: migrate.Done,
		MembersCount: c.MembersCount, MessagesCount: c.MessagesCount, DateUpdated: c.DateUpdated.Time,
	}); err != nil {
		return err
	}
	return r.Ledger.ClearFailures(ctx, c.SID)
}

func (r *promotion) note(ctx context.Context, c chat.Channel, err error) error {
	r.mu.Lock()
	r.result.Failures = append(r.result.Failures, migrate.FailureLine{Kind: migrate.KindChannels, SourceSID: c.SID, TargetSID: c.SID, Reason: err.Error(), Hint: migrate.HintOf(err)})
	r.mu.Unlock()
	return r.Ledger.PutFailure(ctx, migrate.Failure{
		Kind: migrate.KindChannels, SourceSID: c.SID, ServiceSID: c.ServiceSID, TargetSID: c.SID,
		Reason: err.Error(), Hint: migrate.HintOf(err), At: time.Now(),
	})
}
