package mapping

import (
	"slices"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// leastPermission is the one that gives the least: to edit what one shows of
// oneself.
const leastPermission = "editOwnUserInfo"

const invitePermission = "inviteMember"

// permissions of Chat, and what Conversations calls them. Some are known from
// default roles and not from the documents: the ones about attributes of
// members, and editNotificationLevel.
var permissions = map[string]string{
	"createChannel":            "createConversation",
	"joinChannel":              "joinConversation",
	"destroyChannel":           "deleteConversation",
	"addMember":                "addParticipant",
	"removeMember":             "removeParticipant",
	"editChannelName":          "editConversationName",
	"editChannelAttributes":    "editConversationAttributes",
	"leaveChannel":             "leaveConversation",
	"sendMessage":              "sendMessage",
	"sendMediaMessage":         "sendMediaMessage",
	"editOwnMessage":           "editOwnMessage",
	"editAnyMessage":           "editAnyMessage",
	"editOwnMessageAttributes": "editOwnMessageAttributes",
	"editAnyMessageAttributes": "editAnyMessageAttributes",
	"deleteOwnMessage":         "deleteOwnMessage",
	"deleteAnyMessage":         "deleteAnyMessage",
	"editOwnUserInfo":          "editOwnUserInfo",
	"editAnyUserInfo":          "editAnyUserInfo",
	"editOwnMemberAttributes":  "editOwnParticipantAttributes",
	"editAnyMemberAttributes":  "editAnyParticipantAttributes",
	"editNotificationLevel":    "editNotificationLevel",
}

// Role maps a role. Its permissions keep their order, each once.
func (m Mapper) Role(r chat.Role) (conversations.Role, []Finding) {
	n := m.notes(r.SID, "")
	out := conversations.Role{FriendlyName: n.requiredName(r.FriendlyName, maxRoleName)}
	switch r.Type {
	case chat.ServiceRole:
		out.Type = conversations.ServiceRole
	case chat.ChannelRole:
		out.Type = conversations.ConversationRole
	default:
		n.add(RoleType, "type", "%q", r.Type)
	}
	for _, p := range r.Permissions {
		if to := n.permission(p); to != "" && !slices.Contains(out.Permissions, to) {
			out.Permissions = append(out.Permissions, to)
		}
	}
	if len(out.Permissions) == 0 && n.add(RoleEmpty, "permissions", "there were %d", len(r.Permissions)) == doMinimal {
		out.Permissions = []string{leastPermission}
	}
	n.dates(RoleDate, r.DateCreated, r.DateUpdated)
	n.versions(r.Versions)
	n.unknownFields("role", r.Raw)
	return out, n.found
}

func (n *notes) permission(p string) string {
	if p == invitePermission {
		if n.add(PermissionInvite, "permissions", "%s", p) == doAddParticipant {
			return permissions["addMember"]
		}
		return ""
	}
	to, ok := permissions[p]
	if !ok && n.add(PermissionUnknown, "permissions", "%q", p) == doKeep {
		return n.text(p, "permissions")
	}
	return to
}

// dates notes that a resource has dates and its counterpart cannot be given any.
func (n *notes) dates(c Code, created, updated chat.Time) {
	if created.IsZero() && updated.IsZero() {
		return
	}
	n.add(c, "date_created", "made %s, changed %s", day(created), day(updated))
}

func day(t chat.Time) string {
	if t.IsZero() {
		return "at a time unknown"
	}
	return t.UTC().Format("2006-01-02")
}
