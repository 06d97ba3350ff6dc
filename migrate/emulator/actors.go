package emulator

import (
	"fmt"
	"time"
)

// PostAs writes a message into a conversation of the target as its author would
// from an app, dated now, and returns its SID. It counts against no limit.
func (e *Emulator) PostAs(conversationSID, author, body string) (messageSID string, err error) {
	err = e.inConversation(conversationSID, func(s *service, c *conversation, now time.Time) error {
		m := e.target.post(s, c, message{id: e.target.newID(), author: author, body: body, created: dateOf(now), updated: noDate})
		e.target.diary.wrote(m.id, Person)
		messageSID = m.id.sid("IM")
		return nil
	})
	return messageSID, err
}

// StartAs makes a conversation of the target as a person may from an app, who
// chooses its name and attributes and joins it, and returns its SID.
func (e *Emulator) StartAs(serviceSID, identity, name, attributes string) (conversationSID string, err error) {
	t := e.target
	defer t.lock()()
	s, found := t.services.find(serviceSID)
	if !found {
		return "", fmt.Errorf("start conversation: no service %s", serviceSID)
	}
	return t.start(s, identity, name, attributes, e.now()).sid, nil
}

// start is called with the lock held.
func (t *target) start(s *service, identity, name, attributes string, now time.Time) *conversation {
	c := &conversation{
		state: stateActive, creator: identity, name: name, attributes: attributes, byIdentity: map[string]*participant{},
		created: dateOf(now), updated: dateOf(now), active: dateOf(now), id: t.newID(),
	}
	c.sid = c.id.sid("CH")
	s.add(c)
	p := &participant{identity: identity, role: s.configuration.conversationRole, created: dateOf(now), updated: dateOf(now)}
	_ = t.join(s, c, p, now) // whoever is in too many conversations stays out of this one
	t.diary.wrote(c.id, Person)
	t.diary.wrote(p.id, Person)
	return c
}

// AppendToChannel writes a message into a channel of the source, dated now, and
// returns its SID.
func (e *Emulator) AppendToChannel(channelSID, from, body string) (messageSID string, err error) {
	err = e.changeChannel(channelSID, func(v *chatService, c *channel, now time.Time) error {
		messageSID = e.append(v, c, from, body, now)
		return nil
	})
	return messageSID, err
}

func (e *Emulator) append(v *chatService, c *channel, from, body string, now time.Time) (messageSID string) {
	index := c.history.nextIndex()
	messageSID = newID(mix(e.config.Seed, 3, uint64(index)), hash(c.sid)).sid("IM")
	account := fields(c.raw)["account_sid"]
	self := "https://chat.twilio.com/v1/Services/" + v.sid + "/Channels/" + c.sid
	raw := with(encode(0, chatMessageView{
		SID: messageSID, ServiceSID: v.sid, To: c.sid, ChannelSID: c.sid, DateCreated: stamp(now), DateUpdated: stamp(now),
		From: from, Body: body, Attributes: "{}", Index: index, URL: self + "/Messages/" + messageSID,
	}).Body, map[string]any{"account_sid": account})
	if i, isSID := parseID("IM", messageSID); isSID {
		e.mischief.born(i)
	}
	c.history.recent = append(c.history.recent, chatMessage{index, messageSID, raw})
	return messageSID
}

// EditInChannel changes the body of a message of the source.
func (e *Emulator) EditInChannel(channelSID, messageSID, body string) error {
	return e.changeChannel(channelSID, func(_ *chatService, c *channel, now time.Time) error {
		index, found := c.history.indexOf(messageSID)
		if !found {
			return fmt.Errorf("no message %s", messageSID)
		}
		_, raw := c.history.at(c.history.position(index))
		c.history.edit(index, with(raw, map[string]any{"body": body, "was_edited": true, "date_updated": stamp(now)}))
		return nil
	})
}

// DeleteInChannel deletes a message of the source. Its index stays unused.
func (e *Emulator) DeleteInChannel(channelSID, messageSID string) error {
	return e.changeChannel(channelSID, func(_ *chatService, c *channel, _ time.Time) error {
		index, found := c.history.indexOf(messageSID)
		if !found {
			return fmt.Errorf("no message %s", messageSID)
		}
		c.history.delete(index)
		return nil
	})
}

// DeleteChannel deletes a channel of the source with everything in it.
func (e *Emulator) DeleteChannel(channelSID string) error {
	return e.changeChannel(channelSID, func(v *chatService, c *channel, _ time.Time) error {
		v.channels.remove(c.sid)
		delete(v.names, c.unique)
		return nil
	})
}

func (e *Emulator) changeChannel(sid string, change func(*chatService, *channel, time.Time) error) error {
	s := e.source
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.services.all() {
		c, found := v.channels.find(sid)
		if !found {
			continue
		}
		if err := change(v, c, e.now()); err != nil {
			return fmt.Errorf("change channel %s: %w", sid, err)
		}
		c.raw = with(c.raw, map[string]any{"messages_count": c.history.counted(e.config.Unkind.CountsDeleted), "date_updated": stamp(e.now())})
		return nil
	}
	return fmt.Errorf("change channel: no channel %s", sid)
}

// Channel names a channel of the source.
type Channel struct {
	ServiceSID, SID string
	Type            string // public or private
	Messages        int
}

// Channels lists the channels of the source, as they are now.
func (e *Emulator) Channels() []Channel {
	e.source.mu.RLock()
	defer e.source.mu.RUnlock()
	var out []Channel
	for v := range e.source.services.all() {
		for c := range v.channels.all() {
			out = append(out, Channel{v.sid, c.sid, c.kind, c.history.len()})
		}
	}
	return out
}
