package mapping

import "chatbridge/mapping/chat"

// Identity is what becomes of an identity. Two that are one here are one person
// in the target.
func (m Mapper) Identity(old string) string { return m.renamed(old) }

// MemberTwice says what is lost with a member whose identity the channel lists
// already: a conversation has each identity once, so the first one counts.
func (m Mapper) MemberTwice(again, first chat.Member) []Finding {
	n := m.notes(again.SID, again.ChannelSID)
	n.add(MemberTwice, "identity", "%s is the same person and counts, with role %q; this one has role %q", first.SID, first.RoleSID, again.RoleSID)
	n.keepSkipped(again.Raw, again)
	return n.found
}

// UserTwice says what is lost with a user whose identity the service lists
// already: the first one counts.
func (m Mapper) UserTwice(again, first chat.User) []Finding {
	n := m.notes(again.SID, "")
	n.add(UserTwice, "identity", "%s has the same identity and counts, with role %q; this one has role %q", first.SID, first.RoleSID, again.RoleSID)
	n.keepSkipped(again.Raw, again)
	return n.found
}
