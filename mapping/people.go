package mapping

import (
	"fmt"
	"maps"
	"time"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// maxUserConversations is how many conversations a user may be in, Chat
// channels counted with them; error 50214 beyond.
const maxUserConversations = 1000

// User maps a user.
func (m Mapper) User(u chat.User, roles Roles) (conversations.User, []Finding) {
	n := m.notes(u.SID, "")
	out := conversations.User{
		Identity:     n.identity(m, u.Identity),
		FriendlyName: n.name(u.FriendlyName, maxName),
		Attributes:   n.attributes(u.Attributes, maxUserAttributes),
		RoleSID:      n.role(roles, u.RoleSID, chat.ServiceRole, "role_sid"),
	}
	if u.JoinedChannelsCount > maxUserConversations {
		n.add(UserChannels, "joined_channels_count", "%d; %d are allowed", u.JoinedChannelsCount, maxUserConversations)
	}
	n.dates(UserDate, u.DateCreated, u.DateUpdated)
	n.versions(u.Versions)
	n.unknownFields("user", u.Raw)
	n.keepSkipped(u.Raw, u)
	return out, n.found
}

// MissingUser is the user for a member whose own is gone from the source. The
// identity is the one in the source.
func (m Mapper) MissingUser(identity string) (conversations.User, []Finding) {
	n := m.notes("", "")
	n.add(UserMissing, "identity", "%q is a member but not a user", identity)
	return conversations.User{Identity: n.identity(m, identity)}, n.found
}

// Member maps a member. How far they have read is their Horizon.
//
// Attributes of members are shown by Chat v2 only, so that none is the usual
// case here, and no finding.
func (m Mapper) Member(mb chat.Member, roles Roles) (conversations.Participant, []Finding) {
	n := m.notes(mb.SID, mb.ChannelSID)
	out := conversations.Participant{
		Identity:    n.identity(m, mb.Identity),
		RoleSID:     n.role(roles, mb.RoleSID, chat.ChannelRole, "role_sid"),
		DateCreated: n.created(mb.DateCreated),
		DateUpdated: n.date(mb.DateUpdated, "date_updated"),
	}
	if mb.Attributes != nil {
		out.Attributes = n.attributes(mb.Attributes, maxParticipantAttributes)
	}
	if mb.Dormant {
		read := "never read"
		if !mb.LastConsumptionTimestamp.IsZero() {
			read = "read last on " + mb.LastConsumptionTimestamp.UTC().Format(time.DateOnly)
		}
		n.add(MemberDormant, "last_consumption_timestamp", "%q %s", mb.Identity, read)
	}
	n.versions(mb.Versions)
	n.unknownFields("member", mb.Raw)
	n.keepSkipped(mb.Raw, mb)
	return out, n.found
}

// MemberRefused decides about a member, or somebody who was invited, whom the target
// refuses. full says that the conversation has no room: who goes on with more members
// than fit leaves the last ones out.
func (m Mapper) MemberRefused(mb chat.Member, full bool, reason string) []Finding {
	if full && m.Policy[MembersOverLimit] == doTry {
		m.Policy = maps.Clone(m.Policy)
		m.Policy[MemberRefused] = doSkip
	}
	n := m.notes(mb.SID, mb.ChannelSID)
	n.add(MemberRefused, "identity", "%q: %s", m.Identity(mb.Identity), reason)
	n.keepSkipped(mb.Raw, mb)
	return n.found
}

// Crowded is MemberRefused for somebody who would be in that many conversations; nothing
// is found if as many are allowed.
func (m Mapper) Crowded(mb chat.Member, conversations int) []Finding {
	if conversations <= maxUserConversations {
		return nil
	}
	return m.MemberRefused(mb, false, fmt.Sprintf("it would be their conversation number %d; %d are allowed", conversations, maxUserConversations))
}

// Full is MemberRefused for the member of a channel that comes after so many; nothing is
// found if there is room.
func (m Mapper) Full(mb chat.Member, before int) []Finding {
	if before < maxMembers {
		return nil
	}
	return m.MemberRefused(mb, true, fmt.Sprintf("%d are allowed in a conversation", maxMembers))
}

// Horizon maps how far a member has read, once the messages are there. The
// function answers with the target's index of the migrated message that has the
// greatest source index at or below old. The result is false where there is
// nothing to set: a member that never reported a horizon has none, while one
// that reported 0 has read the first message.
func (m Mapper) Horizon(mb chat.Member, index func(old int64) (target int64, ok bool)) (conversations.Horizon, bool, []Finding) {
	if mb.LastConsumedMessageIndex == nil {
		return conversations.Horizon{}, false, nil
	}
	n := m.notes(mb.SID, mb.ChannelSID)
	old := *mb.LastConsumedMessageIndex
	target, ok := index(old)
	if !ok {
		n.add(HorizonLost, "last_consumed_message_index", "%d", old)
		return conversations.Horizon{}, false, n.found
	}
	return conversations.Horizon{
		LastReadMessageIndex: target,
		LastReadTimestamp:    n.date(mb.LastConsumptionTimestamp, "last_consumption_timestamp"),
		DateUpdated:          m.notes("", "").date(mb.DateUpdated, "date_updated"), // noted with the member
	}, true, n.found
}

// Invite maps an invite. Conversations has none, so the result is false and the
// finding says what is lost; where the policy adds invited people, the result
// is the participant that they become without being asked.
func (m Mapper) Invite(i chat.Invite, roles Roles) (conversations.Participant, bool, []Finding) {
	n := m.notes(i.SID, i.ChannelSID)
	n.add(InviteLost, "", "%q is invited by %q", m.renamed(i.Identity), m.renamed(i.CreatedBy))
	n.unknownFields("invite", i.Raw)
	if m.Policy.option(InviteLost).Choice != doAdd {
		return conversations.Participant{}, false, n.found
	}
	out := conversations.Participant{
		Identity:    n.identity(m, i.Identity),
		RoleSID:     n.role(roles, i.RoleSID, chat.ChannelRole, "role_sid"),
		DateCreated: n.created(i.DateCreated),
		DateUpdated: n.date(i.DateUpdated, "date_updated"),
	}
	worst := Worst(n.found)
	return out, worst != Stop && worst != Skip, n.found
}

// Unreadable says that a record of the source makes no sense, in the channel or
// the user that sid names.
func (m Mapper) Unreadable(sid string, why error) []Finding {
	n := m.notes(sid, "")
	n.add(Unreadable, "", "%s", why)
	return n.found
}

// NotShown says that the key may not read something: what, as "invites", and of
// which user or channel; of the account if sid is empty.
func (m Mapper) NotShown(what, sid, channelSID string) []Finding {
	n := m.notes(sid, channelSID)
	n.add(NotShown, "", "%s", what)
	return n.found
}

// Credential says what is lost with a push credential: its secrets can be
// written and never read.
func (m Mapper) Credential(c chat.Credential) []Finding {
	n := m.notes(c.SID, "")
	n.add(CredentialSecret, "", "%q of type %s, sandbox %q", c.FriendlyName, c.Type, c.Sandbox)
	n.unknownFields("credential", c.Raw)
	return n.found
}
