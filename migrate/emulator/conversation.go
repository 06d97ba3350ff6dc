package emulator

import (
	"cmp"
	"slices"
	"time"
)

type conversation struct {
	sid               string
	id                id
	name, unique      string
	attributes        string
	creator           string
	messagingService  string
	state             string // as last set; a timer may have moved it on since
	inactive, closing string // timers, as ISO 8601 durations
	created, updated  date
	active            date // when the timers were last started
	participants      shelf[*participant]
	byIdentity        map[string]*participant
	left              map[string]bool // identities that were in it once
	messages          timeline
	webhooks          shelf[*scopedWebhook]
	rate              rate
}

// States of a conversation.
const (
	stateActive   = "active"
	stateInactive = "inactive"
	stateClosed   = "closed"
)

var conversationPages = listing{key: "conversations", max: 100, filters: []string{"StartDate", "EndDate", "State"}}

// conversation finds one by SID or unique name.
func (s *service) conversation(key string) (*conversation, error) {
	if c, found := s.conversations.find(key); found {
		return c, nil
	}
	if c, found := s.names[key]; found {
		return c, nil
	}
	return nil, notFound("Conversation", key)
}

func (t *target) createConversation(x *Exchange, s *service) (Reply, error) {
	f := form{values: x.Form}
	now := dateOf(x.now)
	c := &conversation{
		state: stateActive, creator: "system", created: now, updated: now, active: now,
		inactive: t.settings.inactiveTimer, closing: t.settings.closeTimer, byIdentity: map[string]*participant{},
	}
	if c.state = cmp.Or(x.Form.Get("State"), stateActive); c.state == stateClosed {
		f.fail(invalid(50384, "A conversation cannot be created closed"))
	}
	if !f.has("State") && (f.has("Timers.Inactive") || f.has("Timers.Closed")) {
		f.fail(invalid(50382, "Timers need a State"))
	}
	f.conversation(c)
	if err := t.nameFree(x, s, c); err != nil {
		f.fail(err)
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	c.id = t.newID()
	c.sid = c.id.sid("CH")
	s.add(c)
	t.nameTaken(x, s, c)
	t.diary.began(c)
	t.fire(x, s, c, "onConversationAdded")
	return created(t.showConversation(x, s, c))
}

func (s *service) add(c *conversation) {
	s.conversations.add(c.sid, c)
	if c.unique != "" {
		s.names[c.unique] = c
	}
}

func (f *form) conversation(c *conversation) {
	f.text("FriendlyName", &c.name, maxFriendlyName, 50003)
	f.text("UniqueName", &c.unique, maxUniqueName, 50004)
	f.text("MessagingServiceSid", &c.messagingService, len("MG")+32, 50341)
	f.attributes(&c.attributes, maxAttributes)
	f.date("DateCreated", &c.created)
	f.date("DateUpdated", &c.updated)
	f.timer("Timers.Inactive", &c.inactive, inactiveTimer)
	f.timer("Timers.Closed", &c.closing, closedTimer)
	if looksLikeConversation.MatchString(c.unique) {
		f.fail(invalid(50390, "UniqueName looks like a Conversation SID"))
	}
	if !slices.Contains([]string{stateActive, stateInactive, stateClosed}, c.state) {
		f.fail(invalid(50374, "State %q is none that can be set", c.state))
	}
}

func (t *target) fetchConversation(x *Exchange, s *service, c *conversation) (Reply, error) {
	return ok(t.showConversation(x, s, c))
}

func (t *target) updateConversation(x *Exchange, s *service, c *conversation) (Reply, error) {
	if c.stateAt(x.now) == stateClosed {
		return Reply{}, errClosed
	}
	f := form{values: x.Form}
	next := *c
	if !(t.unkind.AttributesUndated && x.onlyAttributes()) {
		next.updated = dateOf(x.now)
	}
	f.some("FriendlyName", "UniqueName", "Attributes", "MessagingServiceSid", "DateCreated", "DateUpdated", "State",
		"Timers.Inactive", "Timers.Closed")
	if f.has("State") {
		next.state, next.active = x.Form.Get("State"), dateOf(x.now)
	}
	f.conversation(&next)
	if err := t.nameFree(x, s, &next); err != nil {
		f.fail(err)
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	renamed := next.unique != c.unique
	if renamed {
		s.nameGone(c)
	}
	*c = next
	if renamed && c.unique != "" {
		s.names[c.unique] = c
		t.nameTaken(x, s, c)
	}
	if c.state == stateClosed {
		s.release(c)
	}
	t.fire(x, s, c, "onConversationUpdated")
	return ok(t.showConversation(x, s, c))
}

var errClosed = invalid(50377, "The conversation is closed, which is final")

// release takes a conversation that ended out of the count of each identity.
func (s *service) release(c *conversation) {
	for identity := range c.byIdentity {
		s.memberships[identity]--
	}
}

func (t *target) deleteConversation(x *Exchange, s *service) (Reply, error) {
	c, err := s.conversation(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	if c.state != stateClosed {
		s.release(c)
	}
	t.diary.deletedConversation(s, c)
	for i := range c.messages.messages {
		t.media.remove(c.messages.messages[i].files)
	}
	s.conversations.remove(c.sid)
	t.nameFreed(x, s, c)
	t.fire(x, s, c, "onConversationRemoved")
	return gone()
}

// touch notes a write in a conversation.
func (c *conversation) touch(now time.Time) { c.updated = dateOf(now) }

type conversationView struct {
	AccountSID          string            `json:"account_sid"`
	ChatServiceSID      string            `json:"chat_service_sid"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	SID                 string            `json:"sid"`
	FriendlyName        *string           `json:"friendly_name"`
	UniqueName          *string           `json:"unique_name"`
	Attributes          string            `json:"attributes"`
	State               string            `json:"state"`
	DateCreated         date              `json:"date_created"`
	DateUpdated         date              `json:"date_updated"`
	Timers              map[string]date   `json:"timers"`
	Bindings            map[string]string `json:"bindings"`
	URL                 string            `json:"url"`
	Links               map[string]string `json:"links"`
}

func (t *target) showConversation(x *Exchange, s *service, c *conversation) any {
	self := x.url("Services", s.sid, "Conversations", c.sid)
	return conversationView{
		AccountSID: t.account, ChatServiceSID: s.sid, MessagingServiceSID: optional(c.messagingService), SID: c.sid,
		FriendlyName: optional(c.name), UniqueName: optional(c.unique), Attributes: attributesOr(c.attributes),
		State: c.stateAt(x.now), DateCreated: c.created, DateUpdated: c.updated,
		Timers: c.timers(x.now), Bindings: map[string]string{}, URL: self,
		Links: map[string]string{
			"participants": self + "/Participants", "messages": self + "/Messages", "webhooks": self + "/Webhooks",
			"export": self + "/Export",
		},
	}
}
