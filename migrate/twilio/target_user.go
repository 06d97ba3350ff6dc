package twilio

import (
	"context"
	"iter"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/mapping/conversations"
)

// UserConversations is of migrate.TargetReader.
func (t *Target) UserConversations(ctx context.Context, serviceSID, userSID string) iter.Seq2[conversations.UserConversation, error] {
	return records(t.host, ctx, "list conversations of user", userSID, func(c *call) error {
		params := (&convv1.ListServiceUserConversationParams{}).SetPageSize(smallPage)
		_, err := conversationsAPI(c).PageServiceUserConversation(segment(serviceSID), segment(userSID), params, "", "")
		return err
	}, decodeUserConversation, conversationOf)
}

// SetNotificationLevel is of migrate.Target. No document says which limit the
// request counts against; it is taken for that of the service, as writes of
// users are.
func (t *Target) SetNotificationLevel(ctx context.Context, serviceSID, userSID, conversationSID, level string) error {
	_, err := one(t.host, ctx, "set notification level", conversationSID, ofService(serviceSID), decodeUserConversation, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceUserConversation(segment(serviceSID), segment(userSID), segment(conversationSID),
			&convv1.UpdateServiceUserConversationParams{NotificationLevel: &level})
		return err
	})
	return err
}

func decodeUserConversation(raw []byte) (conversations.UserConversation, error) {
	return unmarshal(raw, conversationOf)
}

func conversationOf(c conversations.UserConversation) string { return c.ConversationSID }
