package twilio

import (
	"context"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// AppendMessage is of migrate.Target.
func (t *Target) AppendMessage(ctx context.Context, serviceSID, conversationSID string, m conversations.Message) (conversations.Message, error) {
	limits := once(ofConversation(serviceSID, conversationSID))
	made, err := one(t.host, ctx, "append message", conversationSID, limits, decodeMessage, func(c *call) error {
		_, err := conversationsAPI(c).CreateServiceConversationMessage(segment(serviceSID), segment(conversationSID),
			&convv1.CreateServiceConversationMessageParams{
				Author:      text(m.Author),
				Body:        text(m.Body),
				Attributes:  text(m.Attributes),
				DateCreated: date(m.DateCreated),
				DateUpdated: date(m.DateUpdated),
				MediaSid:    text(m.Media.SID),
			})
		return err
	})
	t.tails.wrote(conversationSID, made.Index, err)
	return made, err
}

// SetMessage is of migrate.Target. Empty fields are left as they are.
func (t *Target) SetMessage(ctx context.Context, serviceSID, conversationSID string, m conversations.Message) error {
	params := convv1.UpdateServiceConversationMessageParams{
		Author:      text(m.Author),
		Body:        text(m.Body),
		Attributes:  text(m.Attributes),
		DateCreated: date(m.DateCreated),
		DateUpdated: date(m.DateUpdated),
	}
	if params == (convv1.UpdateServiceConversationMessageParams{}) {
		return nil
	}
	_, err := one(t.host, ctx, "set message", m.SID, ofConversation(serviceSID, conversationSID), decodeMessage, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceConversationMessage(segment(serviceSID), segment(conversationSID), segment(m.SID), &params)
		return err
	})
	return err
}

// DeleteMessage is of migrate.Target.
func (t *Target) DeleteMessage(ctx context.Context, serviceSID, conversationSID, messageSID string) error {
	return t.remove(ctx, "delete message", messageSID, ofConversation(serviceSID, conversationSID), func(c *call) error {
		return conversationsAPI(c).DeleteServiceConversationMessage(segment(serviceSID), segment(conversationSID), segment(messageSID), nil)
	})
}

// remove deletes one resource. What is gone already is deleted.
func (t *Target) remove(ctx context.Context, op, sid string, limits transport.Call, ask func(*call) error) error {
	c := &call{host: t.host, ctx: ctx, op: op, sid: sid, limits: limits}
	c.settle(ask(c))
	if c.err != nil && migrate.KindOf(c.err) != migrate.NotFound {
		return c.err
	}
	return nil
}
