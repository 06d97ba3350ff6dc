package conversations

// Notification levels of a user in a conversation.
const (
	NotificationsDefault = "default"
	NotificationsMuted   = "muted"
)

// UserConversation is one conversation as a user who is in it has it. It has no
// SID of its own.
type UserConversation struct {
	ConversationSID   string `json:"conversation_sid"`
	NotificationLevel string `json:"notification_level"`
}
