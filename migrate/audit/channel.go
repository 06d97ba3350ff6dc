package audit

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

func (t *audit) channels(ctx context.Context, s chat.Service, roles mapping.Roles, known *people) ([]channelLoad, error) {
	var (
		mu    sync.Mutex
		loads []channelLoad
	)
	listed := func(ctx context.Context) iter.Seq2[chat.Channel, error] { return t.Source.Channels(ctx, s.SID) }
	err := drain.Each(ctx, t.set.Concurrency, listed, func(c chat.Channel) drain.Job {
		c.Raw = nil
		t.tally.Expect(migrate.KindChannels, 1)
		t.tally.Expect(migrate.KindMembers, c.MembersCount)
		t.tally.Expect(migrate.KindMessages, c.MessagesCount)
		return func(ctx context.Context) error {
			load, err := t.channel(ctx, s, c, roles, known)
			if migrate.Unreadable(err) {
				t.leaveOut(migrate.KindChannels, c.SID, err)
				t.done(migrate.KindChannels, 1)
				t.done(migrate.KindMembers, max(0, c.MembersCount-load.read.members))
				t.done(migrate.KindMessages, max(0, c.MessagesCount-load.read.messages))
				load, err = channelLoad{sid: c.SID}, nil
			}
			mu.Lock()
			defer mu.Unlock()
			loads = append(loads, load)
			return err
		}
	})
	return loads, err
}

func (t *audit) channel(ctx context.Context, s chat.Service, listed chat.Channel, roles mapping.Roles, known *people) (channelLoad, error) {
	load := channelLoad{sid: listed.SID}
	codes := map[mapping.Code]bool{}
	note := func(found []mapping.Finding) {
		t.findings.Add(found)
		for _, f := range found {
			if f.SID != s.SID { // of the service it is found beside some channel, whichever is read last
				codes[f.Code] = true
			}
		}
	}
	ctx = migrate.Noting(ctx, t.Observer, note)
	c, err := t.Source.Channel(ctx, s.SID, listed.SID)
	if err != nil {
		return load, err
	}
	t.mu.Lock()
	t.flex.Channel(c)
	t.mu.Unlock()
	conversation, found := t.set.Mapper.Channel(c)
	note(found)
	load.fills = t.replays() && !slices.ContainsFunc(found, func(f mapping.Finding) bool { return f.Code == mapping.MembersOverLimit && f.Severity == mapping.Stop })
	note(t.nameTaken(c, conversation.UniqueName))
	t.merge.channel(s.SID, c.SID, conversation.UniqueName)
	first := migrate.All
	for m, err := range t.Source.Messages(ctx, s.SID, c.SID, migrate.Span{After: migrate.All}) {
		if err != nil {
			return load, err
		}
		t.done(migrate.KindMessages, 1)
		load.read.messages++
		if m.Attributes != nil && *m.Attributes != "{}" {
			load.attributed++
		}
		want, found := t.set.Mapper.Message(m, mapping.Undated(c, s))
		note(found)
		if m.Media != nil {
			t.count(migrate.KindFiles, 1)
			t.fileBytes.Add(max(0, m.Media.Size))
		}
		if mapping.Skipped(found) {
			continue
		}
		if first == migrate.All {
			first = m.Index
		}
		load.messages++
		if want.Media.SID != "" {
			load.files++
			load.bytes += want.Media.Size
			t.measure(ctx, s.SID, want.Media)
		}
	}
	seen := map[string]chat.Member{}
	var users int64 // of the service, who are members
	for m, err := range t.Source.Members(ctx, s.SID, c.SID) {
		if err != nil {
			return load, err
		}
		t.done(migrate.KindMembers, 1)
		load.read.members++
		identity := t.set.Mapper.Identity(m.Identity)
		if before, twice := seen[identity]; twice {
			note(t.set.Mapper.MemberTwice(m, before))
			continue
		}
		seen[identity] = chat.Member{
			SID: m.SID, ChannelSID: m.ChannelSID, RoleSID: m.RoleSID,
			LastConsumedMessageIndex: m.LastConsumedMessageIndex, LastConsumptionTimestamp: m.LastConsumptionTimestamp,
		}
		if known.isUser(m.Identity) {
			users++
		}
		note(t.member(m, roles, known, first, &load))
	}
	kept, err := t.horizonsThere(ctx, c.SID, seen)
	if err != nil {
		return load, err
	}
	note(kept)
	for i, err := range migrate.UnlessWithheld(t.Source.Invites(ctx, s.SID, c.SID), func() { note(t.set.Mapper.NotShown(migrate.KindInvites, c.SID, c.SID)) }) {
		if err != nil {
			return load, err
		}
		t.count(migrate.KindInvites, 1)
		_, add, found := t.set.Mapper.Invite(i, roles)
		note(found)
		if _, member := seen[t.set.Mapper.Identity(i.Identity)]; add && !member {
			note(t.joins(chat.Member{SID: i.SID, ChannelSID: i.ChannelSID, Identity: i.Identity, Raw: i.Raw}, known, &load))
		}
	}
	for w, err := range migrate.UnlessWithheld(t.Source.Webhooks(ctx, s.SID, c.SID), func() { note(t.set.Mapper.NotShown(migrate.KindWebhooks, c.SID, c.SID)) }) {
		if migrate.Unreadable(err) {
			t.leaveOut(migrate.KindWebhooks, c.SID, err) // the rest of the channel would be carried
			break
		}
		if err != nil {
			return load, err
		}
		t.count(migrate.KindWebhooks, 1)
		_, carried, found := t.set.Mapper.ChannelWebhook(w)
		note(found)
		if carried {
			load.webhooks++
		}
	}
	t.done(migrate.KindChannels, 1)
	way, why := routeOf(t.set, c)
	var strangers int64
	if way == Promote {
		strangers = int64(known.users) - users
		note(t.set.Mapper.SightLost(c, int64(known.users), strangers))
		t.loses(c, int64(len(seen)), strangers)
	}
	row := ChannelRow{
		ServiceSID: s.SID, SID: c.SID, FriendlyName: c.FriendlyName, UniqueName: c.UniqueName, Type: c.Type,
		Members: int64(len(load.members)), Messages: load.messages, Route: way, Reason: why, Writes: load.lane() + 1,
		SightLost: strangers, Findings: []string{},
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		row.Findings = append(row.Findings, string(code))
	}
	t.row(row)
	return load, nil
}

// member counts one member and returns what mapping found.
func (t *audit) member(m chat.Member, roles mapping.Roles, known *people, first int64, load *channelLoad) []mapping.Finding {
	_, found := t.set.Mapper.Member(m, roles)
	if mapping.Skipped(found) {
		return found
	}
	found = append(found, t.joins(m, known, load)...)
	if m.LastConsumedMessageIndex == nil {
		return found
	}
	_, ok, lost := t.set.Mapper.Horizon(m, func(old int64) (int64, bool) { return old, first != migrate.All && first <= old })
	if ok {
		load.horizons++
	}
	return append(found, lost...)
}

// joins counts somebody who comes into a conversation, and returns what is found if the
// source has no such user, or the conversation no room.
func (t *audit) joins(m chat.Member, known *people, load *channelLoad) (found []mapping.Finding) {
	id, fresh := known.id(m.Identity)
	if fresh {
		_, found = t.set.Mapper.MissingUser(m.Identity)
	}
	t.merge.joins(t.set.Mapper.Identity(m.Identity))
	if load.fills {
		found = append(found, t.set.Mapper.Full(m, len(load.members))...)
	}
	load.members = append(load.members, id)
	return found
}
