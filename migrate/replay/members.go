package replay

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/ahead"
	"chatbridge/migrate/origin"
)

// participants brings the members of the channel over, those that the ledger
// does not know yet.
func (l *lane) participants(ctx context.Context) (err error) {
	listing, err := l.afterPass(ctx)
	if err != nil {
		return err
	}
	var all iter.Seq2[chat.Member, error]
	if l.early != nil && l.early.members != nil {
		all = l.early.members.All()
	} else {
		all = l.Source.Members(listing, l.Service.SID, l.Channel.SID)
	}
	for m, err := range all {
		if err != nil {
			return err
		}
		l.members = append(l.members, m)
	}
	if l.early != nil && l.early.members != nil {
		l.early.members.Stop()
		l.early.members = nil // it holds them as they came, with the page that they were on
	}
	if l.created {
		stop := l.usersAhead(ctx)
		defer func() { err = cmp.Or(err, stop()) }()
	}
	l.Counters.Expect(migrate.KindMembers, int64(len(l.members))-l.Channel.MembersCount)
	l.Counters.Seen(migrate.KindMembers, int64(len(l.members)))
	l.joining = true
	before := l.Record.Members
	l.Record.Members = 0
	defer func() {
		if err != nil { // those whose turn did not come are still there
			l.Record.Members = max(l.Record.Members, before)
		}
	}()
	seen := map[string]chat.Member{} // by identity in the target
	for i, m := range l.members {
		l.members[i].Raw = nil // the horizons need none of it
		first, twice := seen[l.Settings.Mapper.Identity(m.Identity)]
		if twice {
			l.Findings.Add(l.Settings.Mapper.MemberTwice(m, first))
			l.Counters.Skipped(migrate.KindMembers, 1)
			l.joined++
			continue
		}
		seen[l.Settings.Mapper.Identity(m.Identity)] = m
		rec, known, err := l.Ledger.Entity(ctx, migrate.MemberEntity, m.SID)
		if err != nil {
			return migrate.Fatal(err)
		}
		if known && rec.DateUpdated.Equal(m.DateUpdated.Time) && !l.decidesAnew(rec) {
			l.Counters.Existing(migrate.KindMembers, 1)
			l.joined++
			l.Record.Members++
			continue
		}
		want, found := l.Settings.Mapper.Member(m, l.Roles)
		l.Findings.Add(found)
		if mapping.Blocked(found) {
			return migrate.BlockedError("map member", m.SID, found)
		}
		if mapping.Skipped(found) {
			l.Counters.Skipped(migrate.KindMembers, 1)
			l.joined++
			continue
		}
		change, err := l.join(ctx, rec, m.SID, m.Identity, want, m.DateUpdated.Time)
		if err != nil {
			if err := l.leavesOut(m, err); err != nil {
				return err
			}
			l.Counters.Skipped(migrate.KindMembers, 1)
			l.joined++
			continue
		}
		l.strangers = 0
		l.Counters.Changed(migrate.KindMembers, change)
		l.joined++
		l.came()
		l.Record.Members++
	}
	return nil
}

// early is what a new lane reads of the source while its conversation is made.
type early struct {
	members *ahead.List[chat.Member]
	invites *ahead.List[chat.Invite]

	messages *ahead.Primed[chat.Message]
}

// readEarly comes after the channel itself was read, which says how many there are.
func (l *lane) readEarly(ctx context.Context) {
	l.early = &early{
		members: ahead.Begin(ctx, func(ctx context.Context) iter.Seq2[chat.Member, error] {
			return l.Source.Members(ctx, l.Service.SID, l.Channel.SID)
		}),
		invites: ahead.Begin(ctx, func(ctx context.Context) iter.Seq2[chat.Invite, error] {
			return l.Source.Invites(ctx, l.Service.SID, l.Channel.SID)
		}),
		messages: ahead.Prime(ctx, func(ctx context.Context) iter.Seq2[chat.Message, error] {
			return l.inSource(ctx)(migrate.All)
		}),
	}
}

func (l *lane) stopReading() {
	if e := l.early; e != nil {
		e.messages.Stop()
		if e.members != nil {
			e.members.Stop()
		}
		e.invites.Stop()
	}
}

// orRead is what was read of the messages, or, for whoever wants others, what is read.
func (e *early) orRead(read func(after int64) iter.Seq2[chat.Message, error]) func(after int64) iter.Seq2[chat.Message, error] {
	return func(after int64) iter.Seq2[chat.Message, error] {
		if after != migrate.All {
			return read(after)
		}
		return e.messages.Or(func() iter.Seq2[chat.Message, error] { return read(after) })
	}
}

// usersAhead brings the users of the members over, several at once, while the
// participants are written one at a time. Whoever joins asks for theirs again, and
// hears then what became of it; stop says what ends the run.
func (l *lane) usersAhead(ctx context.Context) (stop func() error) {
	var identities []string
	seen := map[string]bool{}
	for _, m := range l.members {
		_, found := l.Settings.Mapper.Member(m, l.Roles)
		name := l.Settings.Mapper.Identity(m.Identity)
		if seen[name] || mapping.Blocked(found) || mapping.Skipped(found) {
			continue
		}
		seen[name] = true
		identities = append(identities, m.Identity)
	}
	var g sync.WaitGroup
	var next, stopped atomic.Int64
	var ends atomic.Pointer[error]
	for range min(migrate.GateAtOnce, len(identities)) {
		g.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(identities)) && stopped.Load() == 0; i = next.Add(1) - 1 {
				if err := l.Neighbours.EnsureUser(ctx, identities[i]); err != nil && migrate.EndsRun(ctx, err) {
					ends.CompareAndSwap(nil, &err)
					return
				}
			}
		})
	}
	return func() error {
		stopped.Store(1)
		g.Wait()
		if err := ends.Load(); err != nil {
			return *err
		}
		return nil
	}
}

// decidesAnew reports whether a member, or who was invited, was left as somebody
// changed them, and the policy is another one now.
func (l *lane) decidesAnew(rec migrate.EntityRecord) bool {
	if !rec.Kept {
		return false
	}
	replace, found := l.Settings.Mapper.MemberWasThere(rec.SourceSID, l.Channel.SID, rec.TargetSID, nil)
	return replace || mapping.Blocked(found)
}

// join makes sure that a participant is in the conversation, under the source
// SID of the member or invite it stands for, and its user before it. before is
// what the ledger had.
func (l *lane) join(ctx context.Context, before migrate.EntityRecord, sourceSID, identity string, want conversations.Participant, updated time.Time) (migrate.Change, error) {
	if err := l.Neighbours.Mute(ctx); err != nil {
		return migrate.Unchanged, err
	}
	if err := l.Neighbours.EnsureUser(ctx, identity); err != nil {
		return migrate.Unchanged, err
	}
	var got conversations.Participant
	var change migrate.Change
	var changed []mapping.Finding // by somebody, in the target
	kept := false
	keep := func(there conversations.Participant) bool {
		changed, kept = nil, false
		if differs := origin.Member(want, there); len(differs) > 0 && (before.TargetSID == "" || before.Kept) {
			replace, found := l.Settings.Mapper.MemberWasThere(sourceSID, l.Channel.SID, there.SID, differs)
			if replace && l.original(there, found) {
				return false
			}
			changed, kept = found, true
		}
		return kept
	}
	if replace, _ := l.Settings.Mapper.MemberWasThere(sourceSID, l.Channel.SID, "", nil); replace {
		want.Attributes = mapping.ExplicitAttributes(want.Attributes) // or what was added would stay
	}
	member := l.outgoing("create participant", sourceSID)
	err := member.send(want.Attributes, func(attributes string) (err error) {
		if err = l.proceed(ctx); err != nil {
			return err
		}
		if attributes != want.Attributes { // one that is there has those of before
			want.Attributes = mapping.ExplicitAttributes(attributes)
		}
		got, change, err = l.Target.EnsureParticipant(ctx, l.TargetService, l.Record.TargetSID, want, keep)
		l.dog.Progress()
		if room, roomErr := l.hasRoomNow(ctx, err); roomErr != nil {
			return roomErr
		} else if room {
			got, change, err = l.Target.EnsureParticipant(ctx, l.TargetService, l.Record.TargetSID, want, keep)
		}
		return asMember(err)
	})
	if err != nil {
		return migrate.Unchanged, err
	}
	l.wrote = l.wrote || change != migrate.Unchanged
	if err := l.Findings.Err(); err != nil {
		return migrate.Unchanged, err
	}
	l.Findings.Add(changed)
	if err := migrate.BlockedError("set participant", sourceSID, changed); err != nil {
		return migrate.Unchanged, err
	}
	if !kept {
		if err := asSent(member, want, got, got.SID+" in "+l.Record.TargetSID); err != nil {
			return migrate.Unchanged, err
		}
	}
	return change, migrate.Fatal(l.Ledger.PutEntity(ctx, migrate.EntityRecord{
		Kind: migrate.MemberEntity, SourceSID: sourceSID, TargetSID: got.SID, ParentSID: l.Channel.SID,
		Existing: change != migrate.Created && (before.TargetSID == "" || before.Existing), Horizon: before.Horizon, DateUpdated: updated, Kept: kept,
	}))
}

// hasRoomNow reports whether a limit was raised, once, for which a participant was refused.
func (l *lane) hasRoomNow(ctx context.Context, err error) (bool, error) {
	code := migrate.CodeOf(err)
	if !migrate.NoRoom(err) || l.roomy[code] {
		return false, nil
	}
	if l.roomy == nil {
		l.roomy = map[int]bool{}
	}
	l.roomy[code] = true
	return l.Neighbours.MakeRoom(ctx, code)
}

// original keeps what a participant was, with what was found about them, before they
// are replaced. If it cannot be kept, they are not.
func (l *lane) original(there conversations.Participant, found []mapping.Finding) bool {
	was, _ := json.Marshal(there) // never fails
	for i := range found {
		found[i].Original = string(was)
	}
	l.Findings.Add(found)
	return l.Findings.Err() == nil
}

// invites reports the open invites of the channel, or, where the policy says
// so, brings the invited people in as participants.
func (l *lane) invites(ctx context.Context) error {
	withheld := func() { l.Findings.Add(l.Settings.Mapper.NotShown(migrate.KindInvites, l.Channel.SID, l.Channel.SID)) }
	var all iter.Seq2[chat.Invite, error]
	if l.early != nil {
		all = l.early.invites.All()
	} else {
		all = l.Source.Invites(ctx, l.Service.SID, l.Channel.SID)
	}
	for i, err := range migrate.UnlessWithheld(all, withheld) {
		if err != nil {
			return err
		}
		l.Counters.Expect(migrate.KindInvites, 1)
		l.Counters.Seen(migrate.KindInvites, 1)
		want, add, found := l.Settings.Mapper.Invite(i, l.Roles)
		l.Findings.Add(found)
		if mapping.Blocked(found) {
			return migrate.BlockedError("map invite", i.SID, found)
		}
		if !add {
			l.Counters.Skipped(migrate.KindInvites, 1)
			continue
		}
		if l.isMember(want.Identity) {
			l.Counters.Existing(migrate.KindInvites, 1)
			continue
		}
		rec, known, err := l.Ledger.Entity(ctx, migrate.MemberEntity, i.SID)
		if err != nil {
			return migrate.Fatal(err)
		}
		if known && rec.DateUpdated.Equal(i.DateUpdated.Time) && !l.decidesAnew(rec) {
			l.Counters.Existing(migrate.KindInvites, 1)
			continue
		}
		change, err := l.join(ctx, rec, i.SID, i.Identity, want, i.DateUpdated.Time)
		if err != nil {
			if err := l.leavesOut(chat.Member{SID: i.SID, ChannelSID: i.ChannelSID, Identity: i.Identity, Raw: i.Raw}, err); err != nil {
				return err
			}
			l.Counters.Skipped(migrate.KindInvites, 1)
			continue
		}
		l.strangers = 0
		l.Counters.Changed(migrate.KindInvites, change)
	}
	return nil
}

// isMember reports whether somebody came as a member: then an invite, which may name
// another role, says nothing new.
func (l *lane) isMember(identity string) bool {
	return slices.ContainsFunc(l.members, func(m chat.Member) bool {
		return !m.Dormant && l.Settings.Mapper.Identity(m.Identity) == identity
	})
}

// messagePrefix is that of the SIDs of messages.
const messagePrefix = "IM"

// listed notes what the source showed of a channel that was read to its end. What
// earlier runs left out, the ledger knows by their findings.
func (l *lane) listed(ctx context.Context) error {
	left, err := l.Ledger.LeftOut(ctx, l.Channel.SID, messagePrefix)
	if err != nil {
		return migrate.Fatal(err)
	}
	members := int64(len(l.members))
	l.Record.Listed = migrate.Listed{
		Known: true, Members: members, LeftOutMembers: members - l.Record.Members,
		Messages: l.Record.Messages + left, LeftOutMessages: left,
	}
	return nil
}
