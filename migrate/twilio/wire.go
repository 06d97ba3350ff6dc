package twilio

import (
	"fmt"
	"time"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// Replies of Conversations as they are sent. Their dates are read as leniently
// as those of Chat, and an index that is null is told from 0.
type (
	conversationReply struct {
		SID          string    `json:"sid"`
		FriendlyName string    `json:"friendly_name"`
		UniqueName   string    `json:"unique_name"`
		Attributes   string    `json:"attributes"`
		State        string    `json:"state"`
		DateCreated  chat.Time `json:"date_created"`
		DateUpdated  chat.Time `json:"date_updated"`
	}
	participantReply struct {
		SID                  string    `json:"sid"`
		Identity             string    `json:"identity"`
		RoleSID              string    `json:"role_sid"`
		Attributes           string    `json:"attributes"`
		DateCreated          chat.Time `json:"date_created"`
		DateUpdated          chat.Time `json:"date_updated"`
		LastReadMessageIndex *int64    `json:"last_read_message_index"`
		LastReadTimestamp    chat.Time `json:"last_read_timestamp"`
	}
	messageReply struct {
		SID            string    `json:"sid"`
		Index          *int64    `json:"index"`
		Author         string    `json:"author"`
		Body           string    `json:"body"`
		Attributes     string    `json:"attributes"`
		ParticipantSID string    `json:"participant_sid"`
		DateCreated    chat.Time `json:"date_created"`
		DateUpdated    chat.Time `json:"date_updated"`

		Media []conversations.Media `json:"media"`
	}
	roleReply struct {
		SID          string    `json:"sid"`
		FriendlyName string    `json:"friendly_name"`
		Type         string    `json:"type"`
		Permissions  []string  `json:"permissions"`
		DateCreated  chat.Time `json:"date_created"`
	}
	serviceReply struct {
		SID          string    `json:"sid"`
		FriendlyName string    `json:"friendly_name"`
		DateCreated  chat.Time `json:"date_created"`
	}
)

func unmarshal[T any](raw []byte, sidOf func(T) string) (T, error) {
	var r T
	if err := chat.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("decode reply: %w", err)
	}
	if sidOf(r) == "" {
		return r, errNoSID
	}
	return r, nil
}

func decodeService(raw []byte) (conversations.Service, error) {
	r, err := unmarshal(raw, func(r serviceReply) string { return r.SID })
	return conversations.Service{
		SID:          r.SID,
		FriendlyName: r.FriendlyName,
		DateCreated:  r.DateCreated.Time,
	}, err
}

func decodeRole(raw []byte) (conversations.Role, error) {
	r, err := unmarshal(raw, func(r roleReply) string { return r.SID })
	return conversations.Role{
		SID:          r.SID,
		FriendlyName: r.FriendlyName,
		Type:         r.Type,
		Permissions:  r.Permissions,
		DateCreated:  r.DateCreated.Time,
	}, err
}

func decodeUser(raw []byte) (conversations.User, error) {
	return unmarshal(raw, func(r conversations.User) string { return r.SID })
}

func decodeConversation(raw []byte) (conversations.Conversation, error) {
	r, err := unmarshal(raw, func(r conversationReply) string { return r.SID })
	return conversations.Conversation{
		SID:          r.SID,
		FriendlyName: r.FriendlyName,
		UniqueName:   r.UniqueName,
		Attributes:   r.Attributes,
		State:        r.State,
		DateCreated:  r.DateCreated.Time,
		DateUpdated:  r.DateUpdated.Time,
	}, err
}

func decodeParticipant(raw []byte) (conversations.Participant, error) {
	r, err := unmarshal(raw, func(r participantReply) string { return r.SID })
	return conversations.Participant{
		SID:                  r.SID,
		Identity:             r.Identity,
		RoleSID:              r.RoleSID,
		Attributes:           r.Attributes,
		DateCreated:          r.DateCreated.Time,
		DateUpdated:          r.DateUpdated.Time,
		LastReadMessageIndex: r.LastReadMessageIndex,
		LastReadTimestamp:    r.LastReadTimestamp.Time,
	}, err
}

func decodeMessage(raw []byte) (conversations.Message, error) {
	var r messageReply
	if !r.quick(raw) {
		var err error
		if r, err = unmarshal(raw, func(r messageReply) string { return r.SID }); err != nil {
			return conversations.Message{}, err
		}
	}
	switch {
	case r.SID == "":
		return conversations.Message{}, errNoSID
	case r.Index == nil:
		return conversations.Message{}, errNoIndex
	}
	m := conversations.Message{
		SID:            r.SID,
		Index:          *r.Index,
		Author:         r.Author,
		Body:           r.Body,
		Attributes:     r.Attributes,
		ParticipantSID: r.ParticipantSID,
		DateCreated:    r.DateCreated.Time,
		DateUpdated:    r.DateUpdated.Time,
	}
	if len(r.Media) > 0 {
		m.Media, m.MoreMedia = r.Media[0], len(r.Media)-1
	}
	return m, nil
}

// quick reads what nearly every message is, as chat.Quick does.
func (r *messageReply) quick(raw []byte) bool {
	var media any
	return chat.Quick(raw,
		chat.Field{Name: "sid", Into: &r.SID}, chat.Field{Name: "index", Into: &r.Index}, chat.Field{Name: "author", Into: &r.Author},
		chat.Field{Name: "body", Into: &r.Body}, chat.Field{Name: "attributes", Into: &r.Attributes},
		chat.Field{Name: "participant_sid", Into: &r.ParticipantSID}, chat.Field{Name: "date_created", Into: &r.DateCreated},
		chat.Field{Name: "date_updated", Into: &r.DateUpdated}, chat.Field{Name: "media", Into: media})
}

// text is the pointer that twilio-go's parameters take, nil for what is empty
// and so not sent.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// date is a parameter in UTC, since twilio-go formats dates in the zone they
// have, and nil for what is not set. It goes out to the second.
func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC().Truncate(time.Second)
	return &u
}

// sameDate compares as dates are sent. One that is not set asks for nothing.
func sameDate(want, got time.Time) bool {
	return want.IsZero() || want.UTC().Truncate(time.Second).Equal(got.UTC().Truncate(time.Second))
}
