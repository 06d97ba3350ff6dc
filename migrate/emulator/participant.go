package emulator

import (
	"net/http"
	"time"
)

type participant struct {
	id               id
	identity         string
	attributes, role string
	created, updated date
	read             *int64 // index; nil where never reported
	readAt           string
	muted            bool
}

func (p *participant) sid() string { return p.id.sid("MB") }

var participantPages = listing{key: "participants", max: 100}

func (c *conversation) participant(sid string) (*participant, error) {
	if p, found := c.participants.find(sid); found {
		return p, nil
	}
	return nil, notFound("Participant", sid)
}

// createParticipant takes no horizon: LastReadMessageIndex is ignored, as are
// all parameters that an operation does not have.
func (t *target) createParticipant(x *Exchange, s *service, c *conversation) (Reply, error) {
	if c.stateAt(x.now) == stateClosed {
		return Reply{}, errClosed
	}
	f := form{values: x.Form}
	p := &participant{role: s.configuration.conversationRole, created: dateOf(x.now), updated: dateOf(x.now)}
	if f.has("MessagingBinding.Address") || f.has("MessagingBinding.ProxyAddress") {
		return Reply{}, invalid(50373, "Only chat participants: no messaging service is attached")
	}
	f.identity(&p.identity)
	f.participant(s, p)
	if f.err != nil {
		return Reply{}, f.err
	}
	if err := t.join(s, c, p, x.now); err != nil {
		return Reply{}, err
	}
	c.touch(x.now)
	if s.notifications.added.Enabled || s.twin.notifications().added.Enabled {
		t.counts.pushes.Add(1)
	}
	t.fire(x, s, c, "onParticipantAdded")
	x.rejoined = c.left[p.identity]
	return created(t.showParticipant(x, s, c, p))
}

func (f *form) participant(s *service, p *participant) {
	f.attributes(&p.attributes, maxMessageAttributes)
	f.role(s, "RoleSid", &p.role, conversationRole)
	f.date("DateCreated", &p.created)
	f.date("DateUpdated", &p.updated)
}

// join adds a participant, unless there are too many.
func (t *target) join(s *service, c *conversation, p *participant, now time.Time) error {
	if _, in := c.byIdentity[p.identity]; in {
		return refuse(http.StatusConflict, 50433, "Participant already exists")
	}
	if most := t.participantLimit(s); c.participants.len() >= most {
		return refuse(http.StatusForbidden, 50417, "Participant limit of %d exceeded", most)
	}
	if most := t.conversationLimit(s); s.memberships[p.identity] >= most {
		return refuse(http.StatusForbidden, 50214, "Conversation limit of %d exceeded for the identity", most)
	}
	p.id = t.newID()
	t.seat(s, c, p, now)
	s.twin.joined(c, p, now)
	return nil
}

// seat adds a participant, and the user behind it where there is none.
func (t *target) seat(s *service, c *conversation, p *participant, now time.Time) {
	if _, exists := s.identities[p.identity]; !exists {
		t.addUser(s, user{identity: p.identity}, dateOf(now))
	}
	c.participants.add(p.sid(), p)
	c.byIdentity[p.identity] = p
	s.memberships[p.identity]++
}

func (s *service) leave(c *conversation, p *participant, now time.Time) {
	c.participants.remove(p.sid())
	delete(c.byIdentity, p.identity)
	c.noteLeft(p.identity)
	s.twin.left(c, p, now)
	if c.state != stateClosed {
		s.memberships[p.identity]--
	}
	c.touch(now)
}

func (t *target) listParticipants(x *Exchange, s *service, c *conversation) (Reply, error) {
	from, err := t.pager.cursor(x, participantPages)
	if err != nil {
		return Reply{}, err
	}
	return t.pager.list(x, participantPages, from, shown(c.participants.from(from.after), func(p *participant) any {
		return t.showParticipant(x, s, c, p)
	}))
}

// fetchParticipant takes an identity in place of the SID, which the other
// operations on one participant do not.
func (t *target) fetchParticipant(x *Exchange, s *service, c *conversation) (Reply, error) {
	if p, in := c.byIdentity[x.args[2]]; in {
		return ok(t.showParticipant(x, s, c, p))
	}
	p, err := c.participant(x.args[2])
	if err != nil {
		return Reply{}, err
	}
	return ok(t.showParticipant(x, s, c, p))
}

func (t *target) updateParticipant(x *Exchange, s *service, c *conversation) (Reply, error) {
	p, err := c.participant(x.args[2])
	if err != nil {
		return Reply{}, err
	}
	f := form{values: x.Form}
	next := *p
	next.updated = dateOf(x.now)
	f.some("Identity", "RoleSid", "Attributes", "DateCreated", "DateUpdated", "LastReadMessageIndex", "LastReadTimestamp",
		"MessagingBinding.ProxyAddress", "MessagingBinding.ProjectedAddress")
	if f.has("Identity") && x.Form.Get("Identity") != p.identity {
		f.fail(invalid(20001, "This emulator does not give a participant another identity"))
	}
	f.participant(s, &next)
	f.horizon(&next.read)
	t.unkind.horizon(&f, c, p.read, &next.read)
	f.timestamp("LastReadTimestamp", &next.readAt)
	if f.err != nil {
		return Reply{}, f.err
	}
	*p = next
	c.touch(x.now)
	t.fire(x, s, c, "onParticipantUpdated")
	return ok(t.showParticipant(x, s, c, p))
}

func (t *target) deleteParticipant(x *Exchange, s *service, c *conversation) (Reply, error) {
	p, err := c.participant(x.args[2])
	if err != nil {
		return Reply{}, err
	}
	t.diary.deletedParticipant(c, p, Client)
	s.leave(c, p, x.now)
	if s.notifications.removed.Enabled {
		t.counts.pushes.Add(1)
	}
	t.fire(x, s, c, "onParticipantRemoved")
	return gone()
}

type participantView struct {
	AccountSID        string  `json:"account_sid"`
	ChatServiceSID    string  `json:"chat_service_sid"`
	ConversationSID   string  `json:"conversation_sid"`
	SID               string  `json:"sid"`
	Identity          string  `json:"identity"`
	Attributes        string  `json:"attributes"`
	MessagingBinding  *string `json:"messaging_binding"`
	RoleSID           *string `json:"role_sid"`
	DateCreated       date    `json:"date_created"`
	DateUpdated       date    `json:"date_updated"`
	URL               string  `json:"url"`
	LastReadIndex     *int64  `json:"last_read_message_index"`
	LastReadTimestamp *string `json:"last_read_timestamp"`
}

func (t *target) showParticipant(x *Exchange, s *service, c *conversation, p *participant) any {
	return participantView{
		AccountSID: t.account, ChatServiceSID: s.sid, ConversationSID: c.sid, SID: p.sid(), Identity: p.identity,
		Attributes: attributesOr(p.attributes), RoleSID: optional(p.role), DateCreated: p.created, DateUpdated: p.updated,
		URL:           x.url("Services", s.sid, "Conversations", c.sid, "Participants", p.sid()),
		LastReadIndex: p.read, LastReadTimestamp: optional(p.readAt),
	}
}
