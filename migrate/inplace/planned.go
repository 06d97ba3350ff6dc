package inplace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Plan reads who is where, and says who would be added. It writes nothing. Lines
// that name no channel or nobody, and limits that somebody would exceed, are an error
// of Kind Usage that names them.
//
// It holds every user of one service, and of each channel those who are to be added,
// at most as many as a conversation can have.
func (a *Additions) Plan(ctx context.Context) (Added, error) {
	p := &planning{Additions: a, exact: map[string][]Wish{}, met: map[int]bool{}, known: map[int]bool{}}
	for _, w := range a.Wishes {
		if strings.ContainsAny(w.Channel, `*?[\\`) {
			p.globs = append(p.globs, w)
		}
		p.exact[w.Channel] = append(p.exact[w.Channel], w)
	}
	p.result.Channels, p.result.Bill.PricesRead = []ChannelAdded{}, migrate.PricesRead
	selected, err := migrate.ReadServices(ctx, a.Source, a.Settings.Services)
	if err != nil {
		return p.result, err
	}
	for _, s := range selected {
		if err := p.service(ctx, s); err != nil {
			return p.result, err
		}
	}
	if err := p.mistakes(); err != nil {
		return p.result, err
	}
	return p.result, p.over.err()
}

// planning is the state of one Additions.Plan.
type planning struct {
	*Additions
	result Added
	exact  map[string][]Wish // by what they name
	globs  []Wish
	met    map[int]bool // lines whose channel is there
	known  map[int]bool // and whose person is a user of its service
	over   limits
}

// joining is a user, and how many channels they are in and come into.
type joining struct {
	joined int64
	more   int64
}

func (p *planning) service(ctx context.Context, s chat.Service) error {
	users, order := map[string]*joining{}, []string{}
	for u, err := range p.Source.Users(ctx, s.SID) {
		if err != nil {
			return err
		}
		if _, twice := users[u.Identity]; !twice && u.Identity != "" {
			users[u.Identity] = &joining{joined: u.JoinedChannelsCount}
			order = append(order, u.Identity)
		}
	}
	admits, err := p.Target.Limits(ctx, s.SID)
	if err != nil {
		return err
	}
	admits.ChannelMembers = cmp.Or(admits.ChannelMembers, migrate.DefaultChannelMembers)
	admits.UserChannels = cmp.Or(admits.UserChannels, migrate.DefaultUserChannels)
	var channels []ChannelAdded
	for c, err := range p.Source.Channels(ctx, s.SID) {
		if err != nil {
			return err
		}
		wanted, err := p.wanted(ctx, c, users, order)
		if err != nil {
			return err
		}
		if len(wanted) == 0 {
			continue
		}
		one, err := p.channel(ctx, s, c, wanted, admits.ChannelMembers)
		if err != nil {
			return err
		}
		for _, identity := range one.Identities {
			users[identity].more++
		}
		if one.People > 0 {
			channels = append(channels, one)
		}
	}
	slices.SortFunc(channels, func(a, b ChannelAdded) int { return cmp.Compare(a.SID, b.SID) })
	p.result.Channels = append(p.result.Channels, channels...)
	for _, identity := range order {
		u := users[identity]
		if u.more == 0 {
			continue
		}
		p.result.Bill.ActiveUsers++
		if most := min(admits.UserChannels, migrate.MaxLimit); u.joined+u.more > int64(most) {
			p.over.person(identity, u.joined+u.more, most)
		}
	}
	return nil
}

// wanted is who is to be in a channel: each of them is a user of its service.
func (p *planning) wanted(ctx context.Context, c chat.Channel, users map[string]*joining, order []string) ([]string, error) {
	formerly, err := p.formerlyPublic(ctx, c)
	if err != nil {
		return nil, err
	}
	if p.Everybody {
		if !formerly {
			return nil, nil
		}
		return order, nil
	}
	var all []string
	asked := map[string]bool{}
	wishes := slices.Clone(p.exact[c.SID])
	if c.UniqueName != "" {
		wishes = append(wishes, p.exact[c.UniqueName]...)
	}
	for _, w := range p.globs {
		if formerly && migrate.Matches(w.Channel, c) {
			wishes = append(wishes, w)
		}
	}
	for _, w := range wishes {
		p.met[w.Line] = true
		if _, user := users[w.Identity]; !user {
			continue
		}
		p.known[w.Line] = true
		if !asked[w.Identity] {
			asked[w.Identity] = true
			all = append(all, w.Identity)
		}
	}
	return all, nil
}

// formerlyPublic reports whether a channel is public, or was until the ledger says
// that it was promoted.
func (p *planning) formerlyPublic(ctx context.Context, c chat.Channel) (bool, error) {
	if c.Type != chat.PrivateChannel || p.Ledger == nil {
		return c.Type != chat.PrivateChannel, nil
	}
	rec, known, err := p.Ledger.Channel(ctx, c.SID)
	return known && rec.Stage == migrate.Done && rec.TargetSID == c.SID, err
}

func (p *planning) channel(ctx context.Context, s chat.Service, c chat.Channel, wanted []string, most int) (ChannelAdded, error) {
	one := ChannelAdded{ServiceSID: s.SID, SID: c.SID, FriendlyName: c.FriendlyName, UniqueName: c.UniqueName, Limit: most}
	members := map[string]bool{}
	for m, err := range p.Source.Members(ctx, s.SID, c.SID) {
		if err != nil {
			return one, err
		}
		members[m.Identity] = true
	}
	one.Members = int64(len(members))
	for _, identity := range wanted {
		if members[identity] {
			p.result.Existing++
			continue
		}
		one.People++
		if one.Members+one.People <= int64(most) {
			one.Identities = append(one.Identities, identity)
		}
	}
	p.result.Participants += one.People
	if one.Members+one.People > int64(most) && one.People > 0 {
		p.over.channel(c, one, most)
		one.Identities = nil
	}
	return one, nil
}

// mistakes names the lines that are none, in their order.
func (p *planning) mistakes() error {
	var first string
	n := 0
	for _, w := range p.Wishes {
		said := ""
		switch {
		case p.Everybody || p.met[w.Line] && p.known[w.Line]:
			continue
		case p.met[w.Line]:
			said = fmt.Sprintf("line %d: %s is no user of the service of channel %s", w.Line, chat.Excerpt(w.Identity), chat.Excerpt(w.Channel))
		default:
			said = fmt.Sprintf("line %d: there is no channel %s among those that are selected, or a glob matches none that is or was public", w.Line, chat.Excerpt(w.Channel))
		}
		if n++; n == 1 {
			first = said
		}
	}
	if n == 0 {
		return nil
	}
	return &migrate.Error{
		Op: "add people", Kind: migrate.Usage, Err: errors.New(first + others(n-1, "more line has a mistake", "more lines have mistakes")),
		Hint: "correct the file and run the same command again; nothing was written",
	}
}

func others(n int, one, many string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "; 1 " + one
	}
	return fmt.Sprintf("; %d %s", n, many)
}

// limits are those that would be exceeded: the first of each kind, and how many.
type limits struct {
	channels, people          int64
	firstChannel, firstPerson string
}

func (l *limits) channel(c chat.Channel, one ChannelAdded, most int) {
	if l.channels++; l.channels == 1 {
		l.firstChannel = fmt.Sprintf("%s %s would have %d participants (%d members and %d to add), and its service admits %d",
			c.SID, mapping.Readable(cmp.Or(c.FriendlyName, c.UniqueName)), one.Members+one.People, one.Members, one.People, most)
	}
}

func (l *limits) person(identity string, would int64, most int) {
	if l.people++; l.people == 1 {
		l.firstPerson = fmt.Sprintf("%s would be in %d channels and conversations, and the service admits %d", chat.Excerpt(identity), would, most)
	}
}

func (l *limits) err() error {
	switch {
	case l.channels > 0:
		return &migrate.Error{
			Op: "add people", Kind: migrate.Usage, Err: errors.New("channel " + l.firstChannel + others(int(l.channels-1), "more channel is too small", "more channels are too small")),
			Hint: fmt.Sprintf("name fewer people with --add-members FILE, or raise the limit of the service (Limits.ChannelMembers of Chat v2, at most %d); nothing was written", migrate.MaxLimit),
		}
	case l.people > 0:
		return &migrate.Error{
			Op: "add people", Kind: migrate.Usage, Err: errors.New(l.firstPerson + others(int(l.people-1), "more person is in too many", "more people are in too many")),
			Hint: fmt.Sprintf("name fewer channels with --add-members FILE, or raise the limit of the service (Limits.UserChannels of Chat v2, at most %d); nothing was written", migrate.MaxLimit),
		}
	}
	return nil
}
