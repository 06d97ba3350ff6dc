package mapping

import (
	"fmt"
	"strings"

	"chatbridge/mapping/chat"
)

// RoleWasThere says that the target has a role of that type and name, which
// somebody else made, and in which fields it differs, if that is known. replace says that the
// policy brings it to what the source says.
func (m Mapper) RoleWasThere(r chat.Role, targetSID string, differs []string) (replace bool, found []Finding) {
	return m.wasThere(RoleWasThere, r.SID, targetSID, differs)
}

// UserWasThere says the same of a user.
func (m Mapper) UserWasThere(u chat.User, targetSID string, differs []string) (replace bool, found []Finding) {
	return m.wasThere(UserWasThere, u.SID, targetSID, differs)
}

// MemberWasThere says the same of a member, or of an invite, that an earlier migration
// brought into the conversation.
func (m Mapper) MemberWasThere(sid, channelSID, targetSID string, differs []string) (replace bool, found []Finding) {
	n := m.notes(sid, channelSID)
	chosen := n.add(MemberWasThere, only(differs), "%s differs%s", targetSID, where(differs))
	return chosen == doReplace, n.found
}

func (m Mapper) wasThere(c Code, sid, targetSID string, differs []string) (bool, []Finding) {
	n := m.notes(sid, "")
	chosen := n.add(c, only(differs), "%s differs%s", targetSID, where(differs))
	return chosen == doReplace, n.found
}

// where names the fields, if they are known.
func where(differs []string) string {
	if len(differs) == 0 {
		return ""
	}
	return " in " + strings.Join(differs, ", ")
}

// only is the one element of a list, and empty if there are more or none.
func only(names []string) string {
	if len(names) != 1 {
		return ""
	}
	return names[0]
}

// RoleShared says that another service, whose SID is by, brought the role into
// the same target otherwise: it wins, whatever the policy.
func (m Mapper) RoleShared(r chat.Role, targetSID, by string, differs []string) []Finding {
	return m.shared(RoleShared, r.SID, targetSID, by, differs)
}

// UserShared says the same of a user.
func (m Mapper) UserShared(u chat.User, targetSID, by string, differs []string) []Finding {
	return m.shared(UserShared, u.SID, targetSID, by, differs)
}

func (m Mapper) shared(c Code, sid, targetSID, by string, differs []string) []Finding {
	n := m.notes(sid, "")
	n.add(c, only(differs), "%s has the values of service %s, and differs%s", targetSID, by, where(differs))
	return n.found
}

// RoleRenamed says that the target refused a second role of one type and name,
// which got another name.
func (m Mapper) RoleRenamed(r chat.Role, name string) []Finding {
	n := m.notes(r.SID, "")
	n.add(RoleRenamed, "friendly_name", "%q became %q", r.FriendlyName, name)
	return n.found
}

// RoleLate says that a create without an answer landed after another was sent,
// so that the target has the role once more, as targetSID.
func (m Mapper) RoleLate(r chat.Role, targetSID string) []Finding {
	n := m.notes(r.SID, "")
	n.add(RoleLate, "", "%s is the same role once more", targetSID)
	return n.found
}

// ServiceLate says that a create without an answer may have landed after another
// was sent, so that the target has the service once more, as targetSID.
func (m Mapper) ServiceLate(s chat.Service, targetSID string) []Finding {
	n := m.notes(s.SID, "")
	n.add(ServiceLate, "", "%s has the same name and came after the first create was sent", targetSID)
	return n.found
}

// HorizonKept says that a member has read further in the target than the source
// says.
func (m Mapper) HorizonKept(mb chat.Member, at int64) []Finding {
	n := m.notes(mb.SID, mb.ChannelSID)
	n.add(HorizonKept, "last_consumed_message_index", "%d in the target", at)
	return n.found
}

// AnotherName is the nth name for a role whose own the target refuses. The first
// is n = 2.
func AnotherName(name string, n int) string {
	suffix := fmt.Sprintf(" (%d)", n)
	runes := []rune(name)
	return string(runes[:min(len(runes), maxRoleName-len(suffix))]) + suffix
}
