package twilio

import (
	"context"
	"iter"
	"time"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Page sizes: the most that Twilio takes.
const (
	conversationsPage = 100 // services, conversations, participants, messages
	smallPage         = 50  // roles, users
)

// Target reads and writes Conversations v1, and the limits that Chat v2 keeps
// for it.
type Target struct {
	host *host
	chat *host // nil where no address of Chat is known

	media media

	tails tails // of the conversations that it writes into
}

var _ migrate.Target = (*Target)(nil)

// NewTarget returns a Target. It sends nothing. A configuration that cannot
// work is refused with Kind Usage or Credentials.
func NewTarget(c Config) (*Target, error) {
	c = c.withDefaults(c.Place.ConversationsURL())
	h, err := newHost(c, targetHints)
	if err != nil {
		return nil, err
	}
	t := &Target{host: h}
	if t.media, err = newMedia(c, targetMediaHints); err != nil {
		return nil, err
	}
	if c.ChatURL != "" {
		c.BaseURL = c.ChatURL
		t.chat, err = newHost(c, targetChatHints)
	}
	return t, err
}

func conversationsAPI(c *call) *convv1.ApiService { return convv1.NewApiServiceWithClient(c) }

// AccountShown is what it is of a Source.
func (t *Target) AccountShown() bool { return t.host.accountShown.Load() }

// Services is of migrate.TargetReader.
func (t *Target) Services(ctx context.Context) iter.Seq2[conversations.Service, error] {
	return records(t.host, ctx, "list services", "", func(c *call) error {
		params := (&convv1.ListServiceParams{}).SetPageSize(conversationsPage)
		_, err := conversationsAPI(c).PageService(params, "", "")
		return err
	}, decodeService, func(r conversations.Service) string { return r.SID })
}

// Roles is of migrate.TargetReader.
func (t *Target) Roles(ctx context.Context, serviceSID string) iter.Seq2[conversations.Role, error] {
	return records(t.host, ctx, "list roles", serviceSID, func(c *call) error {
		params := (&convv1.ListServiceRoleParams{}).SetPageSize(smallPage)
		_, err := conversationsAPI(c).PageServiceRole(segment(serviceSID), params, "", "")
		return err
	}, decodeRole, func(r conversations.Role) string { return r.SID })
}

// Users is of migrate.TargetReader.
func (t *Target) Users(ctx context.Context, serviceSID string) iter.Seq2[conversations.User, error] {
	return records(t.host, ctx, "list users", serviceSID, func(c *call) error {
		params := (&convv1.ListServiceUserParams{}).SetPageSize(smallPage)
		_, err := conversationsAPI(c).PageServiceUser(segment(serviceSID), params, "", "")
		return err
	}, decodeUser, func(r conversations.User) string { return r.SID })
}

// Conversations is of migrate.TargetReader.
func (t *Target) Conversations(ctx context.Context, serviceSID string) iter.Seq2[conversations.Conversation, error] {
	return records(t.host, ctx, "list conversations", serviceSID, func(c *call) error {
		params := (&convv1.ListServiceConversationParams{}).SetPageSize(conversationsPage)
		_, err := conversationsAPI(c).PageServiceConversation(segment(serviceSID), params, "", "")
		return err
	}, decodeConversation, func(r conversations.Conversation) string { return r.SID })
}

// Conversation is of migrate.TargetReader.
func (t *Target) Conversation(ctx context.Context, serviceSID, sidOrUniqueName string) (conversations.Conversation, error) {
	c, _, err := t.ConversationAt(ctx, serviceSID, sidOrUniqueName)
	return c, err
}

// ConversationAt is of migrate.TargetReader.
func (t *Target) ConversationAt(ctx context.Context, serviceSID, sidOrUniqueName string) (conversations.Conversation, time.Time, error) {
	return dated(t.host, ctx, "read conversation", sidOrUniqueName, reading, decodeConversation, func(c *call) error {
		_, err := conversationsAPI(c).FetchServiceConversation(segment(serviceSID), segment(sidOrUniqueName))
		return err
	})
}

// Participants is of migrate.TargetReader.
func (t *Target) Participants(ctx context.Context, serviceSID, conversationSID string) iter.Seq2[conversations.Participant, error] {
	return records(t.host, ctx, "list participants", conversationSID, func(c *call) error {
		params := (&convv1.ListServiceConversationParticipantParams{}).SetPageSize(conversationsPage)
		_, err := conversationsAPI(c).PageServiceConversationParticipant(segment(serviceSID), segment(conversationSID), params, "", "")
		return err
	}, decodeParticipant, func(r conversations.Participant) string { return r.SID })
}

// Messages is of migrate.TargetReader.
func (t *Target) Messages(ctx context.Context, serviceSID, conversationSID string, newestFirst bool) iter.Seq2[conversations.Message, error] {
	return func(yield func(conversations.Message, error) bool) {
		l := &messageList[conversations.Message]{host: t.host, sid: conversationSID, newest: newestFirst, size: conversationsPage, decode: placeConversations,
			ask: func(c *call, order string, size int) error {
				params := (&convv1.ListServiceConversationMessageParams{}).SetPageSize(size).SetOrder(order)
				_, err := conversationsAPI(c).PageServiceConversationMessage(segment(serviceSID), segment(conversationSID), params, "", "")
				return err
			}}
		if !newestFirst {
			l.known = func(last mark) bool { return t.tails.reached(conversationSID, last) }
		}
		for page, err := range l.aheadOf(ctx) {
			if err != nil {
				yield(conversations.Message{}, err)
				return
			}
			for _, m := range page.fresh {
				if !yield(m.message, nil) {
					return
				}
			}
		}
	}
}

// Message is of migrate.TargetReader.
func (t *Target) Message(ctx context.Context, serviceSID, conversationSID, messageSID string) (conversations.Message, error) {
	return one(t.host, ctx, "read message", messageSID, reading, decodeMessage, func(c *call) error {
		_, err := conversationsAPI(c).FetchServiceConversationMessage(segment(serviceSID), segment(conversationSID), segment(messageSID))
		return err
	})
}

// Clock is of migrate.TargetReader.
func (t *Target) Clock() time.Time {
	if at := t.host.clock.Load(); at != 0 {
		return time.Unix(at, 0).UTC()
	}
	return time.Time{}
}

func placeConversations(raw []byte) (placed[conversations.Message], error) {
	m, err := decodeMessage(raw)
	return placed[conversations.Message]{message: m, index: m.Index, sid: m.SID}, err
}

// reading is what every read says of itself.
var reading = transport.Call{Class: transport.Read}

// ofService is a repeatable write that counts against a service.
func ofService(serviceSID string) transport.Call {
	return transport.Call{Class: transport.Ensure, Service: serviceSID}
}

// ofConversation is a repeatable write that counts against a conversation.
func ofConversation(serviceSID, conversationSID string) transport.Call {
	return transport.Call{Class: transport.Ensure, Service: serviceSID, Conversation: conversationSID}
}

// once makes a write one that must not be repeated.
func once(c transport.Call) transport.Call {
	c.Class = transport.Append
	return c
}
