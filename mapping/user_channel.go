package mapping

import (
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// UserChannel maps what a user has to do with a channel to the notification
// level that they have in the conversation. The result is false where there is
// none to be had: the source does not show one, as v1 never does, or the user
// is no member. A participant starts at conversations.NotificationsDefault.
//
// That somebody is invited is said with the invite.
func (m Mapper) UserChannel(c chat.UserChannel) (level string, known bool, found []Finding) {
	n := m.notes(c.UserSID, c.ChannelSID)
	n.unknownFields("user_channel", c.Raw)
	switch c.Status {
	case chat.Joined:
	case chat.Invited:
		return "", false, n.found
	default:
		n.add(UserChannelStatus, "status", "%q", c.Status)
		return "", false, n.found
	}
	switch c.NotificationLevel {
	case "":
		return "", false, n.found
	case chat.NotificationsDefault:
		return conversations.NotificationsDefault, true, n.found
	case chat.NotificationsMuted:
		return conversations.NotificationsMuted, true, n.found
	default:
		n.add(UserChannelStatus, "notification_level", "%q", c.NotificationLevel)
		return "", false, n.found
	}
}
