package mapping

import (
	"unicode/utf8"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// Members that a conversation admits: by default in a new service, and at the
// most; error 50417 beyond.
const (
	defaultMembers = 100
	maxMembers     = 1000
)

// systemAuthor writes what nobody wrote: the author of messages that have none,
// and what Chat puts into created_by where REST made a channel.
const systemAuthor = "system"

// Channel maps a channel. Its attributes bear the stamp unless the Mapper says
// otherwise.
func (m Mapper) Channel(c chat.Channel) (conversations.Conversation, []Finding) {
	n := m.notes(c.SID, c.SID)
	out := conversations.Conversation{
		FriendlyName: n.name(c.FriendlyName, maxName),
		UniqueName:   n.uniqueName(c.UniqueName),
		Attributes:   n.attributes(c.Attributes, maxConversationAttributes),
		DateCreated:  n.created(c.DateCreated),
		DateUpdated:  n.date(c.DateUpdated, "date_updated"),
	}
	switch c.Type {
	case chat.PrivateChannel:
	case chat.PublicChannel:
		n.add(ChannelPublic, "type", "%d members", c.MembersCount)
	default:
		n.add(ChannelType, "type", "%q", c.Type)
	}
	if c.CreatedBy != "" && c.CreatedBy != systemAuthor {
		n.add(CreatedBy, "created_by", "%q", m.renamed(c.CreatedBy))
	}
	switch {
	case c.MembersCount > maxMembers:
		n.add(MembersOverLimit, "members_count", "%d; at most %d are allowed", c.MembersCount, maxMembers)
	case c.MembersCount > defaultMembers:
		n.add(MembersOverDefault, "members_count", "%d; a new service allows %d", c.MembersCount, defaultMembers)
	}
	if !m.NoStamp && !n.stopped("attributes") {
		out.Attributes = n.stamp(out.Attributes, Stamp{
			SID:        c.SID,
			ServiceSID: c.ServiceSID,
			Type:       c.Type,
			CreatedBy:  m.renamed(c.CreatedBy),
		})
	}
	n.versions(c.Versions)
	n.unknownFields("channel", c.Raw)
	return out, n.found
}

// SightLost says how many users of the service are not members of a public channel:
// in Chat they can find and join it, and in Conversations, where it is made private,
// they cannot. If there are none, nothing is found.
func (m Mapper) SightLost(c chat.Channel, users, strangers int64) []Finding {
	n := m.notes(c.SID, c.SID)
	if strangers > 0 {
		n.add(SightLost, "type", "%d of %d users of the service are not members", strangers, users)
	}
	return n.found
}

func (n *notes) uniqueName(name string) string {
	name = n.text(name, "unique_name")
	length := utf8.RuneCountInString(name)
	var chosen Choice
	switch {
	case length > maxUniqueName:
		chosen = n.add(UniqueNameTooLong, "unique_name", "%d characters, %d fit", length, maxUniqueName)
	case channelSID.MatchString(name):
		chosen = n.add(UniqueNameSID, "unique_name", "%s", name)
	}
	if chosen != doDrop {
		return name
	}
	n.original(name)
	return ""
}

// NameTaken says what to do with a channel whose unique name another
// conversation of the target has, as where services are merged: whether to go on
// without it.
func (m Mapper) NameTaken(c chat.Channel) (drop bool, fs []Finding) {
	n := m.notes(c.SID, c.SID)
	drop = n.add(UniqueNameTaken, "unique_name", "%q", c.UniqueName) == doDrop
	if drop {
		n.original(c.UniqueName)
	}
	return drop, n.found
}
