package emulator

import (
	"encoding/json"
	"iter"
	"slices"
)

func (s *edition) listMembers(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	names := x.Query["Identity"]
	wanted := func(m member) bool { return len(names) == 0 || slices.Contains(names, m.identity) }
	return list(s, x, s.pages.members,
		func(after int64) iter.Seq2[int64, member] { return kept(c.members.from(after), wanted) },
		func(m member) any { return s.listed(aMember, m.raw) })
}

func (s *edition) fetchMember(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	m, found := c.members.find(x.args[2])
	if !found {
		return Reply{}, notFound("Member", x.args[2])
	}
	return ok(s.whole(aMember, m.raw))
}

func (s *edition) listInvites(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	names := x.Query["Identity"]
	wanted := func(raw json.RawMessage) bool {
		h, err := readHeader(raw)
		return err == nil && (len(names) == 0 || slices.Contains(names, h.Identity))
	}
	return s.resources(x, anInvite, s.pages.invites,
		func(after int64) iter.Seq2[int64, json.RawMessage] { return kept(c.invites.from(after), wanted) })
}

func (s *edition) fetchInvite(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	return s.fetched("Invite", anInvite, &c.invites, x.args[2])
}

func (s *edition) listMessages(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	backwards, err := newestFirst(x)
	if err != nil {
		return Reply{}, err
	}
	return s.resources(x, aMessage, s.pages.messages,
		func(after int64) iter.Seq2[int64, json.RawMessage] { return c.history.from(after, backwards) })
}

func (s *edition) fetchMessage(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	raw, found := c.history.find(x.args[2])
	if !found {
		return Reply{}, notFound("Message", x.args[2])
	}
	return ok(s.whole(aMessage, raw))
}
