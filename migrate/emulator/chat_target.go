package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

// allow refuses what Chat does not show the target account, or of it.
func (e *Emulator) allow(x *Exchange) error {
	if !x.guest && !e.ofTarget(x) {
		return nil
	}
	services := len(x.Path) >= 2 && x.Path[1] == "Services"
	switch shows := e.config.Unkind.TargetChat; {
	case shows == ChatForbidden:
		e.mischief.happened("target-chat")
		return refuse(http.StatusForbidden, 50050, "Service instance not found")
	case shows == ChatGone:
		e.mischief.happened("target-chat")
		return refuse(http.StatusGone, 20404, "The requested resource %s is gone", x.path)
	case x.guest && (!services || shows == "" && (x.Path[0] != "v2" || len(x.Path) != 3)):
		return notFound("at", x.path)
	}
	return nil
}

// ofTarget reports whether an exchange is about a service that only the target has.
func (e *Emulator) ofTarget(x *Exchange) bool {
	if len(x.Path) < 3 || x.Path[1] != "Services" {
		return false
	}
	e.source.mu.RLock()
	_, in := e.source.services.find(x.Path[2])
	e.source.mu.RUnlock()
	if in {
		return false
	}
	e.target.mu.RLock()
	defer e.target.mu.RUnlock()
	_, in = e.target.services.find(x.Path[2])
	return in
}

// serviceFor is the service that an exchange is about, as who sent it may see it. The
// lock of the source is held.
func (s *edition) serviceFor(x *Exchange) (*chatService, error) {
	if !x.guest {
		if v, err := s.service(x.args[0]); err == nil || s.habits.TargetChat != ChatShown {
			return v, err
		}
	}
	s.target.mu.RLock()
	defer s.target.mu.RUnlock()
	of, found := s.target.services.find(x.args[0])
	if !found {
		return nil, refuse(http.StatusForbidden, 50050, "Service instance %s not found", x.args[0])
	}
	return s.target.inChat(x, of), nil
}

// listedServices are the services of the account that asks. Those of the target are
// not among those of the source, even if one set of credentials opens both: they stand
// for two accounts.
func (s *edition) listedServices(x *Exchange) *shelf[*chatService] {
	if !x.guest {
		return &s.services
	}
	s.target.mu.RLock()
	defer s.target.mu.RUnlock()
	return shelved(s.target.services, func(of *service) (string, *chatService) {
		return of.sid, newChatService(of.sid, s.target.serviceInChat(x, of))
	})
}

// shelved is a shelf with the same places, of something else.
func shelved[T, V any](from shelf[T], turn func(T) (string, V)) *shelf[V] {
	to := &shelf[V]{places: map[string]int64{}, next: from.next}
	for _, one := range from.slots {
		key, v := turn(one.value)
		to.places[key] = one.place
		to.slots = append(to.slots, slot[V]{one.place, v})
	}
	return to
}

// inChat is what Chat has of a service of Conversations, made anew for each request:
// its conversations are private channels.
func (t *target) inChat(x *Exchange, s *service) *chatService {
	v := newChatService(s.sid, t.serviceInChat(x, s))
	v.roles = *shelved(s.roles, func(r *role) (string, json.RawMessage) { return r.sid, t.roleInChat(x, s, r) })
	v.users = *shelved(s.users, func(u *user) (string, json.RawMessage) {
		v.identities[u.identity] = u.sid
		return u.sid, t.userInChat(x, s, u)
	})
	v.channels = *shelved(s.conversations, func(of *conversation) (string, *channel) {
		c := t.channelInChat(x, s, of)
		if c.unique != "" {
			v.names[c.unique] = c
		}
		if slices.Contains(x.args, c.sid) || slices.Contains(x.args, c.unique) {
			c.history.base = t.messagesInChat(x, s, of)
		}
		return c.sid, c
	})
	return v
}

// urlInChat is an address in v1, which the editions after it change to their own.
func (x *Exchange) urlInChat(s *service, segments string) string {
	return x.base + "/v1/Services/" + s.sid + segments
}

func (t *target) serviceInChat(x *Exchange, s *service) json.RawMessage {
	self := x.urlInChat(s, "")
	return encode(0, map[string]any{
		"sid": s.sid, "account_sid": t.account, "friendly_name": s.name,
		"date_created": s.created, "date_updated": s.updated,
		"default_service_role_sid":         optional(s.configuration.serviceRole),
		"default_channel_role_sid":         optional(s.configuration.conversationRole),
		"default_channel_creator_role_sid": optional(s.configuration.creatorRole),
		"read_status_enabled":              true, "reachability_enabled": s.configuration.reachability,
		"typing_indicator_timeout": 5, "consumption_report_interval": 10,
		"limits": map[string]int{
			"channel_members": t.participantLimit(s), "user_channels": t.conversationLimit(s),
		},
		"pre_webhook_url": nil, "post_webhook_url": nil, "webhook_method": nil, "webhook_filters": nil,
		"notifications": map[string]any{}, "url": self,
		"links": map[string]string{
			"channels": self + "/Channels", "users": self + "/Users", "roles": self + "/Roles", "bindings": self + "/Bindings",
		},
	}).Body
}

// permissionInChat is what Chat calls a permission.
func permissionInChat(name string) string {
	for chat, renamed := range sharedPermissionNames {
		if renamed == name {
			return chat
		}
	}
	return name
}

func (t *target) roleInChat(x *Exchange, s *service, r *role) json.RawMessage {
	kind := map[string]string{serviceRole: "deployment", conversationRole: "channel"}[r.kind]
	permissions := []string{}
	for _, name := range r.permissions {
		permissions = append(permissions, permissionInChat(name))
	}
	return encode(0, map[string]any{
		"sid": r.sid, "account_sid": t.account, "service_sid": s.sid, "friendly_name": r.name, "type": kind,
		"permissions": permissions, "date_created": r.created, "date_updated": r.updated, "url": x.urlInChat(s, "/Roles/"+r.sid),
	}).Body
}

func (t *target) userInChat(x *Exchange, s *service, u *user) json.RawMessage {
	self := x.urlInChat(s, "/Users/"+u.sid)
	return encode(0, map[string]any{
		"sid": u.sid, "account_sid": t.account, "service_sid": s.sid, "attributes": attributesOr(u.attributes),
		"friendly_name": optional(u.name), "role_sid": optional(u.role), "identity": u.identity, "is_online": nil, "is_notifiable": nil,
		"date_created": u.created, "date_updated": u.updated, "joined_channels_count": s.memberships[u.identity],
		"links": map[string]string{"user_channels": self + "/Channels"}, "url": self,
	}).Body
}

func (t *target) channelInChat(x *Exchange, s *service, of *conversation) *channel {
	self := x.urlInChat(s, "/Channels/"+of.sid)
	many := len(of.messages.messages)
	if t.unkind.CountsDeleted {
		many += of.messages.removed
	}
	c := &channel{sid: of.sid, unique: of.unique, kind: "private", history: &history{base: nothing{}}}
	c.raw = encode(0, map[string]any{
		"sid": of.sid, "account_sid": t.account, "service_sid": s.sid, "friendly_name": optional(of.name), "unique_name": optional(of.unique),
		"attributes": attributesOr(of.attributes), "type": c.kind, "date_created": of.created, "date_updated": of.updated,
		"created_by": of.creator, "members_count": of.participants.len(), "messages_count": many, "url": self,
		"links": map[string]any{"members": self + "/Members", "messages": self + "/Messages", "invites": self + "/Invites", "last_message": nil},
	}).Body
	c.members = *shelved(of.participants, func(p *participant) (string, member) {
		return p.sid(), member{p.identity, t.memberInChat(x, s, of, p)}
	})
	return c
}

func (t *target) memberInChat(x *Exchange, s *service, c *conversation, p *participant) json.RawMessage {
	return encode(0, map[string]any{
		"sid": p.sid(), "account_sid": t.account, "channel_sid": c.sid, "service_sid": s.sid, "identity": p.identity,
		"attributes": attributesOr(p.attributes), "date_created": p.created, "date_updated": p.updated, "role_sid": optional(p.role),
		"last_consumed_message_index": p.read, "last_consumption_timestamp": optional(p.readAt),
		"url": x.urlInChat(s, "/Channels/"+c.sid+"/Members/"+p.sid()),
	}).Body
}

// messagesInChat are the messages of a conversation. Chat has one file of each.
func (t *target) messagesInChat(x *Exchange, s *service, c *conversation) past {
	var all archived
	for i := range c.messages.messages {
		m := &c.messages.messages[i]
		sid := m.id.sid("IM")
		edited := m.updated != noDate && m.updated != m.created
		updated := m.updated
		if updated == noDate {
			updated = m.created
		}
		f := map[string]any{
			"sid": sid, "account_sid": t.account, "service_sid": s.sid, "to": c.sid, "channel_sid": c.sid, "date_created": m.created,
			"date_updated": updated, "was_edited": edited, "from": m.author, "body": m.body, "attributes": attributesOr(m.attributes),
			"index": m.index, "type": "text", "media": nil, "last_updated_by": nil, "url": x.urlInChat(s, "/Channels/"+c.sid+"/Messages/"+sid),
		}
		if len(m.files) > 0 {
			one := m.files[0]
			f["type"] = "media"
			f["media"] = map[string]any{"sid": one.id.sid("ME"), "size": one.size, "content_type": one.contentType, "filename": optional(one.name)}
		}
		all = append(all, chatMessage{m.index, sid, encode(0, f).Body})
	}
	return all
}
