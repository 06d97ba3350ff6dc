package emulator

import (
	"cmp"
	"encoding/json"
	"iter"
)

// userChannelView is what Chat shows of a user in a channel.
type userChannelView struct {
	AccountSID        json.RawMessage   `json:"account_sid"`
	ServiceSID        string            `json:"service_sid"`
	ChannelSID        string            `json:"channel_sid"`
	UserSID           string            `json:"user_sid,omitempty"`
	MemberSID         json.RawMessage   `json:"member_sid"`
	Status            string            `json:"status"`
	LastConsumed      json.RawMessage   `json:"last_consumed_message_index"`
	Unread            *int64            `json:"unread_messages_count"`
	NotificationLevel string            `json:"notification_level,omitempty"`
	URL               string            `json:"url,omitempty"`
	Links             map[string]string `json:"links"`
}

// standing is what an archive says of a user in a channel beyond member and
// invite.
type standing struct {
	UserSID           string `json:"user_sid"`
	ChannelSID        string `json:"channel_sid"`
	Status            string `json:"status"`
	Unread            *int64 `json:"unread_messages_count"`
	NotificationLevel string `json:"notification_level"`
}

func (s *chatService) addStanding(raw json.RawMessage) error {
	var a standing
	if err := json.Unmarshal(raw, &a); err != nil {
		return err
	}
	if a.Status == "not_participating" {
		a.Status = "notParticipating"
	}
	if s.standings == nil {
		s.standings = map[[2]string]standing{}
	}
	s.standings[[2]string{a.UserSID, a.ChannelSID}] = a
	return nil
}

func (s *edition) listUserChannels(x *Exchange, v *chatService) (Reply, error) {
	h, err := v.user(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	return list(s, x, s.pages.userChannels, func(after int64) iter.Seq2[int64, *userChannelView] {
		return func(yield func(int64, *userChannelView) bool) {
			for place, c := range v.channels.from(after) {
				if view := s.userChannel(x, v, c, h); view != nil && !yield(place, view) {
					return
				}
			}
		}
	}, func(view *userChannelView) any { return view })
}

func (s *edition) fetchUserChannel(x *Exchange, v *chatService) (Reply, error) {
	h, err := v.user(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	c, err := v.channel(x.args[2])
	if err != nil {
		return Reply{}, err
	}
	view := s.userChannel(x, v, c, h)
	if view == nil {
		return Reply{}, notFound("UserChannel", c.sid)
	}
	return ok(view)
}

// user reads the header of the user whom a SID or an identity names.
func (s *chatService) user(key string) (header, error) {
	raw, found := s.users.find(s.userSID(key))
	if !found {
		return header{}, notFound("User", key)
	}
	return readHeader(raw)
}

// userChannel is nil where the user has nothing to do with the channel.
func (s *edition) userChannel(x *Exchange, v *chatService, c *channel, of header) *userChannelView {
	said := v.standings[[2]string{of.SID, c.sid}]
	m, in := c.memberOf(of.Identity)
	status := said.Status
	switch {
	case status != "":
	case in:
		status = "joined"
	case c.invited(of.Identity):
		status = "invited"
	default:
		return nil
	}
	view := &userChannelView{
		AccountSID: fields(c.raw)["account_sid"], ServiceSID: v.sid, ChannelSID: c.sid, UserSID: of.SID,
		MemberSID: json.RawMessage("null"), LastConsumed: json.RawMessage("null"),
		Status: status, Unread: said.Unread, NotificationLevel: cmp.Or(said.NotificationLevel, "default"),
		URL:   x.url("Services", v.sid, "Users", of.SID, "Channels", c.sid),
		Links: map[string]string{"channel": x.url("Services", v.sid, "Channels", c.sid)},
	}
	if in {
		f := fields(m.raw)
		view.MemberSID, view.LastConsumed = f["sid"], f["last_consumed_message_index"]
	}
	s.showsUserChannel(view)
	return view
}

func (c *channel) memberOf(identity string) (member, bool) {
	for m := range c.members.all() {
		if m.identity == identity {
			return m, true
		}
	}
	return member{}, false
}

func (c *channel) invited(identity string) bool {
	for raw := range c.invites.all() {
		if h, err := readHeader(raw); err == nil && h.Identity == identity {
			return true
		}
	}
	return false
}
