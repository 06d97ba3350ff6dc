package replay

import (
	"context"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

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

// list counts what the source shows of a channel that was stopped, as the
// policies of this run have it: the channel's own counters may count what was
// deleted. If it cannot be read, they count.
func (s *service) list(ctx context.Context, c chat.Channel, rec migrate.ChannelRecord) (migrate.ChannelRecord, error) {
	watched, dog := migrate.NewWatchdog(ctx, s.set.Watchdog, c.SID)
	l, err := s.read(watched, dog, c)
	dog.Stop()
	if err != nil {
		return rec, nil
	}
	refused, err := s.Ledger.LeftOut(ctx, c.SID, messagePrefix)
	if err != nil {
		return rec, migrate.Fatal(err)
	}
	l.LeftOutMessages = max(l.LeftOutMessages, refused)
	rec.Listed = l
	return rec, migrate.Fatal(s.Ledger.PutChannel(context.WithoutCancel(ctx), rec))
}

func (s *service) read(ctx context.Context, dog *migrate.Watchdog, c chat.Channel) (l migrate.Listed, err error) {
	l.Known = true
	seen := map[string]bool{} // by identity in the target
	for m, err := range s.Source.Members(ctx, s.source.SID, c.SID) {
		if err != nil {
			return l, err
		}
		dog.Progress()
		l.Members++
		identity := s.set.Mapper.Identity(m.Identity)
		_, found := s.set.Mapper.Member(m, s.roles)
		if seen[identity] || mapping.Skipped(found) {
			l.LeftOutMembers++
		}
		seen[identity] = true
	}
	undated := mapping.Undated(c, s.source)
	for m, err := range s.Source.Messages(ctx, s.source.SID, c.SID, migrate.Span{After: migrate.All}) {
		if err != nil {
			return l, err
		}
		dog.Progress()
		l.Messages++
		want, found := s.set.Mapper.Message(m, undated)
		if undated = want.DateCreated; mapping.Skipped(found) {
			l.LeftOutMessages++
		}
	}
	return l, nil
}
