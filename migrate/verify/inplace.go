package verify

import (
	"context"
	"hash/maphash"
	"iter"
	"strings"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// InPlaceCommand is Verification.Command of a comparison in place.
const InPlaceCommand = "verify --in-place"

// InPlace reads channels through Chat and through Conversations of the same
// account, where they have the same SIDs, and compares what both show: the channel
// itself, its members and how far they have read, and its messages with size, type
// and name of their files. Nothing is mapped, no policy counts, and no ledger is
// needed. What Chat does not show is not compared, and named in
// Verification.NotShown.
//
// A channel that Conversations does not show is one difference of Class NotVisible,
// whatever is in it. Conversations that Chat does not show are not looked for.
type InPlace struct {
	Source   migrate.Source
	Target   migrate.TargetReader // of the same account
	Observer migrate.Observer     // may be nil
	Settings migrate.Settings     // Services, Concurrency and Settle count
}

// Run compares everything that the settings select and calls report for each
// difference, one at a time: each was there at two looks, a settle time apart. It
// keeps up to 65,536 numbers for each channel that is at work.
func (v *InPlace) Run(ctx context.Context, report func(Difference)) (Verification, error) {
	c := newComparison(&Verifier{
		Source: v.Source, Target: migrate.WithoutClaim(v.Target), Observer: v.Observer, Settings: v.Settings,
	}, InPlaceCommand, func(d Difference) error { report(d); return nil })
	shown := map[string]bool{}
	for s, err := range v.Target.Services(ctx) {
		if err != nil {
			return c.result, err
		}
		shown[s.SID] = true
	}
	p := &inPlace{comparison: c, shown: shown, hidden: map[string]bool{}}
	found, err := c.whole(ctx, p.service)
	for _, what := range []string{hiddenFiles, hiddenMemberAttributes} {
		if p.hidden[what] {
			found.NotShown = append(found.NotShown, what)
		}
	}
	return found, err
}

// What Chat v1 does not show.
const (
	hiddenFiles            = "files of messages"
	hiddenMemberAttributes = "attributes of members"
)

// inPlace is the state of one InPlace.Run.
type inPlace struct {
	*comparison
	shown  map[string]bool // services that Conversations shows
	hidden map[string]bool // what Chat does not show; guarded by comparison.mu
}

// hides notes that Chat does not show something.
func (p *inPlace) hides(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hidden[what] = true
}

func (p *inPlace) service(ctx context.Context, s chat.Service) error {
	one := migrate.SummaryService{SourceSID: s.SID, FriendlyName: s.FriendlyName}
	if p.shown[s.SID] {
		one.TargetSID = s.SID
	}
	p.result.Services = append(p.result.Services, one)
	p.compared(migrate.KindServices, 1)
	if !p.shown[s.SID] {
		p.missing(migrate.KindServices, 1)
		return p.report(Difference{Class: NotVisible, Kind: migrate.KindServices, SourceSID: s.SID, Name: s.FriendlyName, Detail: "Conversations of this account does not list the service"})
	}
	listed := func(ctx context.Context) iter.Seq2[chat.Channel, error] { return p.Source.Channels(ctx, s.SID) }
	var again later[secondLook]
	err := drain.Each(ctx, p.set.Concurrency, listed, func(c chat.Channel) drain.Job {
		c.Raw = nil
		p.tally.Expect(migrate.KindChannels, 1)
		p.tally.Expect(migrate.KindMessages, c.MessagesCount)
		p.tally.Expect(migrate.KindMembers, c.MembersCount)
		return func(ctx context.Context) error { return p.channel(ctx, s.SID, c, &again) }
	})
	if err != nil {
		return err
	}
	return again.each(ctx, p.set.Concurrency, p.set.Settle, func(ctx context.Context, second secondLook) error {
		return p.look(ctx, s.SID, second)
	})
}

// secondLook is at a channel that differed, or was deleted while it was read.
type secondLook struct {
	listed chat.Channel
	first  *look // nil if it was deleted
}

// channel compares one channel, and looks a second time, later, before it says that
// something differs: people are at work, and one list may lag behind the other.
func (p *inPlace) channel(ctx context.Context, serviceSID string, listed chat.Channel, again *later[secondLook]) error {
	first, err := p.firstLook(ctx, serviceSID, listed)
	switch {
	case err != nil && migrate.KindOf(err) == migrate.NotFound: // deleted while it was read
		again.add(secondLook{listed: listed})
		return nil
	case err == nil && first.differences > 0:
		again.add(secondLook{listed, first})
		return nil
	}
	return p.told(listed, first, err)
}

// look looks a second time.
func (p *inPlace) look(ctx context.Context, serviceSID string, second secondLook) (err error) {
	first, listed := second.first, second.listed
	if first == nil {
		if first, err = p.firstLook(ctx, serviceSID, listed); err == nil && first.differences > 0 {
			err = drain.Signal(nil).Wait(ctx, p.set.Settle)
		}
	}
	last := first
	if err == nil && first.differences > 0 {
		last = newLook(p, serviceSID, listed)
		last.tell = func(d Difference) error {
			if !first.had(d) {
				return nil
			}
			last.lacks = last.lacks || d.Class == Missing
			return p.report(d)
		}
		err = last.whole(ctx)
	}
	return p.told(listed, last, err)
}

// told counts what the last look at a channel came to.
func (p *inPlace) told(listed chat.Channel, last *look, err error) error {
	if migrate.Unreadable(err) {
		p.countUnread(listed.MembersCount, listed.MessagesCount)
		return p.report(Difference{Class: Missing, Kind: migrate.KindChannels, Channel: listed.SID, SourceSID: listed.SID, Name: nameOf(listed), ChannelName: nameOf(listed), Detail: err.Error()})
	}
	if err != nil {
		return err
	}
	last.count()
	return nil
}

func (p *inPlace) firstLook(ctx context.Context, serviceSID string, listed chat.Channel) (*look, error) {
	l := newLook(p, serviceSID, listed)
	l.tell = l.remember
	return l, l.whole(ctx)
}

// look is one reading of both sides of a channel.
type look struct {
	*inPlace
	service string
	listed  chat.Channel
	channel chat.Channel // read whole
	tell    func(Difference) error

	gone, invisible   bool // from Chat, in Conversations
	lacks             bool // something that is in the channel
	members, messages int64
	differences       int64
	files             int64
	seen              map[uint64]struct{}
}

func newLook(p *inPlace, serviceSID string, listed chat.Channel) *look {
	return &look{inPlace: p, service: serviceSID, listed: listed, seen: map[uint64]struct{}{}}
}

// remember keeps a number for each difference. Beyond windowMost of them the second
// look is believed.
func (l *look) remember(d Difference) error {
	if len(l.seen) < windowMost {
		l.seen[numberOf(d)] = struct{}{}
	}
	return nil
}

// had reports whether a look found a difference as well.
func (l *look) had(d Difference) bool {
	_, seen := l.seen[numberOf(d)]
	return seen || len(l.seen) >= windowMost
}

func numberOf(d Difference) uint64 {
	i := itemOf(d)
	return maphash.String(seed, strings.Join([]string{string(i.class), i.kind, i.channel, i.source, i.target, i.field}, "\x00"))
}

// add tells of a difference of the channel.
func (l *look) add(d Difference) error {
	d.Channel, d.ChannelName = l.listed.SID, nameOf(l.channel)
	if d.Kind == migrate.KindChannels {
		d.SourceSID, d.Name = l.listed.SID, d.ChannelName
		if d.Class != NotVisible {
			d.TargetSID = l.listed.SID
		}
	}
	l.differences++
	return l.tell(d)
}

func (l *look) whole(ctx context.Context) error {
	l.channel = l.listed
	c, err := l.Source.Channel(ctx, l.service, l.listed.SID)
	if err != nil && migrate.KindOf(err) == migrate.NotFound {
		l.gone = true
		return nil
	}
	if err != nil {
		return err
	}
	c.Raw = nil
	l.channel = c
	have, err := l.Target.Conversation(ctx, l.service, c.SID)
	if err != nil && migrate.KindOf(err) == migrate.NotFound {
		l.invisible = true
		return l.add(Difference{Class: NotVisible, Kind: migrate.KindChannels, Field: "type", Detail: whyNotVisible(c)})
	}
	if err != nil {
		return err
	}
	if err := l.compareFields(c, have); err != nil {
		return err
	}
	if err := l.compareMessages(ctx); err != nil {
		return err
	}
	return l.compareMembers(ctx)
}

// whyNotVisible ends with what to do next.
func whyNotVisible(c chat.Channel) string {
	if c.Type == chat.PrivateChannel {
		return "private, but Conversations does not find it; ask Twilio why, or copy it: chatbridge migrate --replay --channel " + c.SID
	}
	return "still public; to make it private: chatbridge migrate --in-place --channel " + c.SID
}

func (l *look) compareFields(c chat.Channel, have conversations.Conversation) error {
	for _, f := range []struct {
		class Class
		name  string
		equal bool
	}{
		{Altered, "friendly_name", c.FriendlyName == have.FriendlyName},
		{Altered, "unique_name", c.UniqueName == have.UniqueName},
		{Altered, "attributes", sameShown(c.Attributes, have.Attributes)},
		{WrongDate, "date_created", !differs(toSecond(c.DateCreated), have.DateCreated)},
	} {
		if f.equal {
			continue
		}
		if err := l.add(Difference{Class: f.class, Kind: migrate.KindChannels, Field: f.name}); err != nil {
			return err
		}
	}
	return nil
}

// count counts a channel with what is in it, after the last look.
func (l *look) count() {
	switch {
	case l.gone:
		return
	case l.invisible:
		l.countUnread(l.channel.MembersCount, l.channel.MessagesCount)
		return
	}
	l.compared(migrate.KindChannels, 1)
	l.compared(migrate.KindMembers, l.members)
	l.compared(migrate.KindMessages, l.messages)
	l.compared(migrate.KindFiles, l.files)
	if l.lacks {
		l.missing(migrate.KindChannels, 1)
	}
}
