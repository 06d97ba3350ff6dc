package emulator

import (
	"cmp"
	"encoding/binary"
	"strings"
)

var messagePages = listing{key: "messages", max: 100, filters: []string{"Order"}}

func (t *target) createMessage(x *Exchange, s *service, c *conversation) (Reply, error) {
	if c.stateAt(x.now) == stateClosed {
		return Reply{}, errClosed
	}
	f := form{values: x.Form}
	m := message{created: dateOf(x.now), updated: noDate}
	if f.has("MediaSid") {
		one, err := t.media.fileFor(s.sid, x.Form.Get("MediaSid"))
		if err != nil {
			return Reply{}, err
		}
		m.files = []*file{one}
	}
	f.message(&m)
	if m.updated == noDate && t.unkind.UpdatedAsCreated {
		m.updated = m.created
	}
	if m.body == "" && len(m.files) == 0 && !t.unkind.acceptsEmpty(&f) {
		f.fail(invalid(50503, "Message body or media is required"))
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	m.id = t.newID()
	for _, one := range m.files {
		t.media.attach(one, c, m.id)
	}
	stored := t.post(s, c, m)
	c.touch(x.now)
	c.active = dateOf(x.now)
	if c.state == stateInactive {
		c.state = stateActive
	}
	t.fire(x, s, c, "onMessageAdded")
	return created(t.showMessage(x, s, c, stored))
}

// post appends a message as its author's, who need not be a participant. It
// keeps the one that the author is at this moment, whoever joins or leaves later.
func (t *target) post(s *service, c *conversation, m message) *message {
	m.author = s.author(cmp.Or(m.author, "system"))
	m.participant = c.seatOf(m.author)
	t.push(s, c, m.author)
	return c.messages.append(m, mix(t.config.Seed, binary.BigEndian.Uint64(c.id[:])), cmp.Or(t.config.Unkind.IndexGaps, DefaultIndexGaps))
}

// seatOf is the participant that an identity is, and zero where it is none.
func (c *conversation) seatOf(identity string) id {
	if p, in := c.byIdentity[identity]; in {
		return p.id
	}
	return id{}
}

// author returns one copy of a name, however many messages bear it.
func (s *service) author(name string) string {
	if known, found := s.authors[name]; found {
		return known
	}
	name = strings.Clone(name)
	s.authors[name] = name
	return name
}

func (f *form) message(m *message) {
	f.text("Author", &m.author, maxIdentity, 50310)
	if len(f.values.Get("Body")) > maxBody {
		f.fail(invalid(50504, "Body is longer than %d bytes", maxBody))
	}
	f.text("Body", &m.body, maxBody, 50504)
	f.attributes(&m.attributes, maxMessageAttributes)
	f.date("DateCreated", &m.created)
	f.date("DateUpdated", &m.updated)
}

func (t *target) listMessages(x *Exchange, s *service, c *conversation) (Reply, error) {
	from, err := t.pager.cursor(x, messagePages)
	if err != nil {
		return Reply{}, err
	}
	backwards, err := newestFirst(x)
	if err != nil {
		return Reply{}, err
	}
	return t.pager.list(x, messagePages, from, shown(c.messages.from(from.after, backwards), func(m *message) any {
		return t.showMessage(x, s, c, m)
	}))
}

// newestFirst reads Order.
func newestFirst(x *Exchange) (bool, error) {
	switch order := x.Query.Get("Order"); order {
	case "", "asc":
		return x.flipped, nil
	case "desc":
		return !x.flipped, nil
	default:
		return false, invalid(20001, "Order %q is neither asc nor desc", order)
	}
}

func (t *target) fetchMessage(x *Exchange, s *service, c *conversation) (Reply, error) {
	at, found := c.messages.find(x.args[2])
	if !found {
		return Reply{}, notFound("Message", x.args[2])
	}
	return ok(t.showMessage(x, s, c, &c.messages.messages[at]))
}

func (t *target) updateMessage(x *Exchange, s *service, c *conversation) (Reply, error) {
	at, found := c.messages.find(x.args[2])
	if !found {
		return Reply{}, notFound("Message", x.args[2])
	}
	f := form{values: x.Form}
	next := c.messages.messages[at]
	if !(t.unkind.AttributesUndated && x.onlyAttributes()) {
		next.updated = dateOf(x.now)
	}
	f.some("Author", "Body", "Attributes", "DateCreated", "DateUpdated", "Subject")
	f.message(&next)
	if next.body == "" && len(next.files) == 0 && !t.unkind.acceptsEmpty(&f) {
		f.fail(invalid(50503, "Message body or media is required"))
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	if next.author = s.author(cmp.Or(next.author, "system")); next.author != c.messages.messages[at].author {
		next.participant = c.seatOf(next.author)
	}
	t.diary.changing(&c.messages.messages[at], Client)
	c.messages.messages[at] = next
	c.touch(x.now)
	t.fire(x, s, c, "onMessageUpdated")
	return ok(t.showMessage(x, s, c, &next))
}

func (t *target) deleteMessage(x *Exchange, s *service, c *conversation) (Reply, error) {
	at, found := c.messages.find(x.args[2])
	if !found {
		return Reply{}, notFound("Message", x.args[2])
	}
	t.diary.deletedMessage(c, &c.messages.messages[at], Client)
	t.media.remove(c.messages.messages[at].files)
	c.messages.remove(at)
	c.touch(x.now)
	t.fire(x, s, c, "onMessageRemoved")
	return gone()
}

type messageView struct {
	AccountSID      string            `json:"account_sid"`
	ChatServiceSID  string            `json:"chat_service_sid"`
	ConversationSID string            `json:"conversation_sid"`
	SID             string            `json:"sid"`
	Index           int64             `json:"index"`
	Author          string            `json:"author"`
	Body            *string           `json:"body"`
	Media           []messageFile     `json:"media"`
	Attributes      string            `json:"attributes"`
	ParticipantSID  *string           `json:"participant_sid"`
	DateCreated     date              `json:"date_created"`
	DateUpdated     date              `json:"date_updated"`
	Delivery        *struct{}         `json:"delivery"`
	URL             string            `json:"url"`
	Links           map[string]string `json:"links"`
	ContentSID      *string           `json:"content_sid"`
}

// messageFile is a file as its message shows it.
type messageFile struct {
	SID         string  `json:"sid"`
	Size        int64   `json:"size"`
	ContentType string  `json:"content_type"`
	Filename    *string `json:"filename"`
}

func (t *target) showMessage(x *Exchange, s *service, c *conversation, m *message) any {
	sid := m.id.sid("IM")
	self := x.url("Services", s.sid, "Conversations", c.sid, "Messages", sid)
	v := messageView{
		AccountSID: t.account, ChatServiceSID: s.sid, ConversationSID: c.sid, SID: sid, Index: m.index,
		Author: m.author, Attributes: attributesOr(m.attributes),
		DateCreated: m.created, DateUpdated: m.updated, URL: self,
		Links: map[string]string{"delivery_receipts": self + "/Receipts", "channel_metadata": self + "/ChannelMetadata"},
	}
	if body := m.body; body != "" || len(m.files) == 0 {
		v.Body = &body
	}
	for _, f := range m.files {
		v.Media = append(v.Media, messageFile{f.id.sid("ME"), f.size, f.contentType, optional(f.name)})
	}
	if seat := t.unkind.seatShown(c, m); seat != (id{}) {
		p := seat.sid("MB")
		v.ParticipantSID = &p
	}
	return v
}
