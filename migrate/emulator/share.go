package emulator

import (
	"encoding/json"
	"slices"
	"time"
)

// share brings into Conversations what Chat and Conversations have in common:
// services, roles, users, and the private channels, all under their own SIDs.
func (t *target) share(from *source) error {
	for v := range from.services.all() {
		var f shared
		if err := json.Unmarshal(v.raw, &f); err != nil {
			return err
		}
		s := newService(v.sid)
		s.name, s.created, s.updated = f.FriendlyName, f.DateCreated.date(), f.DateUpdated.date()
		s.configuration = configuration{creatorRole: f.CreatorRole, conversationRole: f.ChannelRole, serviceRole: f.ServiceRole}
		t.services.add(s.sid, s)
		for raw := range v.roles.all() {
			if err := shareRole(s, raw); err != nil {
				return err
			}
		}
		for raw := range v.users.all() {
			var f shared
			if err := json.Unmarshal(raw, &f); err != nil {
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
			if err := t.shareChannel(s, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// shared is what the two products have in common of all resources.
type shared struct {
	SID          string     `json:"sid"`
	FriendlyName string     `json:"friendly_name"`
	UniqueName   string     `json:"unique_name"`
	Identity     string     `json:"identity"`
	Attributes   string     `json:"attributes"`
	Role         string     `json:"role_sid"`
	Type         string     `json:"type"`
	Permissions  []string   `json:"permissions"`
	CreatedBy    string     `json:"created_by"`
	From         string     `json:"from"`
	Body         string     `json:"body"`
	Index        int64      `json:"index"`
	WasEdited    bool       `json:"was_edited"`
	Horizon      *int64     `json:"last_consumed_message_index"`
	HorizonAt    string     `json:"last_consumption_timestamp"`
	ServiceRole  string     `json:"default_service_role_sid"`
	ChannelRole  string     `json:"default_channel_role_sid"`
	CreatorRole  string     `json:"default_channel_creator_role_sid"`
	DateCreated  sharedDate `json:"date_created"`
	DateUpdated  sharedDate `json:"date_updated"`
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

func shareRole(s *service, raw json.RawMessage) error {
	var f shared
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	r := &role{sid: f.SID, name: f.FriendlyName, kind: serviceRole, created: f.DateCreated.date(), updated: f.DateUpdated.date()}
	if f.Type == "channel" {
		r.kind = conversationRole
	}
	for _, name := range f.Permissions {
		for old, now := range map[string]string{"createChannel": "createConversation", "joinChannel": "joinConversation",
			"leaveChannel": "leaveConversation", "destroyChannel": "deleteConversation", "addMember": "addParticipant",
			"removeMember": "removeParticipant", "editChannelName": "editConversationName",
			"editChannelAttributes": "editConversationAttributes"} {
			if name == old {
				name = now
				break
			}
		}
		if slices.Contains(permissionScopes[name], r.kind) {
			r.permissions = append(r.permissions, name)
		}
	}
	s.roles.add(r.sid, r)
	return nil
}

func (t *target) shareChannel(s *service, from *channel) error {
	var f shared
	if err := json.Unmarshal(from.raw, &f); err != nil {
		return err
	}
	c := &conversation{
		sid: f.SID, name: f.FriendlyName, unique: f.UniqueName, attributes: f.Attributes, creator: f.CreatedBy,
		state: stateActive, created: f.DateCreated.date(), updated: f.DateUpdated.date(), byIdentity: map[string]*participant{},
	}
	c.id, _ = parseID("CH", c.sid)
	s.add(c)
	for m := range from.members.all() {
		var f shared
		if err := json.Unmarshal(m.raw, &f); err != nil {
			return err
		}
		p := &participant{identity: f.Identity, role: f.Role, created: f.DateCreated.date(), updated: f.DateUpdated.date(), read: f.Horizon, readAt: f.HorizonAt}
		p.id, _ = parseID("MB", f.SID)
		if err := t.join(s, c, p, t.config.Now()); err != nil {
			return err
		}
	}
	for _, raw := range from.history.from(first, false) {
		var f shared
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		m := message{index: f.Index, author: s.author(f.From), body: f.Body, attributes: f.Attributes, created: f.DateCreated.date(), updated: noDate}
		m.id, _ = parseID("IM", f.SID)
		if f.WasEdited {
			m.updated = f.DateUpdated.date()
		}
		if p, in := c.byIdentity[m.author]; in {
			m.participant = p.id
		}
		c.messages.put(m)
	}
	return nil
}
