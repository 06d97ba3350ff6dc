package chat

import "encoding/json"

// Message is one message of a channel. Index orders the messages of a channel;
// it grows, and has gaps where messages were deleted.
type Message struct {
	SID         string  `json:"sid"`
	AccountSID  string  `json:"account_sid"`
	ServiceSID  string  `json:"service_sid"`
	ChannelSID  string  `json:"channel_sid"`
	To          string  `json:"to"`
	From        string  `json:"from"` // identity of the author, who need not be a member any more
	Body        string  `json:"body"`
	Attributes  *string `json:"attributes"` // JSON as text; nil in a v1 list means "not shown", not "empty"
	Index       int64   `json:"index"`
	WasEdited   bool    `json:"was_edited"`
	DateCreated Time    `json:"date_created"`
	DateUpdated Time    `json:"date_updated"`

	Type          string `json:"type"`            // v2 only: "text" or "media"
	Media         *Media `json:"media"`           // v2 only
	LastUpdatedBy string `json:"last_updated_by"` // v2 only

	// MoreMedia are files beside Media, which apps on the Conversations SDK can attach.
	// Chat never shows them: whoever reads the message through Conversations puts
	// them here.
	MoreMedia []Media `json:"more_media,omitempty"`

	Versions Versions `json:"chat_versions,omitzero"`

	Raw json.RawMessage `json:"-"`

	// Page is the address, path and query, of the page of a list, oldest first, on which
	// the message was shown. Empty on the first page, and of any other reading.
	Page string `json:"-"`
}

// Media describes the file of a media message. The file itself is not in it.
type Media struct {
	SID         string `json:"sid"`
	Size        int64  `json:"size"` // bytes
	ContentType string `json:"content_type"`
	Filename    string `json:"filename"`
}

func quickMessage(raw []byte, m *Message) bool {
	var more any // what only a list or an object can be
	return Quick(raw,
		Field{"sid", &m.SID}, Field{"account_sid", &m.AccountSID}, Field{"service_sid", &m.ServiceSID}, Field{"channel_sid", &m.ChannelSID},
		Field{"to", &m.To}, Field{"from", &m.From}, Field{"body", &m.Body}, Field{"attributes", &m.Attributes},
		Field{"index", &m.Index}, Field{"was_edited", &m.WasEdited}, Field{"date_created", &m.DateCreated}, Field{"date_updated", &m.DateUpdated},
		Field{"type", &m.Type}, Field{"media", more}, Field{"last_updated_by", &m.LastUpdatedBy}, Field{"more_media", more}, Field{"chat_versions", more})
}
