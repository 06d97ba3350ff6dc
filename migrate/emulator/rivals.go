package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// act lets others write, after a write of the client took effect.
func (m *mischief) act(x *Exchange, op uint64, reply Reply, again func() Reply) {
	if !x.Write() || x.Host != ConversationsHost || x.subject() == "services" || len(x.Path) < 4 || x.Path[3] != "Conversations" {
		return
	}
	made := reply.Status == http.StatusCreated
	if made && x.collection() == "conversations" {
		m.forge(op, reply)
		return
	}
	if len(x.args) < 2 || x.Method == http.MethodDelete {
		return
	}
	if said := made && x.collection() == "messages"; said {
		if x.Form.Has("DateCreated") && m.drawn("second-writer", m.SecondWriter, op) {
			m.emulator.target.twin(x)
			m.copied(again())
		}
		if hits(m.Mirror, mix(m.Seed, hash("mirror"), op)) && m.mirror(x.args[1], op) == nil {
			m.happened("mirror")
		}
	}
	if hits(m.People, mix(m.Seed, hash("people"), op)) && m.somebody(x.args[1], mix(m.Seed, hash("people-do"), op)) == nil {
		m.happened("people")
	}
}

// stampOf is the stamp that attributes bear, and the channel that it names.
func stampOf(attributes string) (stamp json.RawMessage, channelSID string) {
	stamp = fields([]byte(attributes))["chatbridge"]
	var named struct {
		SID string `json:"sid"`
	}
	_ = json.Unmarshal(stamp, &named) // of something else, then: no channel
	return stamp, named.SID
}

// mirror writes one message into both sides, as an application does that
// changes over by writing twice.
func (m *mischief) mirror(conversationSID string, op uint64) error {
	e := m.emulator
	from := ""
	const author = "mirror"
	body := fmt.Sprintf("mirrored %x", op)
	if err := e.inConversation(conversationSID, func(s *service, c *conversation, now time.Time) error {
		if _, from = stampOf(c.attributes); from == "" {
			return fmt.Errorf("it bears no stamp")
		}
		one := e.target.post(s, c, message{id: e.target.newID(), author: author, body: body, created: dateOf(now), updated: noDate})
		e.target.diary.wrote(one.id, Application)
		return nil
	}); err != nil {
		return err
	}
	_, err := e.AppendToChannel(from, author, body)
	return err
}

// copied notes whose message a reply is about.
func (m *mischief) copied(reply Reply) {
	var one struct {
		SID string `json:"sid"`
	}
	if json.Unmarshal(reply.Body, &one) != nil {
		return
	}
	if i, isSID := parseID("IM", one.SID); isSID {
		m.emulator.target.diary.wrote(i, Rival)
	}
}

// forge puts the stamp of a new conversation on another one, or on one that
// somebody makes for it.
func (m *mischief) forge(op uint64, reply Reply) {
	var made struct {
		SID        string `json:"sid"`
		ServiceSID string `json:"chat_service_sid"`
		Attributes string `json:"attributes"`
	}
	if json.Unmarshal(reply.Body, &made) != nil {
		return
	}
	stamp, from := stampOf(made.Attributes)
	if from == "" || !m.drawn("forged-stamp", m.ForgedStamp, op) {
		return
	}
	t := m.emulator.target
	defer t.lock()()
	s, found := t.services.find(made.ServiceSID)
	if !found {
		return
	}
	now := m.emulator.now()
	var victim *conversation
	if n := s.conversations.len(); n > 1 && op%2 == 0 {
		victim = s.conversations.slots[op>>8%uint64(n)].value
	}
	if victim == nil || victim.sid == made.SID {
		victim = t.start(s, "forger", "not what it seems", "", now)
	}
	victim.attributes = string(with([]byte(attributesOr(victim.attributes)), map[string]any{"chatbridge": stamp}))
	victim.touch(now)
}

// somebody does one thing in a conversation. What cannot be done there, such as
// to edit a message where there is none, is an error and is not done.
func (m *mischief) somebody(conversationSID string, n uint64) error {
	e := m.emulator
	who := fmt.Sprintf("visitor-%d", n>>40%5)
	messageSID, identity := e.target.pick(conversationSID, n)
	switch m.PeopleDo[n%uint64(len(m.PeopleDo))] {
	case Write:
		_, err := e.PostAs(conversationSID, who, fmt.Sprintf("hello %x", n>>48))
		return err
	case Edit:
		return e.EditAs(conversationSID, messageSID, "edited by "+who)
	case React:
		return e.ReactAs(conversationSID, messageSID, `{"reactions":{"👍":["`+who+`"]}}`)
	case Delete:
		return e.DeleteAs(conversationSID, messageSID)
	case Join:
		return e.JoinAs(conversationSID, who)
	default:
		return e.LeaveAs(conversationSID, identity)
	}
}

// pick is one of the messages and one of the participants of a conversation;
// empty where it has none.
func (t *target) pick(conversationSID string, n uint64) (messageSID, identity string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, c := t.anywhere(conversationSID)
	if c == nil {
		return "", ""
	}
	if many := uint64(len(c.messages.messages)); many > 0 {
		messageSID = c.messages.messages[n>>8%many].id.sid("IM")
	}
	if many := uint64(c.participants.len()); many > 0 {
		identity = c.participants.slots[n>>16%many].value.identity
	}
	return messageSID, identity
}
