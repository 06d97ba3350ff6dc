package emulator

import (
	"encoding/json"
	"iter"
	"slices"
)

func (s *source) listMembers(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	names := x.Query["Identity"]
	wanted := func(m member) bool { return len(names) == 0 || slices.Contains(names, m.identity) }
	return list(s, x, memberPages,
		func(after int64) iter.Seq2[int64, member] { return kept(c.members.from(after), wanted) },
		func(m member) any { return m.raw })
}

func (s *source) fetchMember(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	m, found := c.members.find(x.args[2])
	if !found {
		return Reply{}, notFound("Member", x.args[2])
	}
	return ok(m.raw)
}

func (s *source) listInvites(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	names := x.Query["Identity"]
	wanted := func(raw json.RawMessage) bool {
		h, err := readHeader(raw)
		return err == nil && (len(names) == 0 || slices.Contains(names, h.Identity))
	}
	return list(s, x, invitePages,
		func(after int64) iter.Seq2[int64, json.RawMessage] { return kept(c.invites.from(after), wanted) }, asIs)
}

func (s *source) fetchInvite(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	return fetched("Invite", &c.invites, x.args[2])
}

func (s *source) listMessages(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	backwards, err := newestFirst(x)
	if err != nil {
		return Reply{}, err
	}
	return list(s, x, chatMessagePages,
		func(after int64) iter.Seq2[int64, json.RawMessage] { return c.history.from(after, backwards) },
		attributesHidden)
}

func (s *source) fetchMessage(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	raw, found := c.history.find(x.args[2])
	if !found {
		return Reply{}, notFound("Message", x.args[2])
	}
	return ok(raw)
}

// userChannelView is what Chat shows of a user in a channel.
type userChannelView struct {
	AccountSID   json.RawMessage   `json:"account_sid"`
	ServiceSID   string            `json:"service_sid"`
	ChannelSID   string            `json:"channel_sid"`
	MemberSID    json.RawMessage   `json:"member_sid"`
	Status       string            `json:"status"`
	LastConsumed json.RawMessage   `json:"last_consumed_message_index"`
	Unread       *int64            `json:"unread_messages_count"`
	Links        map[string]string `json:"links"`
}

func (s *source) listUserChannels(x *Exchange, v *chatService) (Reply, error) {
	raw, found := v.users.find(v.userSID(x.args[1]))
	if !found {
		return Reply{}, notFound("User", x.args[1])
	}
	h, err := readHeader(raw)
	if err != nil {
		return Reply{}, err
	}
	return list(s, x, userChannelPages, func(after int64) iter.Seq2[int64, userChannelView] {
		return func(yield func(int64, userChannelView) bool) {
			for place, c := range v.channels.from(after) {
				if view, in := showUserChannel(x, v, c, h.Identity); in && !yield(place, view) {
					return
				}
			}
		}
	}, func(view userChannelView) any { return view })
}

func showUserChannel(x *Exchange, v *chatService, c *channel, identity string) (userChannelView, bool) {
	for m := range c.members.all() {
		if m.identity != identity {
			continue
		}
		f := fields(m.raw)
		return userChannelView{
			AccountSID: f["account_sid"], ServiceSID: v.sid, ChannelSID: c.sid, MemberSID: f["sid"], Status: "joined",
			LastConsumed: f["last_consumed_message_index"],
			Links:        map[string]string{"channel": x.url("Services", v.sid, "Channels", c.sid)},
		}, true
	}
	return userChannelView{}, false
}
