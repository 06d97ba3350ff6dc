package replay

import (
	"cmp"
	"context"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/files"
	"chatbridge/migrate/pace"
)

// Job is one channel to be brought over, with everything that takes.
type Job struct {
	Source   migrate.Source
	Target   migrate.Target
	Ledger   migrate.Ledger
	Observer migrate.Observer
	Settings migrate.Settings

	Service       chat.Service // of the source
	TargetService string       // SID
	Roles         mapping.Roles
	Channel       chat.Channel          // as the source lists it; no names, type or attributes are needed
	Record        migrate.ChannelRecord // as the ledger has it

	// SettledAt is when the last has landed of what was sent before by somebody who
	// did not end in good order, but for messages that the ledger has in doubt. The zero
	// time is long ago.
	SettledAt time.Time

	Neighbours Neighbours

	// Files copies files, and bounds how many at once; nil makes one for this job.
	Files *files.Copier

	// Findings and Counters are told what the mapping could not carry, and what
	// became of the members and messages; nil tells nobody.
	Findings *count.Findings
	Counters *count.Counters

	// Drain, when closed, ends the job after the write in flight.
	Drain <-chan struct{}
}

// Neighbours is what the jobs of one target service have to agree about. All
// methods may be called by any number of goroutines.
type Neighbours interface {
	// EnsureUser makes sure that the user with that source identity is in the
	// target.
	EnsureUser(ctx context.Context, identity string) error
	// MakeRoom raises a limit of the service because a participant was refused for it,
	// which the code says, if it can be raised, and reports whether it was, so that the
	// participant may have room now.
	MakeRoom(ctx context.Context, code int) (bool, error)
	// Mute turns the push notifications of the service off. It is called before
	// the first write of a job, and any number of times.
	Mute(ctx context.Context) error
	// Turn waits until no other job looks for, or creates, a conversation that is
	// known by the same key, and says so with [migrate.Queued]. The turn lasts
	// until end is called.
	Turn(ctx context.Context, key string) (end func(), err error)
	// Reserve gives a conversation to a channel. If another channel has it, the
	// error is [migrate.TargetTaken].
	Reserve(conversationSID, channelSID string) error
	// Candidates are the conversations that an earlier run may have made for the
	// channel, without those that another channel has. They may be anybody's.
	Candidates(ctx context.Context, channelSID string, want conversations.Conversation) ([]conversations.Conversation, error)
	// CandidatesNow are those that a create of this run may have made. If the
	// unique name is that of another channel's conversation, the error has the
	// code [migrate.CodeUniqueNameExists].
	CandidatesNow(ctx context.Context, channelSID string, want conversations.Conversation) ([]conversations.Conversation, error)
	// Born is a moment before the first conversation of the target service, by a
	// clock that no request can set; zero if there is none.
	Born(ctx context.Context) (time.Time, error)
	// Spare notes that a create may have left an empty conversation behind, which
	// is looked for when all jobs have ended.
	Spare()
}

// Outcome is how far a job came.
type Outcome struct {
	Record   migrate.ChannelRecord // the ledger may have it one stage earlier
	Wrote    bool                  // something was written into the target
	Members  int64                 // dealt with, in this job or before
	Messages int64                 // dealt with, in this job or before
	InDoubt  bool                  // something that had no answer may still land

	joining bool // the members were listed
}

// Channel brings one channel over: its conversation, members, messages, read
// horizons and dates, in the order that the package documentation gives. It can
// be called again from any state in which an earlier call was cut off, and the
// caller sees to it that it is not called for a channel twice at a time.
//
// The outcome is true also if the error is not nil. An error for which
// [migrate.EndsRun] is false concerns this channel alone.
func Channel(ctx context.Context, j Job) (Outcome, error) {
	return channel(ctx, &j, pace.NewLanes().Begin())
}

// channel is Channel with a clock. A job goes from hand to hand by its address: it has
// more than a kilobyte, and each copy on the stack of a lane is one in every lane.
func channel(ctx context.Context, j *Job, clock *pace.Stopwatch) (Outcome, error) {
	return lanes(ctx, j, clock, (*lane).run)
}

func lanes(ctx context.Context, j *Job, clock *pace.Stopwatch, run func(*lane, context.Context) error) (Outcome, error) {
	j.Settings = j.Settings.WithDefaults()
	j.Observer = migrate.Observed(j.Observer)
	if j.Findings == nil {
		j.Findings = count.NewFindings()
	}
	if j.Files == nil {
		j.Files = files.New(nil)
	}
	if j.Counters == nil {
		j.Counters = count.NewCounters(j.Observer)
	}
	watched, dog := migrate.NewWatchdog(ctx, j.Settings.Watchdog, j.Channel.SID)
	watched = migrate.Ranked(watched, clock.Left) // the run is as long as the longest
	l := &lane{Job: *j, dog: dog, clock: clock}
	l.Findings = l.Findings.Within(watched)
	err := run(l, watched)
	if err != nil && watched.Err() != nil && ctx.Err() == nil {
		err = context.Cause(watched)
	}
	dog.Stop()
	if err != nil {
		if !migrate.IsFatal(err) {
			l.Record.Writing = false // what had no answer is in doubt; a ledger that failed may not know it
		}
		if failed := l.put(ctx); failed != nil && !migrate.EndsRun(ctx, err) {
			err = failed
		}
	}
	return Outcome{Record: l.Record, Wrote: l.wrote, Members: l.joined, Messages: l.copied, InDoubt: len(l.doubts) > 0, joining: l.joining}, err
}

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
		_, err = lanes(ctx, &j, pace.NewLanes().Begin(), (*lane).bring)
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
	err := l.bringMessages(ctx)
	if was == migrate.Done && !migrate.IsFatal(err) {
		// What is missing, and what is in doubt, is looked for in a channel that is
		// done too.
		return cmp.Or(err, l.advance(ctx, migrate.Done))
	}
	return err
}

func (l *lane) bringMessages(ctx context.Context) error {
	if err := l.messages(ctx); err != nil {
		return err
	}
	if err := l.readBack(ctx); err != nil {
		return err
	}
	return l.dates(ctx)
}

// readAgain reads a conversation back that is done, and in which something may have
// landed since.
func (l *lane) readAgain(ctx context.Context) error {
	if err := l.recall(ctx); err != nil {
		return err
	}
	newest, err := l.newest(ctx)
	if err != nil {
		return err
	}
	l.before = newest.SourceIndex
	if err := l.readBack(ctx); err != nil {
		return err
	}
	if err := l.dates(ctx); err != nil {
		return err
	}
	return l.advance(ctx, migrate.Done)
}

// bringing is what a lane that brings messages alone has of its neighbours: it
// makes no conversation and no user.
type bringing struct{ migrate.Tail }

func (b bringing) EnsureUser(context.Context, string) error { return nil }

func (b bringing) MakeRoom(context.Context, int) (bool, error) { return false, nil }

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
