package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/migrate/transport"
)

// UserConversations is of migrate.TargetReader.
func (t *Target) UserConversations(ctx context.Context, serviceSID, userSID string) iter.Seq2[string, error] {
	return records(t.host, ctx, "list conversations of user", userSID, func(c *call) error {
		params := (&convv1.ListServiceUserConversationParams{}).SetPageSize(smallPage)
		_, err := conversationsAPI(c).PageServiceUserConversation(segment(serviceSID), segment(userSID), params, "", "")
		return err
	}, decodeUserConversation, func(sid string) string { return sid })
}

func decodeUserConversation(raw []byte) (string, error) {
	var r struct {
		ConversationSID string `json:"conversation_sid"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", fmt.Errorf("decode conversation of user: %w", err)
	}
	return r.ConversationSID, nil
}

// DeleteUser is of migrate.Target.
func (t *Target) DeleteUser(ctx context.Context, serviceSID, userSID string) error {
	return t.remove(ctx, "delete user", userSID, ofService(serviceSID), func(c *call) error {
		return conversationsAPI(c).DeleteServiceUser(segment(serviceSID), segment(userSID), nil)
	})
}

// DeleteRole is of migrate.Target.
func (t *Target) DeleteRole(ctx context.Context, serviceSID, roleSID string) error {
	return t.remove(ctx, "delete role", roleSID, ofService(serviceSID), func(c *call) error {
		return conversationsAPI(c).DeleteServiceRole(segment(serviceSID), segment(roleSID))
	})
}

// DeleteService is of migrate.Target.
func (t *Target) DeleteService(ctx context.Context, serviceSID string) error {
	return t.remove(ctx, "delete service", serviceSID, transport.Call{Class: transport.Ensure}, func(c *call) error {
		return conversationsAPI(c).DeleteService(segment(serviceSID))
	})
}
