package emulator

import (
	"fmt"
	"time"
)

// EditAs changes the body of a message of the target as a person would from an
// app.
func (e *Emulator) EditAs(conversationSID, messageSID, body string) error {
	return e.changeMessage(conversationSID, messageSID, func(m *message, now date) { m.body, m.updated = body, now })
}

// ReactAs replaces the attributes of a message of the target, which is how apps
// keep reactions.
func (e *Emulator) ReactAs(conversationSID, messageSID, attributes string) error {
	return e.changeMessage(conversationSID, messageSID, func(m *message, now date) { m.attributes, m.updated = attributes, now })
}

// DeleteAs deletes a message of the target. Its index stays unused.
func (e *Emulator) DeleteAs(conversationSID, messageSID string) error {
	return e.inConversation(conversationSID, func(_ *service, c *conversation, _ time.Time) error {
		at, found := c.messages.find(messageSID)
		if !found {
			return fmt.Errorf("no message %s", messageSID)
		}
		e.target.diary.deletedMessage(c, &c.messages.messages[at], Person)
		e.target.media.remove(c.messages.messages[at].files)
		c.messages.remove(at)
		return nil
	})
}

// JoinAs makes a person a participant of a conversation of the target, dated
// now.
func (e *Emulator) JoinAs(conversationSID, identity string) error {
	return e.inConversation(conversationSID, func(s *service, c *conversation, now time.Time) error {
		p := &participant{identity: identity, role: s.configuration.conversationRole, created: dateOf(now), updated: dateOf(now)}
		if err := e.target.join(s, c, p, now); err != nil {
			return err
		}
		e.target.diary.wrote(p.id, Person)
		return nil
	})
}

// LeaveAs takes a person out of a conversation of the target.
func (e *Emulator) LeaveAs(conversationSID, identity string) error {
	return e.inConversation(conversationSID, func(s *service, c *conversation, now time.Time) error {
		p, in := c.byIdentity[identity]
		if !in {
			return fmt.Errorf("no participant %q", identity)
		}
		e.target.diary.deletedParticipant(c, p, Person)
		s.leave(c, p, now)
		return nil
	})
}

func (e *Emulator) changeMessage(conversationSID, messageSID string, change func(*message, date)) error {
	return e.inConversation(conversationSID, func(_ *service, c *conversation, now time.Time) error {
		at, found := c.messages.find(messageSID)
		if !found {
			return fmt.Errorf("no message %s", messageSID)
		}
		e.target.diary.changing(&c.messages.messages[at], Person)
		change(&c.messages.messages[at], dateOf(now))
		return nil
	})
}

// inConversation lets somebody act in a conversation of the target. What people
// do counts against no limit.
func (e *Emulator) inConversation(sid string, act func(*service, *conversation, time.Time) error) error {
	e.landBefore()
	t := e.target
	defer t.lock()()
	s, c := t.anywhere(sid)
	if c == nil {
		return fmt.Errorf("act in conversation: no conversation %s", sid)
	}
	now := e.now()
	if err := act(s, c, now); err != nil {
		return fmt.Errorf("act in conversation %s: %w", sid, err)
	}
	c.touch(now)
	return nil
}

// anywhere finds a conversation in whatever service it is; nil where it is in
// none.
func (t *target) anywhere(sid string) (*service, *conversation) {
	for s := range t.services.all() {
		if c, found := s.conversations.find(sid); found {
			return s, c
		}
	}
	return nil, nil
}
