package emulator

import (
	"encoding/json"
	"time"
)

// share brings into Conversations what it has in common with Chat: services,
// roles, users, and the private channels, all under their own SIDs. Limits are
// not asked for, since what is there already was admitted.
func (t *target) share(from *source) error {
	for raw := range from.credentials.all() {
		f, err := readShared(raw)
		if err != nil {
			return err
		}
		t.credentials.add(f.SID, &credential{f.SID, f.FriendlyName, f.Type, f.Sandbox, f.DateCreated.date(), f.DateUpdated.date()})
	}
	for v := range from.services.all() {
		f, err := readShared(v.raw)
		if err != nil {
			return err
		}
		s := newService(v.sid)
		s.name, s.created, s.updated = f.FriendlyName, f.DateCreated.date(), f.DateUpdated.date()
		s.configuration = configuration{creatorRole: f.CreatorRole, conversationRole: f.ChannelRole, serviceRole: f.ServiceRole}
		s.limit(f.Limits.ChannelMembers, 0)
		_ = json.Unmarshal(fields(fields(v.raw)["media"])["size_limit_mb"], &s.mediaLimitMB) // of a service without, none
		s.twin, s.notifications = v, v.notifications()
		t.services.add(s.sid, s)
		if err := t.shareInto(s, v); err != nil {
			return err
		}
	}
	return nil
}

func (t *target) shareInto(s *service, v *chatService) error {
	for raw := range v.roles.all() {
		f, err := readShared(raw)
		if err != nil {
			return err
		}
		s.shareRole(f)
	}
	for raw := range v.users.all() {
		f, err := readShared(raw)
		if err != nil {
			return err
		}
		u := &user{f.SID, f.Identity, f.FriendlyName, f.Attributes, f.Role, f.DateCreated.date(), f.DateUpdated.date()}
		s.users.add(u.sid, u)
		s.identities[u.identity] = u
	}
	for c := range v.channels.all() {
		if c.kind != "private" {
			continue
		}
		if err := t.shareChannel(s, v, c); err != nil {
			return err
		}
	}
	return nil
}

// sharedPermissionNames is what Conversations calls the permissions that it
// renamed.
var sharedPermissionNames = map[string]string{
	"createChannel": "createConversation", "joinChannel": "joinConversation", "leaveChannel": "leaveConversation",
	"destroyChannel": "deleteConversation", "addMember": "addParticipant", "removeMember": "removeParticipant",
	"editChannelName": "editConversationName", "editChannelAttributes": "editConversationAttributes",
}

func (s *service) shareRole(f shared) {
	r := &role{sid: f.SID, name: f.FriendlyName, kind: serviceRole, created: f.DateCreated.date(), updated: f.DateUpdated.date()}
	if f.Type == "channel" {
		r.kind = conversationRole
	}
	for _, name := range f.Permissions {
		if renamed, found := sharedPermissionNames[name]; found {
			name = renamed
		}
		if permitted(r.kind, name) {
			r.permissions = append(r.permissions, name)
		}
	}
	s.roles.add(r.sid, r)
}

func (t *target) shareChannel(s *service, v *chatService, from *channel) error {
	f, err := readShared(from.raw)
	if err != nil {
		return err
	}
	c := &conversation{
		sid: f.SID, name: f.FriendlyName, unique: f.UniqueName, attributes: f.Attributes, creator: f.CreatedBy,
		state: stateActive, created: f.DateCreated.date(), updated: f.DateUpdated.date(), byIdentity: map[string]*participant{},
	}
	c.id, _ = parseID("CH", c.sid)
	s.add(c)
	if t.unkind.OtherAttributes {
		c.attributes = `{"nobody":"wrote this"}`
	}
	for i, m := range from.members.from(first) {
		if i == 0 && t.unkind.LacksMember {
			continue
		}
		f, err := readShared(m.raw)
		if err != nil {
			return err
		}
		p := &participant{
			identity: f.Identity, attributes: f.Attributes, role: f.Role, created: f.DateCreated.date(), updated: f.DateUpdated.date(),
			read: f.Horizon, readAt: f.HorizonAt,
		}
		p.id, _ = parseID("MB", f.SID)
		if t.unkind.OtherHorizon {
			p.read = elsewhere(p.read)
		}
		t.seat(s, c, p, t.config.Now())
	}
	newest := from.history.nextIndex() - 1
	for index, raw := range from.history.from(first, false) {
		if index == newest && t.unkind.LacksMessage {
			continue
		}
		f, err := readShared(raw)
		if err != nil {
			return err
		}
		s.shareMessage(c, f, t.shareFiles(v, raw))
	}
	return nil
}

// elsewhere is another read horizon.
func elsewhere(read *int64) *int64 {
	other := int64(0)
	if read != nil {
		other = *read + 1
	}
	return &other
}

func (s *service) shareMessage(c *conversation, f shared, files []*file) {
	m := message{
		index: f.Index, author: s.author(f.From), body: f.Body, attributes: f.Attributes, files: files,
		created: f.DateCreated.date(), updated: noDate,
	}
	m.id, _ = parseID("IM", f.SID)
	if f.WasEdited {
		m.updated = f.DateUpdated.date()
	}
	m.participant = c.seatOf(m.author)
	c.messages.put(m)
}

// shared is what the two products have in common, of every resource.
type shared struct {
	SID          string   `json:"sid"`
	FriendlyName string   `json:"friendly_name"`
	UniqueName   string   `json:"unique_name"`
	Identity     string   `json:"identity"`
	Attributes   string   `json:"attributes"`
	Role         string   `json:"role_sid"`
	Type         string   `json:"type"`
	Permissions  []string `json:"permissions"`
	CreatedBy    string   `json:"created_by"`
	From         string   `json:"from"`
	Body         string   `json:"body"`
	Index        int64    `json:"index"`
	WasEdited    bool     `json:"was_edited"`
	Horizon      *int64   `json:"last_consumed_message_index"`
	HorizonAt    string   `json:"last_consumption_timestamp"`
	ServiceRole  string   `json:"default_service_role_sid"`
	ChannelRole  string   `json:"default_channel_role_sid"`
	CreatorRole  string   `json:"default_channel_creator_role_sid"`
	Sandbox      *string  `json:"sandbox"`
	Limits       struct {
		ChannelMembers int `json:"channel_members"`
	} `json:"limits"`
	DateCreated sharedDate `json:"date_created"`
	DateUpdated sharedDate `json:"date_updated"`
}

func readShared(raw json.RawMessage) (f shared, err error) {
	err = json.Unmarshal(raw, &f)
	return f, err
}

// sharedDate is a date as Chat shows it.
type sharedDate string

func (d sharedDate) date() date {
	at, err := time.Parse(time.RFC3339Nano, string(d))
	if err != nil {
		at = epoch
	}
	return dateOf(at)
}
