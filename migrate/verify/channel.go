package verify

import (
	"cmp"
	"context"
	"slices"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/origin"
)

// channel compares one channel, and looks a second time before it says that
// something differs: a reply may lag behind a write, and people may be at work,
// who may also delete what is being read.
func (s *verifiedService) channel(ctx context.Context, listed chat.Channel) error {
	found, err := s.compareChannel(ctx, listed.SID)
	if err != nil && migrate.KindOf(err) == migrate.NotFound || err == nil && found.differ() {
		if err := drain.Signal(nil).Wait(ctx, s.set.Settle); err != nil {
			return err
		}
		found, err = s.compareChannel(ctx, listed.SID)
	}
	switch {
	case migrate.Unreadable(err):
		s.countUnread(listed)
		return s.report(Difference{Class: Missing, Kind: migrate.KindChannels, Channel: listed.SID, SourceSID: listed.SID, Name: nameOf(listed), ChannelName: nameOf(listed), Detail: err.Error()})
	case err != nil:
		return err
	case found.gone:
		return s.extra(listed.SID)
	}
	if err := s.report(found.differences...); err != nil {
		return err
	}
	s.countChannel(found)
	return nil
}

// channelFound is what the comparison of one channel found.
type channelFound struct {
	source, target string       // SIDs of the channel and its conversation
	name           string       // of the channel
	nameless       bool         // a policy goes on without a unique name that is taken
	undated        time.Time    // what the first message gets if it has no date
	born           time.Time    // a moment before the conversation was; zero until it is asked for
	tail           migrate.Tail // what bringing back the end of it takes
	gone           bool         // from the source, since it was listed

	differences               []Difference
	members, messages         int64 // that the source has
	invites, leftInvites      int64
	files, fileBytes          int64 // that both sides have
	leftMembers, leftMessages int64 // of those; a policy leaves them out
}

func (f *channelFound) add(d Difference) {
	d.ChannelName = f.name
	if d.Kind == migrate.KindChannels {
		d.Name = f.name
	}
	f.differences = append(f.differences, d)
}

func nameOf(c chat.Channel) string { return cmp.Or(c.FriendlyName, c.UniqueName) }

// differ reports whether there is anything but what others wrote.
func (f *channelFound) differ() bool {
	return slices.ContainsFunc(f.differences, func(d Difference) bool { return d.Class != Foreign })
}

func (f *channelFound) foreign() bool {
	return slices.ContainsFunc(f.differences, func(d Difference) bool { return d.Class == Foreign })
}

func (s *verifiedService) compareChannel(ctx context.Context, sid string) (*channelFound, error) {
	f := &channelFound{source: sid}
	src, err := s.Source.Channel(ctx, s.source.SID, sid)
	if err != nil && migrate.KindOf(err) == migrate.NotFound {
		f.gone = true
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f.undated, f.name = mapping.Undated(src, s.source), nameOf(src)
	want, found := s.set.Mapper.Channel(src)
	have, ok, err := s.conversationOf(ctx, src, want, f)
	if err != nil {
		return nil, err
	}
	if !ok {
		f.add(Difference{Class: Missing, Kind: migrate.KindChannels, Channel: sid, SourceSID: sid, Detail: string(mapping.Reason(found))})
		return f, s.countSource(ctx, f)
	}
	f.target = have.SID
	f.nameless, _ = s.set.Mapper.NameTaken(src)
	listed := src
	listed.Raw, listed.Attributes = nil, nil
	f.tail = migrate.Tail{Service: s.source, Channel: listed, Roles: s.roles, TargetService: s.target, Conversation: have.SID}
	s.place(sid, have.SID)
	members, err := collect(s.Source.Members(ctx, s.source.SID, sid))
	if err != nil {
		return nil, err
	}
	marks := newHorizonIndex(members)
	if err := s.compareMessages(ctx, sid, have.SID, marks, f); err != nil {
		return nil, err
	}
	if err := s.compareMembers(ctx, sid, have.SID, members, marks, f); err != nil {
		return nil, err
	}
	s.compareFields(src, want, have, f)
	return f, nil
}

// stamp puts the stamp of a channel on other attributes; nil if there is to be none.
func (s *verifiedService) stamp(src chat.Channel) func(string) string {
	if s.set.Mapper.NoStamp {
		return nil
	}
	return func(attributes string) string {
		src.Attributes = &attributes
		again, _ := s.set.Mapper.Channel(src)
		return again.Attributes
	}
}

func (s *verifiedService) compareFields(src chat.Channel, want, have conversations.Conversation, f *channelFound) {
	want.SID, want.State = have.SID, cmp.Or(want.State, "active")
	set := conversationFix{s.target, want}
	if have.State == "" || have.State == want.State {
		set.want.State = "" // left as it is
	}
	at := Difference{Class: Altered, Kind: migrate.KindChannels, Channel: src.SID, SourceSID: src.SID, TargetSID: have.SID}
	for _, c := range []field{
		{"friendly_name", s.agreed.text(want.FriendlyName, have.FriendlyName), unless(want.FriendlyName == "", set)},
		{"unique_name", s.agreed.text(want.UniqueName, have.UniqueName) || have.UniqueName == "" && f.nameless, unless(want.UniqueName == "", set)},
		{"attributes", s.agreed.attributes(src.SID, src.SID, want.Attributes, have.Attributes, s.stamp(src)), set},
		{"state", have.State == "" || have.State == want.State, unless(have.State == "closed", set)},
	} {
		if !c.equal {
			at.Field, at.fix = c.name, c.fix
			f.add(at)
		}
	}
	at.Class, at.fix = WrongDate, set
	if differs(want.DateCreated, have.DateCreated) {
		at.Field = "date_created"
		f.add(at)
	}
	// What others wrote moved it.
	if differs(want.DateUpdated, have.DateUpdated) && !f.foreign() {
		at.Field = "date_updated"
		f.add(at)
	}
}

// differs compares dates. Where the source has none, any will do.
func differs(want, have time.Time) bool { return !want.IsZero() && !want.Equal(have) }

func (s *verifiedService) compareMembers(ctx context.Context, sid, target string, members []chat.Member, marks *horizonIndex, f *channelFound) error {
	there := map[string]conversations.Participant{}
	for p, err := range s.Target.Participants(ctx, s.target, target) {
		if err != nil {
			return err
		}
		there[p.Identity] = p
	}
	seen := map[string]bool{}
	for _, m := range members {
		f.members++
		want, found := s.set.Mapper.Member(m, s.roles)
		if mapping.Skipped(found) || seen[s.set.Mapper.Identity(m.Identity)] { // or listed twice; the first one counts
			f.leftMembers++
			continue
		}
		seen[s.set.Mapper.Identity(m.Identity)] = true
		have, ok := there[want.Identity]
		delete(there, want.Identity)
		if !ok {
			d := Difference{Class: Missing, Kind: migrate.KindMembers, Channel: sid, SourceSID: m.SID, Name: m.Identity, Detail: string(mapping.Reason(found))}
			if !mapping.Blocked(found) {
				h, read, _ := s.set.Mapper.Horizon(m, marks.at)
				d.fix = s.memberFix(f, m.SID, want, h, read)
			}
			f.add(d)
			continue
		}
		rec, err := s.entity(ctx, migrate.MemberEntity, m.SID)
		if err != nil {
			return err
		}
		s.compareMember(sid, m, rec, want, have, marks, f)
	}
	for i, err := range migrate.UnlessWithheld(s.Source.Invites(ctx, s.source.SID, sid), func() {}) {
		if err != nil {
			return err
		}
		f.invites++
		want, add, _ := s.set.Mapper.Invite(i, s.roles)
		if !add {
			f.leftInvites++
		}
		if !add || seen[s.set.Mapper.Identity(i.Identity)] {
			continue // who is a member as well is compared as that
		}
		seen[s.set.Mapper.Identity(i.Identity)] = true
		have, ok := there[want.Identity]
		delete(there, want.Identity)
		invited := chat.Member{SID: i.SID, Identity: i.Identity}
		if !ok {
			f.add(Difference{Class: Missing, Kind: migrate.KindInvites, Channel: sid, SourceSID: i.SID, Name: i.Identity, fix: s.memberFix(f, i.SID, want, conversations.Horizon{}, false)})
			continue
		}
		s.compareMember(sid, invited, migrate.EntityRecord{}, want, have, marks, f)
	}
	for _, p := range there {
		f.add(Difference{Class: Foreign, Kind: migrate.KindMembers, Channel: sid, TargetSID: p.SID, Name: p.Identity})
	}
	return nil
}

func (s *verifiedService) compareMember(sid string, m chat.Member, rec migrate.EntityRecord, want, have conversations.Participant, marks *horizonIndex, f *channelFound) {
	h, read, _ := s.set.Mapper.Horizon(m, marks.at)
	at := Difference{Class: Altered, Kind: migrate.KindMembers, Channel: sid, SourceSID: m.SID, TargetSID: have.SID, Name: m.Identity, fix: s.memberFix(f, m.SID, want, h, read)}
	with := func(class Class, field string) {
		at.Class, at.Field = class, field
		f.add(at)
	}
	theirs := origin.Member(want, have)
	kept := rec.Kept && len(theirs) > 0
	if kept {
		left := at
		left.Class, left.fix, left.Detail = Foreign, nil, "somebody changed it, and it was left so"
		for _, left.Field = range theirs {
			f.add(left)
		}
	}
	if !kept && want.RoleSID != "" && want.RoleSID != have.RoleSID {
		with(WrongRole, "role_sid")
	}
	if !kept && !s.agreed.attributes(m.SID, sid, want.Attributes, have.Attributes, nil) {
		with(Altered, "attributes")
	}
	if differs(want.DateCreated, have.DateCreated) {
		with(WrongDate, "date_created")
	}
	switch {
	case read && have.LastReadMessageIndex != nil && *have.LastReadMessageIndex >= h.LastReadMessageIndex && have.LastReadTimestamp.After(h.LastReadTimestamp):
		at.fix = nil
		with(Foreign, "last_read_message_index") // read on since
		return
	case !read && have.LastReadMessageIndex != nil:
		at.fix = nil // no request takes a horizon away
		with(WrongHorizon, "last_read_message_index")
	case read && (have.LastReadMessageIndex == nil || *have.LastReadMessageIndex != h.LastReadMessageIndex):
		with(WrongHorizon, "last_read_message_index")
	case read && !have.LastReadTimestamp.Equal(h.LastReadTimestamp):
		with(WrongHorizon, "last_read_timestamp")
	}
	if !kept && differs(want.DateUpdated, have.DateUpdated) {
		with(WrongDate, "date_updated")
	}
}
