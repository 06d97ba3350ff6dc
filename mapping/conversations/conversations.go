// Package conversations is the vocabulary of the target: the resources of
// Twilio Conversations v1 as plain structs, named as Conversations names them.
//
// The same struct serves both ways: package mapping fills it with what should
// be, and a read of the target fills it with what is, SIDs and indexes
// included. Dates are UTC; the zero time means "not set". Text that is empty is
// not sent.
//
// The package does no I/O.
package conversations

import "time"

// Types of a role.
const (
	ServiceRole      = "service"
	ConversationRole = "conversation"
)

// Service is one Conversations service. It can be created, read and deleted;
// there is no update.
type Service struct {
	SID          string    `json:"sid,omitempty"`
	FriendlyName string    `json:"friendly_name"`
	DateCreated  time.Time `json:"date_created,omitzero"`
}

// Role is a named set of permissions. Within a service it is known by Type and
// FriendlyName, which cannot be changed; Permissions can only be replaced whole.
type Role struct {
	SID          string    `json:"sid,omitempty"`
	FriendlyName string    `json:"friendly_name"`
	Type         string    `json:"type"` // ServiceRole or ConversationRole
	Permissions  []string  `json:"permissions"`
	DateCreated  time.Time `json:"date_created,omitzero"` // no request sets it
}

// User is one person of a service, known by Identity. Users cannot be
// back-dated.
type User struct {
	SID          string `json:"sid,omitempty"`
	Identity     string `json:"identity"`
	FriendlyName string `json:"friendly_name,omitempty"`
	Attributes   string `json:"attributes,omitempty"` // JSON as text, up to 16 KiB
	RoleSID      string `json:"role_sid,omitempty"`
}

// Conversation is what a channel becomes. UniqueName is unique in the service.
type Conversation struct {
	SID          string    `json:"sid,omitempty"`
	FriendlyName string    `json:"friendly_name,omitempty"`
	UniqueName   string    `json:"unique_name,omitempty"`
	Attributes   string    `json:"attributes,omitempty"` // JSON as text, up to 16 KiB
	State        string    `json:"state,omitempty"`
	DateCreated  time.Time `json:"date_created,omitzero"`
	DateUpdated  time.Time `json:"date_updated,omitzero"` // moved by any later write that does not set it
}

// Participant is one user in one conversation, known by Identity. How far they
// have read can only be set by an update: see Horizon.
type Participant struct {
	SID                  string    `json:"sid,omitempty"`
	Identity             string    `json:"identity"`
	RoleSID              string    `json:"role_sid,omitempty"`
	Attributes           string    `json:"attributes,omitempty"` // JSON as text, up to 4 KiB
	DateCreated          time.Time `json:"date_created,omitzero"`
	DateUpdated          time.Time `json:"date_updated,omitzero"`
	LastReadMessageIndex *int64    `json:"last_read_message_index,omitempty"`
	LastReadTimestamp    time.Time `json:"last_read_timestamp,omitzero"`
}

// Horizon is how far a participant has read.
type Horizon struct {
	LastReadMessageIndex int64     `json:"last_read_message_index"`
	LastReadTimestamp    time.Time `json:"last_read_timestamp,omitzero"`
	DateUpdated          time.Time `json:"date_updated,omitzero"` // the participant's own, so that the update does not move it
}

// Message is one message. Index and SID are given by the server: indexes grow
// in the order of arrival and may skip numbers.
type Message struct {
	SID            string    `json:"sid,omitempty"`
	Index          int64     `json:"index"`
	Author         string    `json:"author"`
	Body           string    `json:"body"`
	Attributes     string    `json:"attributes,omitempty"` // JSON as text, up to 4 KiB
	ParticipantSID string    `json:"participant_sid,omitempty"`
	DateCreated    time.Time `json:"date_created,omitzero"`
	DateUpdated    time.Time `json:"date_updated,omitzero"` // set only where the message was edited
	// Media is the file of the message; its SID is empty if it has none. Of a
	// message that is to be written the SID is that of the source until the file
	// is uploaded.
	Media     Media `json:"media,omitzero"`
	MoreMedia int   `json:"more_media,omitempty"` // files beyond the first, which only people's own clients attach
}

// Media is a file of a message. Once attached it cannot be changed.
type Media struct {
	SID         string `json:"sid"`
	Size        int64  `json:"size"` // bytes
	ContentType string `json:"content_type"`
	Filename    string `json:"filename"`
}
