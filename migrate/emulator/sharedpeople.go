package emulator

import (
	"encoding/json"
	"strconv"
	"sync/atomic"
	"time"
)

// joined makes whoever joined a conversation a member of the channel that it is in
// Chat, if it is one. A nil receiver is no service of Chat.
func (v *chatService) joined(in *conversation, p *participant, now time.Time) {
	c := v.channelOf(in)
	if c == nil {
		return
	}
	at := stamp(now)
	self := "https://chat.twilio.com/v1/Services/" + v.sid + "/Channels/" + c.sid
	c.members.add(p.sid(), member{p.identity, encode(0, map[string]any{
		"sid": p.sid(), "account_sid": fields(c.raw)["account_sid"], "service_sid": v.sid, "channel_sid": c.sid,
		"identity": p.identity, "role_sid": optional(p.role), "attributes": attributesOr(p.attributes),
		"last_consumed_message_index": nil, "last_consumption_timestamp": nil,
		"date_created": at, "date_updated": at, "url": self + "/Members/" + p.sid(),
	}).Body})
	v.counts(c, p.identity, 1)
}

// left takes whoever left a conversation out of the channel.
func (v *chatService) left(in *conversation, p *participant, _ time.Time) {
	if c := v.channelOf(in); c != nil && c.members.remove(p.sid()) {
		v.counts(c, p.identity, -1)
	}
}

func (v *chatService) channelOf(in *conversation) *channel {
	if v == nil {
		return nil
	}
	c, _ := v.channels.find(in.sid)
	return c
}

// counts has the counters of a channel and of a user follow.
func (v *chatService) counts(c *channel, identity string, by int64) {
	c.raw = counting(c.raw, "members_count", by)
	sid := v.identities[identity]
	if at, found := v.users.position(sid); found {
		v.users.slots[at].value = counting(v.users.slots[at].value, "joined_channels_count", by)
	}
}

func counting(raw json.RawMessage, name string, by int64) json.RawMessage {
	n, _ := strconv.ParseInt(string(fields(raw)[name]), 10, 64)
	return with(raw, map[string]any{name: n + by})
}

// chatEvents are the push settings of Chat, by what they are in Conversations.
func (n *notifications) chatEvents() map[string]*notification {
	return map[string]*notification{"new_message": &n.newMessage, "added_to_channel": &n.added, "removed_from_channel": &n.removed}
}

// notifications are the push settings that Chat shows. A nil receiver has none.
func (v *chatService) notifications() (n notifications) {
	if v == nil {
		return n
	}
	all := fields(fields(v.raw)["notifications"])
	for name, event := range n.chatEvents() {
		_ = json.Unmarshal(all[name], event) // of a service without, none
	}
	return n
}

// notify sets what sends a push, and leaves the rest of the settings.
func (v *chatService) notify(n notifications, now time.Time) {
	all := map[string]any{}
	for name, value := range fields(fields(v.raw)["notifications"]) {
		all[name] = value
	}
	for name, event := range n.chatEvents() {
		raw, _ := all[name].(json.RawMessage)
		all[name] = with(raw, map[string]any{"enabled": event.Enabled, "template": event.Template})
	}
	v.raw = with(v.raw, map[string]any{"notifications": all, "date_updated": stamp(now)})
}

// unshown is a channel that Conversations does not show yet.
type unshown struct{ requests atomic.Int64 }

func newLate(requests int) *unshown {
	l := &unshown{}
	l.requests.Store(int64(requests))
	return l
}

// hides reports whether one more request does not find it. A nil receiver hides
// nothing.
func (l *unshown) hides() bool { return l != nil && l.requests.Add(-1) >= 0 }
