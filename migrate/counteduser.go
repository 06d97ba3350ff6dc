package migrate

import (
	"context"
	"iter"
	"maps"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
)

// Users adds up what the users say. A user who is in no channel, and whom no reading
// shows, is missed by nothing.
func (c *counted) Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error] {
	return func(yield func(chat.User, error) bool) {
		var joined int64
		r := reading[chat.User]{
			list: func() iter.Seq2[chat.User, error] { return c.Source.Users(ctx, serviceSID) },
			sid:  func(u chat.User) string { return u.SID },
			came: func(u chat.User) { joined += u.JoinedChannelsCount },
		}
		if !r.twice(yield) {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.service(serviceSID).joined, c.service(serviceSID).known = joined, true
	}
}

// show takes note of a channel that a list shows.
func (c *counted) show(serviceSID string, ch chat.Channel) {
	c.announce(ch)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.service(serviceSID)
	delete(s.named, ch.SID)
	c.change(ch.SID, func(one *countedChannel) {
		if !one.listed && !one.joined {
			s.unread++
		}
		one.listed = true
	})
	if ch.DateCreated.After(s.latest) {
		s.latest = ch.DateCreated.Time
	}
}

// UserChannels holds the list of channels to those that users are in.
func (c *counted) UserChannels(ctx context.Context, serviceSID, userSID string) iter.Seq2[chat.UserChannel, error] {
	return func(yield func(chat.UserChannel, error) bool) {
		for one, err := range c.Source.UserChannels(ctx, serviceSID, userSID) {
			if !yield(one, err) || err != nil {
				return
			}
			if one.Status == chat.Joined {
				c.name(serviceSID, one.ChannelSID)
			}
		}
		c.mu.Lock()
		listed := c.service(serviceSID).listed
		c.mu.Unlock()
		if !listed {
			return
		}
		if err := c.missing(ctx, serviceSID); err != nil {
			yield(chat.UserChannel{}, err)
		}
	}
}

func (c *counted) name(serviceSID, channelSID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.channel(channelSID).listed {
		return
	}
	s := c.service(serviceSID)
	if s.named == nil {
		s.named = map[string]bool{}
	}
	s.named[channelSID] = true
}

// missing is the error for a list of channels, read to its end, without one that a
// user is in. One that is newer than all that came was made since.
func (c *counted) missing(ctx context.Context, serviceSID string) error {
	c.mu.Lock()
	s := c.service(serviceSID)
	s.listed = true
	named, latest := slices.Sorted(maps.Keys(s.named)), s.latest
	c.mu.Unlock()
	for _, sid := range named {
		ch, err := c.Source.Channel(ctx, serviceSID, sid)
		if err != nil && KindOf(err) != NotFound {
			return err
		}
		c.mu.Lock()
		delete(s.named, sid)
		c.mu.Unlock()
		if err == nil && !ch.DateCreated.After(latest) {
			return short("list channels", serviceSID, "a user is in %s, which the list does not show", sid)
		}
	}
	return nil
}

// came adds up the members of a channel, the first time they are read. When those of
// all channels were, the users are in as many as that, or something was not shown.
func (c *counted) came(ctx context.Context, serviceSID, channelSID string, members int64) {
	c.mu.Lock()
	s, one := c.service(serviceSID), c.channel(channelSID)
	if one.joined {
		c.mu.Unlock()
		return
	}
	c.change(channelSID, func(one *countedChannel) { one.joined = true })
	s.seen += members
	if one.listed {
		s.unread--
	}
	joined, seen, differ := s.joined, s.seen, s.known && s.listed && s.unread == 0 && s.joined > s.seen
	c.mu.Unlock()
	if differ {
		c.sayMemberships(ctx, serviceSID, joined, seen)
	}
}

// sayMemberships finds once that users are in another number of channels than there
// are members.
func (c *counted) sayMemberships(ctx context.Context, serviceSID string, joined, members int64) {
	c.mu.Lock()
	said := c.service(serviceSID).said
	c.service(serviceSID).said = true
	c.mu.Unlock()
	if !said {
		Note(ctx, mapping.Mapper{}.CountsDiffer(serviceSID, "", "joined_channels_count", joined, members))
	}
}
