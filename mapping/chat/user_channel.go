package chat

import "encoding/json"

// Status says what a user is to a channel.
type Status string

// Statuses of a user in a channel.
const (
	Joined           Status = "joined"
	Invited          Status = "invited"
	NotParticipating Status = "notParticipating"
)

// UnmarshalText reads v1's spelling of NotParticipating too. Any other text is
// kept as it is.
func (s *Status) UnmarshalText(text []byte) error {
	*s = Status(text)
	if *s == "not_participating" {
		*s = NotParticipating
	}
	return nil
}

// Notification levels of a user in a channel.
const (
	NotificationsDefault = "default"
	NotificationsMuted   = "muted"
)

// UserChannel is one channel as one user has it. It has no SID of its own.
type UserChannel struct {
	AccountSID               string `json:"account_sid"`
	ServiceSID               string `json:"service_sid"`
	ChannelSID               string `json:"channel_sid"`
	UserSID                  string `json:"user_sid"` // not in a v1 reply; a Source fills it in
	MemberSID                string `json:"member_sid"`
	Status                   Status `json:"status"`
	LastConsumedMessageIndex *int64 `json:"last_consumed_message_index"` // as in Member
	UnreadMessagesCount      *int64 `json:"unread_messages_count"`
	NotificationLevel        string `json:"notification_level"` // v2 only

	Raw json.RawMessage `json:"-"`
}
