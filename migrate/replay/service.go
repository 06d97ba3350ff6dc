package replay

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
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/ahead"
	"chatbridge/migrate/internal/drain"
)

// service is one source service on its way: its gate, and the lanes behind it.
type service struct {
	*run
	source chat.Service
	target string // SID
	// made says that this migration made the target, and adopted that a lost ledger
	// did. Lanes read both while the record is written.
	made, adopted bool
	fresh         bool // its target was created in this run, so nothing can be in it yet

	roles  mapping.Roles
	users  *users
	stamps *stamps

	muting drain.Latch // guards the rest
	muted  bool        // the push notifications are off, and the ledger knows what they were
	record migrate.ServiceRecord

	ceilings ceilings

	lookAgain []planned // done, with something that may still have landed since; guarded by doubting
	doubting  sync.Mutex

	early earlyLists

	queue      []planned       // until the lanes begin
	channels   migrate.SIDList // those in the plan, which stay when the queue is empty
	pending    atomic.Int64    // lanes to run, and the users that no lane brings
	unfinished atomic.Int64    // channels that are not done, in the plan or left out
}

// prepare does what must be there before the first lane: roles, the list of
// users, the plan, the limits. The plan is left in queue.
func (s *service) prepare(ctx context.Context) error {
	defer s.early.stop()
	if err := s.ensureRoles(ctx); err != nil {
		return err
	}
	_, found := s.set.Mapper.Configuration(s.source, s.roles)
	s.findings.Add(found)
	if mapping.Blocked(found) {
		return migrate.BlockedError("map configuration of service", s.source.SID, found)
	}
	if err := s.users.list(ctx); err != nil {
		return err
	}
	if err := s.bindings(ctx); err != nil {
		return err
	}
	plan, err := s.plan(ctx)
	if err != nil {
		return err
	}
	s.queue = plan
	s.unfinished.Add(int64(len(plan)))
	return s.raiseLimits(ctx, plan)
}

// earlyLists are what is read of the source while the target is found or made. The
// channels are not among them: how many there are is held against what the users say.
type earlyLists struct {
	roles *ahead.List[chat.Role]
	users *ahead.Primed[chat.User]
}

func (s *service) readEarly(ctx context.Context) {
	s.early.roles = ahead.Begin(ctx, func(ctx context.Context) iter.Seq2[chat.Role, error] { return s.Source.Roles(ctx, s.source.SID) })
	s.early.users = ahead.Prime(ctx, func(ctx context.Context) iter.Seq2[chat.User, error] { return s.Source.Users(ctx, s.source.SID) })
}

func (e earlyLists) stop() {
	e.roles.Stop()
	e.users.Stop()
}

// conclude does what can only be done when every lane of the service has ended.
func (s *service) conclude(ctx context.Context) error {
	if err := s.readAgain(ctx); err != nil {
		return err
	}
	if err := s.strays(ctx); err != nil {
		return err
	}
	if err := s.stamps.sweep(ctx); err != nil {
		return err
	}
	if err := s.levels(ctx); err != nil {
		return err
	}
	if err := s.late(ctx); err != nil {
		return err
	}
	if !s.record.Created {
		return nil // others may share its target
	}
	return s.finish(ctx)
}

// readAgain looks for what landed in conversations while the other lanes were at
// work. What it removes takes time, in which more may land: so those in doubt are
// read until nothing is.
func (s *service) readAgain(ctx context.Context) error {
	if l, shared := s.Ledger.(migrate.Leased); shared && len(s.lookAgain) > 0 {
		// Whoever let the lease expire may have been frozen on the way to a write.
		if before := l.Lease().Before(); before.Expired {
			if err := s.wait(ctx, time.Until(before.At.Add(before.Length+s.set.Settle))); err != nil {
				return err
			}
		}
	}
	for wrote, n := true, 0; wrote && n < attempts; n++ {
		again := s.lookAgain
		s.lookAgain, wrote = nil, false
		for _, p := range again {
			channel, rec, err := s.channelOf(ctx, p)
			if err != nil {
				return err
			}
			did, err := lanes(ctx, s.job(channel, rec), s.sheet.Begin(), (*lane).readAgain)
			if err != nil && migrate.EndsRun(ctx, err) {
				return err
			}
			if err != nil {
				s.failNamed(ctx, migrate.KindChannels, channel.SID, did.Record.TargetSID, did.Record.FriendlyName, err)
				s.unfinished.Add(1)
				continue
			}
			wrote = wrote || did.Wrote
			if did.InDoubt {
				s.lookAgain = append(s.lookAgain, p)
			}
		}
	}
	return nil
}

// waitSettled waits until nothing that an earlier run sent can land any more. A
// service that this run made has nothing to wait for.
func (s *service) waitSettled(ctx context.Context) error {
	if s.fresh {
		return nil
	}
	return s.wait(ctx, time.Until(s.settledAt))
}

// runLane brings one channel over and decides what its error means: most stop
// only the lane.
func (s *service) runLane(ctx context.Context, p planned) error {
	j, err := s.jobOf(ctx, p)
	if err != nil {
		return err
	}
	clock := s.sheet.Begin()
	clock.Of(j.Channel.SID, j.Record.FriendlyName, p.length(), s.target, j.Record.Stage == migrate.Planned)
	s.tally.Seen(migrate.KindChannels, 1)
	did, err := channel(ctx, j, clock)
	clock.End(did.Record, err)
	return s.laneEnded(ctx, p, &j.Channel, &did, err)
}

func (s *service) jobOf(ctx context.Context, p planned) (*Job, error) {
	listed, rec, err := s.channelOf(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.job(listed, rec), nil
}

// laneEnded decides what the error of a lane means.
func (s *service) laneEnded(ctx context.Context, p planned, listed *chat.Channel, did *Outcome, err error) error {
	if err == nil {
		s.unfinished.Add(-1)
		if did.InDoubt {
			s.doubting.Lock()
			s.lookAgain = append(s.lookAgain, p)
			s.doubting.Unlock()
		}
		if did.Wrote {
			s.tally.Written(migrate.KindChannels, 1)
		} else {
			s.tally.Existing(migrate.KindChannels, 1)
		}
		return s.breaker.ended(nil, s.set.MaxErrors)
	}
	if migrate.EndsRun(ctx, err) {
		return err
	}
	s.failNamed(ctx, migrate.KindChannels, listed.SID, did.Record.TargetSID, did.Record.FriendlyName, err)
	s.tally.Failed(migrate.KindChannels, 1)
	rec := did.Record
	if kind := migrate.KindOf(err); kind != migrate.Unavailable && kind != migrate.Throttled {
		var failed error
		if rec, failed = s.list(ctx, *listed, rec); failed != nil {
			return failed
		}
	}
	members, messages := rec.Account(true)
	if !did.joining {
		s.tally.Expect(migrate.KindMembers, members.Source-listed.MembersCount)
	}
	if rec.Stage < migrate.Copied {
		s.tally.Expect(migrate.KindMessages, messages.Source-listed.MessagesCount)
	}
	s.tally.Failed(migrate.KindMembers, members.Failed)
	s.tally.Failed(migrate.KindMessages, messages.Failed)
	return s.breaker.ended(err, s.set.MaxErrors)
}

func (s *service) job(c chat.Channel, rec migrate.ChannelRecord) *Job {
	j := &Job{
		Source: s.Source, Target: s.Target, Ledger: s.Ledger, Observer: s.Observer, Settings: s.set,
		Service: s.source, TargetService: s.target, Roles: s.roles, Channel: c, Record: rec,
		Neighbours: neighbours{s}, Files: s.files, Findings: s.findings, Counters: s.tally, Drain: s.Drain,
	}
	if !s.fresh { // or nothing can have been sent into it before
		j.SettledAt = s.settledAt
	}
	return j
}

// neighbours is what the lanes of a service share, as they see it.
type neighbours struct{ *service }

func (n neighbours) EnsureUser(ctx context.Context, identity string) error {
	return n.users.ensure(ctx, identity)
}

func (n neighbours) MakeRoom(ctx context.Context, code int) (bool, error) {
	return n.makeRoom(ctx, code)
}

func (n neighbours) Mute(ctx context.Context) error { return n.muteNotifications(ctx) }

func (n neighbours) Turn(ctx context.Context, key string) (end func(), err error) {
	return n.reserved.turn(ctx, n.target+"\x00"+key)
}

func (n neighbours) Reserve(conversationSID, channelSID string) error {
	return n.reserved.reserve(conversationSID, channelSID)
}

func (n neighbours) Candidates(ctx context.Context, channelSID string, want conversations.Conversation) ([]conversations.Conversation, error) {
	return n.stamps.earlier(ctx, channelSID, want)
}

func (n neighbours) CandidatesNow(ctx context.Context, channelSID string, want conversations.Conversation) ([]conversations.Conversation, error) {
	return n.stamps.now(ctx, channelSID, want)
}

func (n neighbours) Born(ctx context.Context) (time.Time, error) {
	return n.stamps.bornAt(ctx)
}

func (n neighbours) Spare() { n.stamps.spare.Store(true) }

// bornAt is when a target service was made. Its date is the one that no request
// can set.
func bornAt(ctx context.Context, target migrate.TargetReader, serviceSID string) (time.Time, error) {
	for t, err := range target.Services(ctx) {
		if err != nil {
			return time.Time{}, err
		}
		if t.SID == serviceSID {
			return t.DateCreated, nil
		}
	}
	return time.Time{}, nil
}

// planned is a channel as the plan keeps it: what a lane needs of the list, and no
// text, so that the plan of a large service stays small. The ledger has the rest.
type planned struct {
	members, messages int64
	created, updated  int64 // Unix time
	createdNanos      int32 // of that second
	updatedNanos      int32
	place             int32 // in service.channels
	service           int32 // in the services of the run
}

func dated(seconds int64, nanos int32) chat.Time {
	return chat.Time{Time: time.Unix(seconds, int64(nanos)).UTC()}
}

// length is what the lane has to write, about.
func (p planned) length() int64 { return p.messages + p.members }

// channelOf is the channel of a lane that begins, without its names and attributes, and
// what the ledger has of it.
func (s *service) channelOf(ctx context.Context, p planned) (chat.Channel, migrate.ChannelRecord, error) {
	c := chat.Channel{
		SID: s.channels.At(int(p.place)), ServiceSID: s.source.SID, MembersCount: p.members, MessagesCount: p.messages,
		DateCreated: dated(p.created, p.createdNanos), DateUpdated: dated(p.updated, p.updatedNanos),
	}
	rec, known, err := s.Ledger.Channel(ctx, c.SID)
	if err == nil && !known {
		err = &migrate.Error{Op: "read plan", Kind: migrate.Failed, SID: c.SID, Err: errNotPlanned, Hint: "run the same command again to resume"}
	}
	return c, rec, migrate.Fatal(err)
}

var errNotPlanned = errors.New("the ledger does not have the channel any more, although it was planned")

// begun reports whether the ledger knows any channel of the service. If it does not, it
// need not be asked for each: a read behind a put is a trip to a database of its own.
func (s *service) begun(ctx context.Context) (bool, error) {
	for _, err := range s.Ledger.Channels(ctx, s.source.SID) {
		return err == nil, err
	}
	return false, nil
}

// plan lists the channels and notes the new ones in the ledger.
func (s *service) plan(ctx context.Context) ([]planned, error) {
	taken, err := s.retries(ctx)
	if err != nil {
		return nil, err
	}
	begun, err := s.begun(ctx)
	if err != nil {
		return nil, err
	}
	var plan []planned
	for c, err := range s.Source.Channels(ctx, s.source.SID) {
		if err != nil {
			return nil, err
		}
		var rec migrate.ChannelRecord
		known := false
		if begun {
			if rec, known, err = s.Ledger.Channel(ctx, c.SID); err != nil {
				return nil, err
			}
		}
		if !known {
			rec = migrate.ChannelRecord{SourceSID: c.SID, ServiceSID: s.source.SID}
		}
		if !taken(c.SID) {
			if rec.Stage != migrate.Done {
				s.unfinished.Add(1)
			}
			continue
		}
		if !known || rec.MembersCount != c.MembersCount || rec.MessagesCount != c.MessagesCount {
			rec.FriendlyName = mapping.Readable(cmp.Or(c.FriendlyName, c.UniqueName))
			rec.MembersCount, rec.MessagesCount, rec.Listed = c.MembersCount, c.MessagesCount, migrate.Listed{}
			if err := s.Ledger.PutChannel(ctx, rec); err != nil {
				return nil, err
			}
		}
		plan = append(plan, planned{
			members: c.MembersCount, messages: c.MessagesCount, created: c.DateCreated.Unix(), updated: c.DateUpdated.Unix(),
			createdNanos: int32(c.DateCreated.Nanosecond()), updatedNanos: int32(c.DateUpdated.Nanosecond()), place: int32(s.channels.Append(c.SID)),
		})
		s.tally.Expect(migrate.KindChannels, 1)
		s.tally.Expect(migrate.KindMembers, c.MembersCount)
		s.tally.Expect(migrate.KindMessages, c.MessagesCount)
	}
	return plan, nil
}
