package mapping

import (
	"cmp"
	"time"
	"unicode/utf8"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// maxBody is how many bytes a body may have; error 50504 beyond. That the
// OpenAPI document says 1,600 characters is true of SMS alone.
const maxBody = 32 << 10

// emptyPlaceholder stands for a body that was empty, where a policy wants one.
const emptyPlaceholder = "[empty message]"

// Message maps a message. Its DateUpdated is set if anything about it changed
// after it was written: its text, which Chat calls an edit, or its attributes
// alone, which Chat shows by the date only. In Conversations the date says both,
// and a message without one was never changed. A message without a date of its
// own gets undated, because without any it could not be recognized again. SID
// and Index are for the server to give.
func (m Mapper) Message(msg chat.Message, undated time.Time) (conversations.Message, []Finding) {
	n := m.notes(msg.SID, msg.ChannelSID)
	if m.LeaveOut[msg.SID] {
		n.add(MessageLeftOut, "", "index %d", msg.Index)
		n.keepSkipped(msg.Raw, msg)
		// Messages without a date get that of the one before them.
		return conversations.Message{DateCreated: m.dateOf(msg, undated)}, n.found
	}
	out := conversations.Message{Author: n.author(m, msg.From)}
	out.Body, out.Media = n.content(msg)
	out.Attributes = n.attributes(msg.Attributes, maxMessageAttributes)
	out.DateCreated = n.created(msg.DateCreated)
	if out.DateCreated.IsZero() {
		out.DateCreated = undated
	}
	if msg.WasEdited || changed(msg) {
		out.DateUpdated = n.date(msg.DateUpdated, "date_updated")
	}
	if msg.LastUpdatedBy != "" {
		n.add(LastUpdatedBy, "last_updated_by", "%q", m.renamed(msg.LastUpdatedBy))
	}
	n.versions(msg.Versions)
	n.unknownFields("message", msg.Raw)
	n.keepSkipped(msg.Raw, msg)
	return out, n.found
}

// dateOf is when a message was written, or undated.
func (m Mapper) dateOf(msg chat.Message, undated time.Time) time.Time {
	if msg.DateCreated.IsZero() {
		return undated
	}
	return m.notes("", "").date(msg.DateCreated, "date_created")
}

// MessageStays says that a message which LeaveOut names was written already, as
// targetSID.
func (m Mapper) MessageStays(sid, channelSID, targetSID string) []Finding {
	n := m.notes(sid, channelSID)
	n.add(MessageStays, "", "as %s", targetSID)
	return n.found
}

// changed reports whether a message has a later, or another, date of change than
// of creation, to the second.
func changed(msg chat.Message) bool {
	return !msg.DateUpdated.IsZero() && !msg.DateCreated.IsZero() &&
		!msg.DateUpdated.Truncate(time.Second).Equal(msg.DateCreated.Truncate(time.Second))
}

// MessageUpdate is a message as an update sends it. What an update does not name
// stays as it is, so it names attributes that are empty. It would move the date of
// the last change to today, so if the source has none it names that of creation:
// Chat may leave the date alone when attributes change.
func MessageUpdate(m conversations.Message) conversations.Message {
	m.Attributes = ExplicitAttributes(m.Attributes)
	if m.DateUpdated.IsZero() {
		m.DateUpdated = m.DateCreated
	}
	return m
}

// Undated is the date of the messages of a channel that have none: that of the
// channel, or of its service.
func Undated(c chat.Channel, s chat.Service) time.Time {
	date := c.DateCreated.Time
	if date.IsZero() {
		date = s.DateCreated.Time
	}
	return date.UTC().Truncate(time.Second)
}

func (n *notes) author(m Mapper, from string) string {
	author := n.person(m, from, "from")
	length := utf8.RuneCountInString(author)
	switch {
	case author == "":
		n.add(AuthorMissing, "from", "%s is used", systemAuthor)
		return systemAuthor
	case length <= maxIdentity:
		return author
	}
	if n.add(AuthorTooLong, "from", "%d characters, %d fit", length, maxIdentity) != doTruncate {
		return author
	}
	n.original(author)
	return string([]rune(author)[:maxIdentity])
}

// content is what a message says, and its file.
func (n *notes) content(msg chat.Message) (body string, file conversations.Media) {
	body = n.text(msg.Body, "body")
	switch {
	case hasFile(msg):
		body, file = n.withFile(msg, body)
	case msg.Type == "" && body == DefaultCompatibility:
		n.add(MediaLikely, "body", "%q", body)
	case blank(body):
		switch n.add(BodyEmpty, "body", "no text") {
		case doSpace:
			return cmp.Or(body, " "), file
		case doPlaceholder:
			return emptyPlaceholder, file
		}
	}
	if len(body) > maxBody {
		if n.add(BodyTooLong, "body", "%d bytes, %d fit", len(body), maxBody) == doTruncate {
			n.original(body)
			return cut(body, maxBody), file
		}
	}
	return body, file
}

// cut is the longest beginning of text that has at most limit bytes and does
// not end within a character.
func cut(text string, limit int) string {
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
