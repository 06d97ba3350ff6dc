package emulator

import (
	"encoding/json"
	"fmt"
	"time"
)

func (w *world) addChannel(v *chatService, i, size int) error {
	sid := w.id(kindChannel, i).sid("CH")
	past := newInvented(w, i, sid, size)
	kind, unique, attributes := "private", any(nil), "{}"
	if i%3 == 0 {
		kind = "public"
	}
	if i%2 == 0 {
		unique = fmt.Sprintf("room-%d", i+1)
	}
	if i%4 == 0 {
		attributes = fmt.Sprintf(`{"topic": "room %d", "priority": %d}`, i+1, i%7)
	}
	self := w.url("Channels", sid)
	c, err := v.addChannel(encode(0, map[string]any{
		"sid": sid, "account_sid": w.account, "service_sid": w.service, "friendly_name": fmt.Sprintf("Room %d", i+1),
		"unique_name": unique, "attributes": attributes, "type": kind,
		"date_created": stamp(past.began), "date_updated": stamp(past.date(size)), "created_by": w.identity(i % w.Users),
		"members_count": w.Members, "messages_count": size, "url": self,
		"links": map[string]any{
			"members": self + "/Members", "messages": self + "/Messages", "invites": self + "/Invites", "last_message": nil,
		},
	}).Body)
	if err != nil {
		return err
	}
	c.history.base = past
	if w.Files > 0 {
		if v.inventions == nil {
			v.inventions = map[uint64]*channel{}
		}
		v.inventions[past.fileKey()] = c
	}
	for n := range w.Members {
		if err := c.addMember(w.member(sid, i, n, past)); err != nil {
			return err
		}
	}
	return nil
}

// memberNumber is which user the nth member of a channel is.
func (w *world) memberNumber(channel, n int) int {
	return int((w.random(kindMember, uint64(channel))%uint64(w.Users) + uint64(n)) % uint64(w.Users))
}

func (w *world) member(channelSID string, channel, n int, past *invented) json.RawMessage {
	sid := w.id(kindMember, channel<<16+n+1).sid("MB")
	horizon, at := any(nil), any(nil)
	if r := w.random(kindMember, uint64(channel), uint64(n)); past.size > 0 && r%5 != 0 {
		// Any index up to the last, so that some point at deleted messages.
		horizon = int64(r>>8) & (1<<40 - 1) % (past.index(past.size-1) + 1)
		at = stamp(past.date(past.size))
	}
	role := w.roles[3]
	if n == 0 {
		role = w.roles[2]
	}
	joined := stamp(past.began.Add(time.Duration(n) * time.Second))
	return encode(0, map[string]any{
		"sid": sid, "account_sid": w.account, "channel_sid": channelSID, "service_sid": w.service,
		"identity": w.identity(w.memberNumber(channel, n)), "date_created": joined, "date_updated": joined,
		"role_sid": role, "last_consumed_message_index": horizon, "last_consumption_timestamp": at,
		"url": w.url("Channels", channelSID) + "/Members/" + sid,
	}).Body
}
