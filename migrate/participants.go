package migrate

import (
	"context"
)

// participants brings the members of the channel over, those that the ledger
// does not know yet.
func (l *lane) participants(ctx context.Context) error {
	for m, err := range l.Source.Members(ctx, l.source.SID, l.channel.SID) {
		if err != nil {
			return err
		}
		m.Raw = nil
		l.members = append(l.members, m)
	}
	l.tally.expect(KindMembers, int64(len(l.members))-l.channel.MembersCount)
	l.tally.seen(KindMembers, int64(len(l.members)))
	for _, m := range l.members {
		_, known, err := l.Ledger.Entity(ctx, MemberEntity, m.SID)
		if err != nil {
			return ledgerFailed(err)
		}
		if known {
			l.tally.existing(KindMembers, 1)
			l.joined++
			continue
		}
		want, found := l.set.Mapper.Member(m, l.roles)
		l.findings.add(found)
		if blocked(found) {
			return blockedError("map member", m.SID, found)
		}
		if skipped(found) {
			l.tally.skipped(KindMembers, 1)
			l.joined++
			continue
		}
		if err := l.hush(ctx); err != nil {
			return err
		}
		if err := l.users.ensure(ctx, m.Identity); err != nil {
			return err
		}
		if err := l.proceed(ctx); err != nil {
			return err
		}
		got, change, err := l.Target.EnsureParticipant(ctx, l.target, l.record.TargetSID, want)
		if err != nil {
			return err
		}
		l.dog.progress()
		l.wrote = l.wrote || change != Unchanged
		l.tally.changed(KindMembers, change)
		l.joined++
		if err := l.Ledger.PutEntity(ctx, EntityRecord{
			Kind: MemberEntity, SourceSID: m.SID, TargetSID: got.SID, ParentSID: l.channel.SID, Existing: change != Created,
		}); err != nil {
			return ledgerFailed(err)
		}
	}
	l.record.Members = l.joined
	return nil
}
