package migrate

import (
	"context"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// participants brings the members of the channel over, those that the ledger
// does not know yet.
func (l *lane) participants(ctx context.Context) error {
	for m, err := range l.Source.Members(ctx, l.source.SID, l.channel.SID) {
		if err != nil {
			return err
		}
		l.members = append(l.members, m)
	}
	l.tally.expect(KindMembers, int64(len(l.members))-l.channel.MembersCount)
	l.tally.seen(KindMembers, int64(len(l.members)))
	seen := map[string]chat.Member{} // by identity in the target
	for i, m := range l.members {
		l.members[i].Raw = nil // the horizons need none of it
		first, twice := seen[l.set.Mapper.Identity(m.Identity)]
		if twice {
			l.findings.add(l.set.Mapper.MemberTwice(m, first))
			l.tally.skipped(KindMembers, 1)
			l.joined++
			continue
		}
		seen[l.set.Mapper.Identity(m.Identity)] = m
		rec, known, err := l.Ledger.Entity(ctx, MemberEntity, m.SID)
		if err != nil {
			return fatal(err)
		}
		if known && (rec.DateUpdated.Equal(m.DateUpdated.Time) || l.record.Stage != Done) {
			l.tally.existing(KindMembers, 1)
			l.joined++
			continue
		}
		want, found := l.set.Mapper.Member(m, l.roles)
		l.findings.add(found)
		if mapping.Blocked(found) {
			return blockedError("map member", m.SID, found)
		}
		if mapping.Skipped(found) {
			l.tally.skipped(KindMembers, 1)
			l.joined++
			continue
		}
		change, err := l.join(ctx, rec, m.SID, m.Identity, want, m.DateUpdated.Time)
		if err != nil {
			return err
		}
		l.tally.changed(KindMembers, change)
		l.joined++
	}
	l.record.Members = l.joined
	return nil
}

// join makes sure that a participant is in the conversation, under the source
// SID of the member or invite it stands for, and its user before it. before is
// what the ledger had.
func (l *lane) join(ctx context.Context, before EntityRecord, sourceSID, identity string, want conversations.Participant, updated time.Time) (Change, error) {
	if err := l.hush(ctx); err != nil {
		return Unchanged, err
	}
	if err := l.users.ensure(ctx, identity); err != nil {
		return Unchanged, err
	}
	if err := l.proceed(ctx); err != nil {
		return Unchanged, err
	}
	got, change, err := l.Target.EnsureParticipant(ctx, l.target, l.record.TargetSID, want)
	if err != nil {
		return Unchanged, err
	}
	l.dog.progress()
	l.wrote = l.wrote || change != Unchanged
	return change, fatal(l.Ledger.PutEntity(ctx, EntityRecord{
		Kind: MemberEntity, SourceSID: sourceSID, TargetSID: got.SID, ParentSID: l.channel.SID,
		Existing: change != Created && (before.TargetSID == "" || before.Existing), Horizon: before.Horizon, DateUpdated: updated,
	}))
}

// invites reports the open invites of the channel, or, where the policy says
// so, brings the invited people in as participants.
func (l *lane) invites(ctx context.Context) error {
	withheld := func() { l.findings.add(l.set.Mapper.NotShown(KindInvites, l.channel.SID, l.channel.SID)) }
	for i, err := range unlessWithheld(l.Source.Invites(ctx, l.source.SID, l.channel.SID), withheld) {
		if err != nil {
			return err
		}
		l.tally.expect(KindInvites, 1)
		l.tally.seen(KindInvites, 1)
		want, add, found := l.set.Mapper.Invite(i, l.roles)
		l.findings.add(found)
		if mapping.Blocked(found) {
			return blockedError("map invite", i.SID, found)
		}
		if !add {
			l.tally.skipped(KindInvites, 1)
			continue
		}
		_, known, err := l.Ledger.Entity(ctx, MemberEntity, i.SID)
		if err != nil {
			return fatal(err)
		}
		if known {
			l.tally.existing(KindInvites, 1)
			continue
		}
		change, err := l.join(ctx, EntityRecord{}, i.SID, i.Identity, want, i.DateUpdated.Time)
		if err != nil {
			return err
		}
		l.tally.changed(KindInvites, change)
	}
	return nil
}
