package emulator

import "iter"

var userConversationPages = listing{key: "conversations", max: 50}

// membership finds the user and the conversation that a path names.
func (s *service) membership(x *Exchange) (*user, *conversation, *participant, error) {
	u, err := s.user(x.args[1])
	if err != nil {
		return nil, nil, nil, err
	}
	c, err := s.conversation(x.args[2])
	if err != nil {
		return nil, nil, nil, err
	}
	p, in := c.byIdentity[u.identity]
	if !in {
		return nil, nil, nil, notFound("UserConversation", c.sid)
	}
	return u, c, p, nil
}

func (t *target) listUserConversations(x *Exchange, s *service) (Reply, error) {
	u, err := s.user(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	from, err := t.pager.cursor(x, userConversationPages)
	if err != nil {
		return Reply{}, err
	}
	var items iter.Seq2[int64, any] = func(yield func(int64, any) bool) {
		for place, c := range s.conversations.from(from.after) {
			if p, in := c.byIdentity[u.identity]; in && !yield(place, t.showUserConversation(x, s, u, c, p)) {
				return
			}
		}
	}
	return t.pager.list(x, userConversationPages, from, items)
}

func (t *target) fetchUserConversation(x *Exchange, s *service) (Reply, error) {
	u, c, p, err := s.membership(x)
	if err != nil {
		return Reply{}, err
	}
	return ok(t.showUserConversation(x, s, u, c, p))
}

func (t *target) updateUserConversation(x *Exchange, s *service) (Reply, error) {
	u, c, p, err := s.membership(x)
	if err != nil {
		return Reply{}, err
	}
	f := form{values: x.Form}
	next := *p
	f.some("NotificationLevel", "LastReadTimestamp", "LastReadMessageIndex")
	f.horizon(&next.read)
	t.unkind.horizon(&f, c, p.read, &next.read)
	f.timestamp("LastReadTimestamp", &next.readAt)
	if f.has("NotificationLevel") {
		level := x.Form.Get("NotificationLevel")
		if level != "default" && level != "muted" {
			f.fail(invalid(20001, "NotificationLevel is neither default nor muted"))
		}
		next.muted = level == "muted"
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	*p = next
	return ok(t.showUserConversation(x, s, u, c, p))
}

type userConversationView struct {
	AccountSID        string            `json:"account_sid"`
	ChatServiceSID    string            `json:"chat_service_sid"`
	ConversationSID   string            `json:"conversation_sid"`
	Unread            *int64            `json:"unread_messages_count"`
	LastRead          *int64            `json:"last_read_message_index"`
	ParticipantSID    string            `json:"participant_sid"`
	UserSID           string            `json:"user_sid"`
	FriendlyName      *string           `json:"friendly_name"`
	State             string            `json:"conversation_state"`
	Timers            map[string]date   `json:"timers"`
	Attributes        string            `json:"attributes"`
	DateCreated       date              `json:"date_created"`
	DateUpdated       date              `json:"date_updated"`
	CreatedBy         string            `json:"created_by"`
	NotificationLevel string            `json:"notification_level"`
	UniqueName        *string           `json:"unique_name"`
	URL               string            `json:"url"`
	Links             map[string]string `json:"links"`
}

func (t *target) showUserConversation(x *Exchange, s *service, u *user, c *conversation, p *participant) any {
	v := userConversationView{
		AccountSID: t.account, ChatServiceSID: s.sid, ConversationSID: c.sid, LastRead: p.read,
		ParticipantSID: p.sid(), UserSID: u.sid, FriendlyName: optional(c.name), UniqueName: optional(c.unique),
		State: c.stateAt(x.now), Timers: c.timers(x.now), Attributes: attributesOr(c.attributes),
		DateCreated: c.created, DateUpdated: c.updated, CreatedBy: c.creator, NotificationLevel: "default",
		URL: x.url("Services", s.sid, "Users", u.sid, "Conversations", c.sid),
		Links: map[string]string{
			"participant":  x.url("Services", s.sid, "Conversations", c.sid, "Participants", p.sid()),
			"conversation": x.url("Services", s.sid, "Conversations", c.sid),
		},
	}
	if p.muted {
		v.NotificationLevel = "muted"
	}
	if p.read != nil {
		unread := c.messages.unread(*p.read)
		v.Unread = &unread
	}
	return v
}
