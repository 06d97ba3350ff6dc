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
)

// channel compares one channel, and looks a second time, later, before it says that
// something differs: a reply may lag behind a write, and people may be at work,
// who may also delete what is being read.
func (s *verifiedService) channel(ctx context.Context, listed chat.Channel) error {
	found, err := s.compareChannel(ctx, listed.SID)
	if err != nil && migrate.KindOf(err) == migrate.NotFound || err == nil && found.differ() {
		s.again.add(chat.Channel{
			SID: listed.SID, FriendlyName: listed.FriendlyName, UniqueName: listed.UniqueName,
			MembersCount: listed.MembersCount, MessagesCount: listed.MessagesCount,
		})
		return nil
	}
	return s.tell(listed, found, err)
}

// secondLook says what it finds, whatever the first one found.
func (s *verifiedService) secondLook(ctx context.Context, listed chat.Channel) error {
	found, err := s.compareChannel(ctx, listed.SID)
	return s.tell(listed, found, err)
}

// tell reports and counts what a comparison of a channel came to.
func (s *verifiedService) tell(listed chat.Channel, found *channelFound, err error) error {
	switch {
	case migrate.Unreadable(err):
		s.countUnread(listed.MembersCount, listed.MessagesCount)
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
	if err := s.compareWebhooks(ctx, f); err != nil {
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
