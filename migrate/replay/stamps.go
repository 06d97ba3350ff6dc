package replay

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"sync/atomic"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/origin"
)

// stamps finds conversations again that this migration made: after a crash,
// after a create that nobody confirmed, and for a ledger that was lost.
type stamps struct {
	service *service

	latch  drain.Latch
	listed bool
	again  bool        // the list was read twice more, because it lacked something
	born   time.Time   // when the service was made; zero until it was asked for
	there  markIndex   // conversations that no channel has yet
	spare  atomic.Bool // a create may have left an empty conversation
}

func newStamps(s *service) *stamps {
	return &stamps{service: s, latch: drain.NewLatch()}
}

// marks are what a conversation may be known by: its stamp, and what is left if
// an application replaced that or if none was wanted. Names are in normal form,
// since a service may store them a little otherwise. Each of them is a hint and
// proves nothing.
func marks(c conversations.Conversation) []string {
	var all []string
	if stamp, ok := mapping.ReadStamp(c.Attributes); ok {
		all = append(all, "stamp "+stamp.SID)
	}
	if !c.DateCreated.IsZero() {
		date := c.DateCreated.UTC().Format(time.RFC3339)
		all = append(all, "name "+date+" "+origin.Body(c.FriendlyName))
		if c.UniqueName != "" {
			all = append(all, "unique name "+date+" "+origin.Body(c.UniqueName))
		}
	}
	return all
}

// markIndex finds conversations by any mark, and holds about 130 bytes of each: a service
// may have a million. Marks are held as hashes; that one leads to a conversation proves
// as little as the mark. The zero value is empty.
type markIndex struct {
	seed  maphash.Seed
	sids  migrate.SIDList
	first map[uint64]int32 // the first place in sids that a mark leads to
	more  map[uint64][]int32
}

// add adds a conversation, if it is not there.
func (x *markIndex) add(c conversations.Conversation) {
	if x.first == nil {
		x.seed, x.first, x.more = maphash.MakeSeed(), map[uint64]int32{}, map[uint64][]int32{}
	}
	place := int32(-1)
	for _, mark := range marks(c) {
		key := maphash.String(x.seed, mark)
		if slices.Contains(x.at(key), c.SID) {
			continue
		}
		if place < 0 {
			place = int32(x.sids.Append(c.SID))
		}
		if _, taken := x.first[key]; taken {
			x.more[key] = append(x.more[key], place)
		} else {
			x.first[key] = place
		}
	}
}

func (x *markIndex) at(key uint64) (sids []string) {
	if place, ok := x.first[key]; ok {
		sids = append(sids, x.sids.At(int(place)))
	}
	for _, place := range x.more[key] {
		sids = append(sids, x.sids.At(int(place)))
	}
	return sids
}

// marked are the SIDs that any mark of want leads to.
func (x *markIndex) marked(want conversations.Conversation) (sids []string) {
	if x.first == nil {
		return nil
	}
	for _, mark := range marks(want) {
		for _, sid := range x.at(maphash.String(x.seed, mark)) {
			if !slices.Contains(sids, sid) {
				sids = append(sids, sid)
			}
		}
	}
	return sids
}

// earlier is what an earlier run may have made for a channel. The target is
// listed once, by the first lane that asks.
func (t *stamps) earlier(ctx context.Context, channelSID string, want conversations.Conversation) ([]conversations.Conversation, error) {
	s := t.service
	if s.fresh {
		return nil, nil
	}
	sids, err := t.known(ctx, want)
	if err != nil {
		return nil, err
	}
	var all []conversations.Conversation
	for _, sid := range sids {
		if s.reserved.has(sid, channelSID) {
			continue
		}
		c, err := s.Target.Conversation(ctx, s.target, sid)
		if migrate.KindOf(err) == migrate.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// bornAt is when the service was made, asked for once.
func (t *stamps) bornAt(ctx context.Context) (time.Time, error) {
	if err := t.latch.Lock(ctx); err != nil {
		return time.Time{}, err
	}
	defer t.latch.Unlock()
	var err error
	if t.born.IsZero() {
		t.born, err = bornAt(ctx, t.service.Target, t.service.target)
	}
	return t.born, err
}

// known are the SIDs that any mark of want leads to. A ledger that was lost, or that a
// run which was cut off did not finish writing, knew of conversations which a list that
// is late does not show: so before one is made again, it is read twice more, the first
// time a settle time later.
func (t *stamps) known(ctx context.Context, want conversations.Conversation) ([]string, error) {
	if err := t.latch.Lock(ctx); err != nil {
		return nil, err
	}
	defer t.latch.Unlock()
	if !t.listed {
		if err := t.list(ctx); err != nil {
			return nil, err
		}
	}
	sids := t.there.marked(want)
	if s := t.service; len(sids) > 0 || t.again || !s.adopted && !s.crashed {
		return sids, nil
	}
	for _, wait := range []time.Duration{t.service.set.Settle, 0} {
		if err := t.service.wait(ctx, wait); err != nil {
			return nil, err
		}
		if err := t.list(ctx); err != nil {
			return nil, err
		}
	}
	t.again = true
	return t.there.marked(want), nil
}

// list adds what the target shows now, when nothing of an earlier run can land any more:
// the roles waited for that. A reading that shows less takes nothing away.
func (t *stamps) list(ctx context.Context) error {
	s := t.service
	taken, err := t.taken(ctx)
	if err != nil {
		return err
	}
	for c, err := range s.Target.Conversations(ctx, s.target) {
		if err != nil {
			return err
		}
		if taken.Has(c.SID) {
			continue
		}
		t.there.add(c)
	}
	t.listed = true
	return nil
}

// taken are the conversations that the ledger has for a channel, of any service
// that shares the target.
func (t *stamps) taken(ctx context.Context) (*migrate.SIDSet, error) {
	s := t.service
	all, err := s.Ledger.Services(ctx)
	if err != nil {
		return nil, migrate.Fatal(err)
	}
	taken := &migrate.SIDSet{}
	for _, rec := range all {
		if rec.TargetSID != s.target {
			continue
		}
		for c, err := range s.Ledger.Channels(ctx, rec.SourceSID) {
			if err != nil {
				return nil, migrate.Fatal(err)
			}
			if c.TargetSID != "" {
				taken.Add(c.TargetSID)
			}
		}
	}
	return taken, nil
}

// now is what a create without an answer may have made. A unique name says where
// to look.
func (t *stamps) now(ctx context.Context, channelSID string, want conversations.Conversation) ([]conversations.Conversation, error) {
	s := t.service
	taken, err := t.taken(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Compact([]string{want.UniqueName, origin.Body(want.UniqueName)}) {
		if name == "" {
			continue
		}
		c, err := s.Target.Conversation(ctx, s.target, name)
		switch {
		case migrate.KindOf(err) == migrate.NotFound:
			continue
		case err != nil:
			return nil, err
		case taken.Has(c.SID) || s.reserved.has(c.SID, channelSID):
			return nil, nameTaken(want, c.SID)
		}
		return []conversations.Conversation{c}, nil
	}
	if want.UniqueName != "" {
		return nil, nil
	}
	wanted := marks(want)
	var all []conversations.Conversation
	for c, err := range s.Target.Conversations(ctx, s.target) {
		if err != nil {
			return nil, err
		}
		if !taken.Has(c.SID) && !s.reserved.has(c.SID, channelSID) && slices.ContainsFunc(marks(c), func(m string) bool { return slices.Contains(wanted, m) }) {
			all = append(all, c)
		}
	}
	return all, nil
}

func nameTaken(want conversations.Conversation, sid string) error {
	return &migrate.Error{
		Op: "create conversation", Kind: migrate.Refused, SID: sid, Code: migrate.CodeUniqueNameExists,
		Err:  errors.New("the unique name " + want.UniqueName + " belongs to somebody else's conversation"),
		Hint: "rename that conversation, or migrate into a new service (leave out --to-service)",
	}
}

// sweep removes conversations that a create without answer made after another
// had been made in its place. Only an empty one that bears the stamp of a
// channel which has its conversation already is ours to remove.
func (t *stamps) sweep(ctx context.Context) error {
	s := t.service
	if !t.spare.Load() && !(s.crashed && !s.fresh && s.record.Stage != migrate.Done) {
		return nil
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
		if !ours || stamp.ServiceSID != s.source.SID || taken.Has(c.SID) {
			continue
		}
		rec, known, err := s.Ledger.Channel(ctx, stamp.SID)
		if err != nil {
			return migrate.Fatal(err)
		}
		if !known || rec.TargetSID == "" {
			continue
		}
		ctx, err := s.looking(ctx)
		if err != nil {
			return err
		}
		empty, err := s.leftover(ctx, c, stamp.SID)
		if err != nil && migrate.KindOf(err) != migrate.NotFound { // the source may not have the channel any more
			return err
		}
		if !empty {
			s.event(migrate.Warning, "a second conversation bears the stamp of a channel; it is not as a create leaves one, so it is left alone",
				migrate.KeyChannel, stamp.SID, migrate.KeyConversation, c.SID)
			continue
		}
		if err := s.proceed(ctx); err != nil {
			return err
		}
		if err := s.Target.DeleteConversation(ctx, s.target, c.SID); err != nil {
			return err
		}
		s.event(migrate.Notice, "removed an empty conversation that an unanswered request had left",
			migrate.KeyChannel, stamp.SID, migrate.KeyConversation, c.SID)
	}
	return nil
}

// leftover reports whether a conversation is as a create for that channel left
// it: empty, with date, names and stamp as they should be.
func (s *service) leftover(ctx context.Context, c conversations.Conversation, channelSID string) (bool, error) {
	full, err := s.Source.Channel(ctx, s.source.SID, channelSID)
	if err != nil {
		return false, err
	}
	want, _ := s.set.Mapper.Channel(full)
	one := origin.Candidate{Conversation: c}
	for m, err := range s.Target.Messages(ctx, s.target, c.SID, true) {
		if err != nil {
			return false, err
		}
		one.Messages = append(one.Messages, origin.HaveOf(m))
		break
	}
	for p, err := range s.Target.Participants(ctx, s.target, c.SID) {
		if err != nil {
			return false, err
		}
		one.Participants = append(one.Participants, p)
		break
	}
	return origin.Left(origin.Channel{SID: channelSID, Want: want}, one), nil
}
