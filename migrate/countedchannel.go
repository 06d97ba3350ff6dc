package migrate

import (
	"context"
	"iter"
	"math"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
)

// countedChannel is what is known of the numbers of a channel.
type countedChannel struct {
	members, messages int64 // as the channel says
	horizon           int64 // how far the furthest member has read
	newest            int64 // index of the last message that came
	shown             int64 // how many came, if that was said
	countedSteps
}

type countedSteps struct {
	ended  bool // the messages were read to their end
	beyond bool // it was said that a member has read further
	listed bool // a list showed it
	joined bool // its members were read
	said   bool // it was said that another number of messages came
}

// countedChannels are those of all channels, which are held in half the room if every
// number has 32 bits: a service may have a million channels. The zero value is empty.
type countedChannels struct {
	small SIDMap[smallChannel]
	large SIDMap[countedChannel]
}

type smallChannel struct {
	members, messages, horizon, newest, shown int32
	countedSteps
}

// smaller is a channel in 32 bits a number, if they fit.
func smaller(one countedChannel) (s smallChannel, fits bool) {
	s.countedSteps = one.countedSteps
	for _, n := range []struct {
		from int64
		into *int32
	}{{one.members, &s.members}, {one.messages, &s.messages}, {one.horizon, &s.horizon}, {one.newest, &s.newest}, {one.shown, &s.shown}} {
		if n.from < math.MinInt32 || n.from > math.MaxInt32 {
			return s, false
		}
		*n.into = int32(n.from)
	}
	return s, true
}

func (c *countedChannels) value(sid string) (countedChannel, bool) {
	if s, known := c.small.Value(sid); known {
		return countedChannel{
			members: int64(s.members), messages: int64(s.messages), horizon: int64(s.horizon), newest: int64(s.newest), shown: int64(s.shown),
			countedSteps: s.countedSteps,
		}, true
	}
	return c.large.Value(sid)
}

func (c *countedChannels) set(sid string, one countedChannel) {
	if s, fits := smaller(one); fits {
		c.large.Delete(sid)
		c.small.Set(sid, s)
		return
	}
	c.small.Delete(sid)
	c.large.Set(sid, one)
}

// channel is called under the lock, and so is change.
func (c *counted) channel(sid string) countedChannel {
	one, known := c.channels.value(sid)
	if !known {
		return countedChannel{members: -1, messages: -1, horizon: All, newest: All}
	}
	return one
}

func (c *counted) change(sid string, how func(*countedChannel)) {
	one := c.channel(sid)
	how(&one)
	c.channels.set(sid, one)
}

// Members compares how many come with how many the channel has.
func (c *counted) Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error] {
	return func(yield func(chat.Member, error) bool) {
		furthest := All
		r := reading[chat.Member]{
			list: func() iter.Seq2[chat.Member, error] { return c.Source.Members(ctx, serviceSID, channelSID) },
			sid:  func(m chat.Member) string { return m.SID },
			came: func(m chat.Member) {
				if m.LastConsumedMessageIndex != nil {
					furthest = max(furthest, *m.LastConsumedMessageIndex)
				}
			},
		}
		if _, goOn := r.pass(yield); !goOn {
			return
		}
		announced, err := c.announced(ctx, serviceSID, channelSID, membersOf, int64(r.seen.Len()))
		if err != nil {
			yield(chat.Member{}, err)
			return
		}
		shown := r.seen.Len()
		for again := 0; again < rereads && announced > int64(r.seen.Len()); again++ {
			if _, goOn := r.pass(yield); !goOn {
				return
			}
		}
		if fresh := r.seen.Len() - shown; fresh > 0 && announced > int64(r.seen.Len()) {
			yield(chat.Member{}, short("list members", channelSID,
				"later readings showed %d members that the first did not; together they showed %d of %d", fresh, r.seen.Len(), announced))
			return
		}
		if n := int64(r.seen.Len()); announced != n {
			Note(ctx, mapping.Mapper{}.CountsDiffer(channelSID, channelSID, "members_count", announced, n))
		}
		c.came(ctx, serviceSID, channelSID, int64(r.seen.Len()))
		c.read(ctx, channelSID, func(one *countedChannel) { one.horizon = furthest })
	}
}

// Messages compares how many come with how many the channel has, if all are asked
// for and read to the end. A list without any is read again: its other end is as
// empty, and shows nothing that a second reading could be held against.
func (c *counted) Messages(ctx context.Context, serviceSID, channelSID string, span Span) iter.Seq2[chat.Message, error] {
	all := c.Source.Messages(ctx, serviceSID, channelSID, span)
	if span.NewestFirst && span.After != All {
		return all // the newest ones, of which nothing says how many there are
	}
	return func(yield func(chat.Message, error) bool) {
		n, newest := int64(0), All
		for again := 0; again <= rereads && n == 0; again++ {
			if again > 0 {
				if span.After != All {
					break // there may be none after that
				}
				if announced, err := c.announced(ctx, serviceSID, channelSID, messagesOf, 0); err != nil || announced == 0 {
					break // who counts next says what is wrong
				}
				all = c.Source.Messages(ctx, serviceSID, channelSID, span)
			}
			for m, err := range all {
				if !yield(m, err) || err != nil {
					return
				}
				n, newest = n+1, max(newest, m.Index)
			}
		}
		if span.After == All {
			if err := c.counted(ctx, serviceSID, channelSID, n, newest); err != nil {
				yield(chat.Message{}, err)
				return
			}
		}
		if span.After == All || newest > All {
			c.read(ctx, channelSID, func(one *countedChannel) { one.newest, one.ended = newest, true })
		}
	}
}

func (c *counted) counted(ctx context.Context, serviceSID, channelSID string, n, newest int64) error {
	announced, err := c.announced(ctx, serviceSID, channelSID, messagesOf, n)
	if err != nil || announced == n {
		return err
	}
	if announced > n && n > 0 { // none came up to none, however often it is read
		again := int64(0)
		for m, err := range c.Source.Messages(ctx, serviceSID, channelSID, Span{After: All, Listed: true}) {
			if err != nil {
				return err
			}
			if m.Index <= newest { // others may have come since
				again++
			}
		}
		if again > n {
			return short("list messages", channelSID, "%d messages came, but a second reading showed %d up to the same one", n, again)
		}
	}
	c.mu.Lock()
	said := false
	c.change(channelSID, func(one *countedChannel) {
		said = one.said && one.shown == n
		one.said, one.shown = true, n
	})
	c.mu.Unlock()
	if !said {
		Note(ctx, mapping.Mapper{}.CountsDiffer(channelSID, channelSID, "messages_count", announced, n))
	}
	return nil
}

func membersOf(c countedChannel) int64  { return c.members }
func messagesOf(c countedChannel) int64 { return c.messages }

// announced is what a channel says. It is asked anew if that is not n, since it may
// have changed; if it is gone, there is nothing to compare.
func (c *counted) announced(ctx context.Context, serviceSID, channelSID string, of func(countedChannel) int64, n int64) (int64, error) {
	c.mu.Lock()
	said := of(c.channel(channelSID))
	c.mu.Unlock()
	if said == n {
		return n, nil
	}
	_, err := c.Channel(ctx, serviceSID, channelSID)
	if KindOf(err) == NotFound {
		return n, nil
	}
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return of(c.channel(channelSID)), nil
}

// read notes how far something was read, and finds members who have read further
// than the messages go. That is no proof: if the newest message is deleted, they
// have.
func (c *counted) read(ctx context.Context, channelSID string, note func(*countedChannel)) {
	c.mu.Lock()
	var horizon, newest int64
	var beyond bool
	c.change(channelSID, func(one *countedChannel) {
		note(one)
		horizon, newest, beyond = one.horizon, one.newest, one.ended && one.horizon > one.newest && !one.beyond
		one.beyond = one.beyond || beyond
	})
	c.mu.Unlock()
	if beyond {
		Note(ctx, mapping.Mapper{}.HorizonBeyond(channelSID, horizon, newest))
	}
}
