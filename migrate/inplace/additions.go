package inplace

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/push"
)

// Additions adds people to channels that are, or were, public: as participants of
// their conversations, after they were promoted. Whoever is in a channel stays as
// they are, so it can be repeated. Nothing takes anybody out again.
type Additions struct {
	Source   migrate.Source
	Target   migrate.TargetReader // of the same account
	Write    migrate.Target       // the target again, with its verbs; needed to execute
	Ledger   migrate.LedgerReader // knows what was promoted; may be nil
	Record   migrate.Ledger       // the ledger again; needed to execute
	Observer migrate.Observer     // may be nil
	Settings migrate.Settings     // Services, Concurrency and Settle count

	// Everybody adds every user of a service to each channel of it that is public, or
	// that the ledger says was promoted. Wishes are not looked at then.
	Everybody bool
	Wishes    []Wish

	// Settled is when nothing can land any more that a run before left in flight: its
	// push settings, say, after this one has put them off. Nobody is added before it.
	Settled time.Time

	// Drain, when closed, ends the run after the requests in flight.
	Drain <-chan struct{}
}

// Wish is a line that says whom to add to which channels.
type Wish struct {
	Line int
	// Channel is a SID or a unique name, of any channel, or a glob over either, of
	// channels that are public or were promoted.
	Channel  string
	Identity string
}

// Added is who is added to which channels.
type Added struct {
	// Channels are those that somebody is added to, in the order of their SIDs.
	Channels     []ChannelAdded `json:"channels"`
	Participants int64          `json:"participants"` // that are to be added, in all channels
	Existing     int64          `json:"existing"`     // that were asked for and are members already
	Added        int64          `json:"added"`        // by this run; 0 in a preview
	Failed       int64          `json:"failed"`       // of those that were to be added
	Bill         migrate.Bill   `json:"bill"`         // counts everybody who is added once
}

// ChannelAdded is one channel that people are added to.
type ChannelAdded struct {
	ServiceSID   string `json:"service_sid"`
	SID          string `json:"sid"`
	FriendlyName string `json:"friendly_name"`
	UniqueName   string `json:"unique_name"`
	Members      int64  `json:"members"` // before
	Limit        int    `json:"limit"`   // participants that its service admits
	// Identities are who is to be added. The result of a run leaves them out: it is
	// kept in the ledger.
	Identities []string `json:"identities,omitempty"`
	People     int64    `json:"people"` // how many these are
}

// Run adds who is planned, and reports each person who could not be added.
func (a *Additions) Run(ctx context.Context, planned Added) (Added, []migrate.FailureLine, error) {
	ctx, cut := context.WithCancelCause(ctx)
	set := a.Settings.WithDefaults()
	r := &adding{Additions: a, set: set, tally: count.NewCounters(a.Observer), records: map[string]migrate.ServiceRecord{}}
	r.claims = claim.New(claim.Options{
		Target: a.Write, Ledger: a.Record, Verb: command, Settle: set.Settle, Observer: r.tally.Observer, Drain: a.Drain, Lost: cut,
	})
	r.write = r.claims.Guard()
	r.muted = push.NewPartlyMuted(r.write, r.note, conversations.Notifications.WithoutAdded)
	err := r.whole(ctx, planned.Channels)
	if r.claims.Err() == nil {
		if restored := r.muted.Restore(context.WithoutCancel(ctx)); err == nil {
			err = restored
		}
	}
	r.claims.Release(ctx)
	cut(nil)
	if lost := r.claims.Err(); lost != nil {
		err = lost
	}
	done := planned
	done.Added, done.Failed = r.added.Load(), r.failed.Load()
	done.Existing += r.existing.Load()
	done.Channels = nil
	for _, c := range planned.Channels {
		c.Identities = nil
		done.Channels = append(done.Channels, c)
	}
	return done, r.failures, err
}

// With is the result of a promotion and of the additions after it. The error is that
// of the additions, with what to do next if they were told to stop.
func (r *Result) With(ctx context.Context, added Added, failures []migrate.FailureLine, err error) error {
	r.Added = &added
	r.Failures = append(r.Failures, failures...)
	switch {
	case err != nil && (errors.Is(err, migrate.ErrDrained) || ctx.Err() != nil):
		r.Status = migrate.InterruptedStatus
		return &migrate.Error{Op: "add people", Kind: migrate.Interrupted, Err: err, Hint: "run the same command again to resume"}
	case err != nil:
		r.Status = migrate.FailedStatus
	case added.Failed > 0:
		r.Status = migrate.Partial
	}
	return err
}

// note keeps what the push settings of a service were, in the ledger and in the
// claim, before they are changed; nil says that they are back.
func (r *adding) note(ctx context.Context, serviceSID string, was json.RawMessage) error {
	rec := r.records[serviceSID]
	rec.Saved = was
	put := func() error { r.records[serviceSID] = rec; return migrate.Fatal(r.Record.PutService(ctx, rec)) }
	if was == nil { // first where whoever comes next would look last
		if err := r.claims.Note(ctx, serviceSID, nil); err != nil {
			return err
		}
		return put()
	}
	if err := put(); err != nil {
		return err
	}
	return r.claims.Note(ctx, serviceSID, was)
}
