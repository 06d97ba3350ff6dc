package emulator

import "slices"

// Types of roles.
const (
	conversationRole = "conversation"
	serviceRole      = "service"
)

type role struct {
	sid, name, kind  string
	permissions      []string
	created, updated date
}

// Permissions that only one type of roles may hold, and those that both may.
var (
	servicePermissions      = []string{"createConversation", "joinConversation"}
	conversationPermissions = []string{"leaveConversation", "sendMessage", "sendMediaMessage", "deleteOwnMessage"}
	sharedPermissions       = []string{
		"deleteConversation", "addParticipant", "removeParticipant", "editConversationName", "editConversationAttributes",
		"editOwnMessage", "editAnyMessage", "editOwnMessageAttributes", "editAnyMessageAttributes", "deleteAnyMessage",
		"editOwnUserInfo", "editAnyUserInfo", "editOwnParticipantAttributes", "editAnyParticipantAttributes",
		"editNotificationLevel", "addNonChatParticipant",
	}
)

// permitted reports whether roles of a type may hold a permission.
func permitted(kind, permission string) bool {
	own := servicePermissions
	if kind == conversationRole {
		own = conversationPermissions
	}
	return slices.Contains(own, permission) || slices.Contains(sharedPermissions, permission)
}

var rolePages = listing{key: "roles", max: 50}

// addDefaultRoles gives a new service the four roles that Chat gives one, in the
// spelling of the examples in its OpenAPI document.
func (t *target) addDefaultRoles(s *service) {
	add := func(kind, name string, permissions ...string) string {
		r := &role{sid: t.newSID("RL"), kind: kind, name: name, permissions: permissions, created: s.created, updated: s.created}
		s.roles.add(r.sid, r)
		return r.sid
	}
	add(serviceRole, "service admin", "createConversation", "joinConversation", "deleteConversation", "addParticipant",
		"removeParticipant", "editConversationName", "editConversationAttributes", "editAnyMessage",
		"editAnyMessageAttributes", "deleteAnyMessage", "editAnyUserInfo")
	s.configuration.serviceRole = add(serviceRole, "service user", "createConversation", "joinConversation", "editOwnUserInfo")
	s.configuration.creatorRole = add(conversationRole, "channel admin", "sendMessage", "sendMediaMessage", "leaveConversation",
		"deleteConversation", "addParticipant", "removeParticipant", "editConversationName", "editConversationAttributes",
		"editOwnMessage", "editOwnMessageAttributes", "editAnyMessage", "editAnyMessageAttributes", "deleteOwnMessage",
		"deleteAnyMessage", "editOwnUserInfo")
	s.configuration.conversationRole = add(conversationRole, "channel user", "sendMessage", "sendMediaMessage",
		"leaveConversation", "editOwnMessage", "editOwnMessageAttributes", "deleteOwnMessage", "editOwnUserInfo")
}

// role sets dst to a role of that type, if the parameter was sent.
func (f *form) role(s *service, name string, dst *string, kind string) {
	sid := f.values.Get(name)
	if sid == "" {
		return
	}
	r, found := s.roles.find(sid)
	switch {
	case !found:
		f.fail(invalid(50100, "Role %s not found", sid))
	case r.kind != kind && kind == conversationRole:
		f.fail(invalid(50109, "Role %s is not a conversation role", sid))
	case r.kind != kind:
		f.fail(invalid(50102, "Role %s is not a service role", sid))
	default:
		*dst = r.sid
	}
}

func (f *form) permissions(kind string) []string {
	names := slices.Clone(f.values["Permission"])
	if len(names) == 0 {
		f.fail(invalid(20001, "Permission is required"))
	}
	for _, name := range names {
		if !permitted(kind, name) {
			f.fail(invalid(50104, "Permission %q does not exist for a %s role", name, kind))
		}
	}
	return names
}

func (t *target) createRole(x *Exchange, s *service) (Reply, error) {
	f := form{values: x.Form}
	r := &role{kind: x.Form.Get("Type"), created: dateOf(x.now), updated: dateOf(x.now)}
	if r.kind != conversationRole && r.kind != serviceRole {
		return Reply{}, invalid(50105, "Type %q is not a type of roles", r.kind)
	}
	f.text("FriendlyName", &r.name, maxRoleName, 50003)
	if r.name == "" {
		f.fail(invalid(50000, "FriendlyName is required"))
	}
	r.permissions = f.permissions(r.kind)
	if f.err != nil {
		return Reply{}, f.err
	}
	if t.config.Unkind.SecondRole {
		for other := range s.roles.all() {
			if other.kind == r.kind && other.name == r.name {
				t.unkind.happened("refuse")
				return Reply{}, invalid(50000, "A role of that name exists")
			}
		}
	}
	r.sid = t.newSID("RL")
	s.roles.add(r.sid, r)
	return created(t.showRole(x, s, r))
}

func (t *target) listRoles(x *Exchange, s *service) (Reply, error) {
	c, err := t.pager.cursor(x, rolePages)
	if err != nil {
		return Reply{}, err
	}
	return t.pager.list(x, rolePages, c, shown(s.roles.from(c.after), func(r *role) any { return t.showRole(x, s, r) }))
}

func (t *target) fetchRole(x *Exchange, s *service) (Reply, error) {
	r, found := s.roles.find(x.args[1])
	if !found {
		return Reply{}, notFound("Role", x.args[1])
	}
	return ok(t.showRole(x, s, r))
}

// updateRole replaces the permissions: those that are not sent are gone.
func (t *target) updateRole(x *Exchange, s *service) (Reply, error) {
	r, found := s.roles.find(x.args[1])
	if !found {
		return Reply{}, notFound("Role", x.args[1])
	}
	f := form{values: x.Form}
	f.some("Permission")
	permissions := f.permissions(r.kind)
	if f.err != nil {
		return Reply{}, f.err
	}
	r.permissions, r.updated = permissions, dateOf(x.now)
	return ok(t.showRole(x, s, r))
}

func (t *target) deleteRole(x *Exchange, s *service) (Reply, error) {
	if !s.roles.remove(x.args[1]) {
		return Reply{}, notFound("Role", x.args[1])
	}
	return gone()
}

type roleView struct {
	SID            string   `json:"sid"`
	AccountSID     string   `json:"account_sid"`
	ChatServiceSID string   `json:"chat_service_sid"`
	FriendlyName   string   `json:"friendly_name"`
	Type           string   `json:"type"`
	Permissions    []string `json:"permissions"`
	DateCreated    date     `json:"date_created"`
	DateUpdated    date     `json:"date_updated"`
	URL            string   `json:"url"`
}

func (t *target) showRole(x *Exchange, s *service, r *role) any {
	return roleView{
		SID: r.sid, AccountSID: t.account, ChatServiceSID: s.sid, FriendlyName: r.name, Type: r.kind,
		Permissions: r.permissions, DateCreated: r.created, DateUpdated: r.updated,
		URL: x.url("Services", s.sid, "Roles", r.sid),
	}
}
