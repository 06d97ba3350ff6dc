package twilio

import (
	"context"
	"errors"
	"time"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

var errNotListed = errors.New("the service says that it exists, but does not show it")

// AppendConversation is of migrate.Target.
func (t *Target) AppendConversation(ctx context.Context, serviceSID string, v conversations.Conversation) (conversations.Conversation, error) {
	made, err := one(t.host, ctx, "create conversation", serviceSID, once(ofService(serviceSID)), decodeConversation, func(c *call) error {
		_, err := conversationsAPI(c).CreateServiceConversation(segment(serviceSID), &convv1.CreateServiceConversationParams{
			FriendlyName: text(v.FriendlyName),
			UniqueName:   text(v.UniqueName),
			Attributes:   text(v.Attributes),
			State:        text(v.State),
			DateCreated:  date(v.DateCreated),
			DateUpdated:  date(v.DateUpdated),
		})
		return err
	})
	if err == nil {
		t.tails.began(made.SID)
	}
	return made, err
}

// SetConversation is of migrate.Target.
func (t *Target) SetConversation(ctx context.Context, serviceSID string, v conversations.Conversation) error {
	params := convv1.UpdateServiceConversationParams{
		FriendlyName: text(v.FriendlyName),
		UniqueName:   text(v.UniqueName),
		Attributes:   text(v.Attributes),
		State:        text(v.State),
		DateCreated:  date(v.DateCreated),
		DateUpdated:  date(v.DateUpdated),
	}
	if params == (convv1.UpdateServiceConversationParams{}) {
		return nil
	}
	_, err := one(t.host, ctx, "set conversation", v.SID, ofConversation(serviceSID, v.SID), decodeConversation, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceConversation(segment(serviceSID), segment(v.SID), &params)
		return err
	})
	return err
}

// DeleteConversation is of migrate.Target.
func (t *Target) DeleteConversation(ctx context.Context, serviceSID, conversationSID string) error {
	return t.remove(ctx, "delete conversation", conversationSID, ofService(serviceSID), func(c *call) error {
		return conversationsAPI(c).DeleteServiceConversation(segment(serviceSID), segment(conversationSID), nil)
	})
}

// EnsureParticipant is of migrate.Target. Twilio can answer 404 to a create that
// took effect, so there too the conversation is asked who is in it. Somebody who
// had been there before should have been answered with 409, so whoever is found
// then counts as created; keep is asked all the same.
func (t *Target) EnsureParticipant(ctx context.Context, serviceSID, conversationSID string, p conversations.Participant, keep func(conversations.Participant) bool) (conversations.Participant, migrate.Change, error) {
	limits := ofConversation(serviceSID, conversationSID)
	made, err := one(t.host, ctx, "create participant", conversationSID, limits, decodeParticipant, func(c *call) error {
		_, err := conversationsAPI(c).CreateServiceConversationParticipant(segment(serviceSID), segment(conversationSID),
			&convv1.CreateServiceConversationParticipantParams{
				Identity:    &p.Identity,
				RoleSid:     text(p.RoleSID),
				Attributes:  text(p.Attributes),
				DateCreated: date(p.DateCreated),
				DateUpdated: date(p.DateUpdated),
			})
		return err
	})
	kind := migrate.KindOf(err)
	doubtful := kind == migrate.NotFound || kind == migrate.InDoubt
	// Nobody says whether a full conversation refuses who is in it already as such.
	noRoom := migrate.NoRoom(err)
	if err == nil || kind != migrate.Exists && !doubtful && !noRoom {
		return made, migrate.Created, err
	}
	there, lookErr := t.participantByIdentity(ctx, serviceSID, conversationSID, p.Identity)
	if lookErr != nil {
		if (doubtful || noRoom) && notShown(lookErr) {
			lookErr = err
		}
		return conversations.Participant{}, migrate.Unchanged, lookErr
	}
	unchanged, updated := migrate.Unchanged, migrate.Updated
	if doubtful {
		unchanged, updated = migrate.Created, migrate.Created
	}
	params, same := amend(p, there)
	if same || keep != nil && keep(there) {
		return there, unchanged, nil
	}
	set, err := one(t.host, ctx, "set participant", there.SID, limits, decodeParticipant, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceConversationParticipant(segment(serviceSID), segment(conversationSID), segment(there.SID), &params)
		return err
	})
	return set, updated, err
}

// notShown reports whether what was looked for is not there, as far as the
// service shows.
func notShown(err error) bool {
	return migrate.KindOf(err) == migrate.NotFound || errors.Is(err, errNotListed)
}

// amend is the update that brings a participant to what is asked. It always
// holds the date of update where one is asked for, since any other field would
// move it.
func amend(want, got conversations.Participant) (params convv1.UpdateServiceConversationParticipantParams, same bool) {
	if want.RoleSID != got.RoleSID {
		params.RoleSid = text(want.RoleSID)
	}
	if !sameAttributes(want.Attributes, got.Attributes) {
		params.Attributes = text(want.Attributes)
	}
	if !sameDate(want.DateCreated, got.DateCreated) {
		params.DateCreated = date(want.DateCreated)
	}
	if params == (convv1.UpdateServiceConversationParticipantParams{}) && sameDate(want.DateUpdated, got.DateUpdated) {
		return params, true
	}
	params.DateUpdated = date(want.DateUpdated)
	return params, false
}

// participantByIdentity is what userByIdentity is for users.
func (t *Target) participantByIdentity(ctx context.Context, serviceSID, conversationSID, identity string) (conversations.Participant, error) {
	p, err := one(t.host, ctx, "read participant", conversationSID, reading, decodeParticipant, func(c *call) error {
		_, err := conversationsAPI(c).FetchServiceConversationParticipant(segment(serviceSID), segment(conversationSID), segment(identity))
		return err
	})
	if err == nil && p.Identity == identity {
		return p, nil
	}
	if err != nil && migrate.KindOf(err) != migrate.NotFound {
		return conversations.Participant{}, err
	}
	for p, err := range t.Participants(ctx, serviceSID, conversationSID) {
		if err != nil || p.Identity == identity {
			return p, err
		}
	}
	return conversations.Participant{}, &migrate.Error{Op: "read participant", Kind: migrate.Unavailable, SID: conversationSID, Err: errNotListed}
}

// SetHorizon is of migrate.Target.
func (t *Target) SetHorizon(ctx context.Context, serviceSID, conversationSID, participantSID string, h conversations.Horizon) error {
	index := int(h.LastReadMessageIndex)
	params := &convv1.UpdateServiceConversationParticipantParams{
		LastReadMessageIndex: &index,
		DateUpdated:          date(h.DateUpdated),
	}
	if at := date(h.LastReadTimestamp); at != nil {
		params.SetLastReadTimestamp(at.Format(time.RFC3339))
	}
	_, err := one(t.host, ctx, "set read horizon", participantSID, ofConversation(serviceSID, conversationSID), decodeParticipant, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceConversationParticipant(segment(serviceSID), segment(conversationSID), segment(participantSID), params)
		return err
	})
	return err
}
