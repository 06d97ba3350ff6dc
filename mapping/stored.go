package mapping

import (
	"fmt"
	"strings"
	"time"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// Stored is what a reply shows as it was stored.
type Stored interface {
	conversations.Service | conversations.Role | conversations.User |
		conversations.Conversation | conversations.Participant | conversations.Message
}

// Differences says in which fields a resource is stored otherwise than it was
// sent, with both values, and is empty if in none. Of a message that is what it
// says: body, attributes and file. Of anything else a field that is empty was not sent,
// and is not compared. Dates are compared to the second, attributes by what they
// mean, and text to the letter.
func Differences[T Stored](sent, stored T) string {
	var d differences
	switch sent := any(sent).(type) {
	case conversations.Service:
		d.text("friendly_name", sent.FriendlyName, any(stored).(conversations.Service).FriendlyName)
	case conversations.Role:
		stored := any(stored).(conversations.Role)
		d.text("friendly_name", sent.FriendlyName, stored.FriendlyName)
		d.text("type", sent.Type, stored.Type)
		if !SamePermissions(sent.Permissions, stored.Permissions) {
			d.text("permissions", strings.Join(sent.Permissions, " "), strings.Join(stored.Permissions, " "))
		}
	case conversations.User:
		stored := any(stored).(conversations.User)
		d.text("identity", sent.Identity, stored.Identity)
		d.text("friendly_name", sent.FriendlyName, stored.FriendlyName)
		d.attributes(sent.Attributes, stored.Attributes)
		d.text("role_sid", sent.RoleSID, stored.RoleSID)
	case conversations.Conversation:
		stored := any(stored).(conversations.Conversation)
		d.text("friendly_name", sent.FriendlyName, stored.FriendlyName)
		d.text("unique_name", sent.UniqueName, stored.UniqueName)
		d.attributes(sent.Attributes, stored.Attributes)
		d.date("date_created", sent.DateCreated, stored.DateCreated)
		d.date("date_updated", sent.DateUpdated, stored.DateUpdated)
	case conversations.Participant:
		stored := any(stored).(conversations.Participant)
		d.text("identity", sent.Identity, stored.Identity)
		d.attributes(sent.Attributes, stored.Attributes)
		d.text("role_sid", sent.RoleSID, stored.RoleSID)
		d.date("date_created", sent.DateCreated, stored.DateCreated)
		d.date("date_updated", sent.DateUpdated, stored.DateUpdated)
	case conversations.Message:
		stored := any(stored).(conversations.Message)
		d.differ("body", sent.Body, stored.Body)
		d.differ("media", about(sent), about(stored))
		d.attributes(ExplicitAttributes(sent.Attributes), stored.Attributes)
	}
	return string(d)
}

// about is what tells the files of two messages apart on both sides.
func about(m conversations.Message) string {
	if m.Media.SID == "" {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%d bytes %s %s and %d more", m.Media.Size, m.Media.ContentType, m.Media.Filename, m.MoreMedia))
}

// differences is one line for a person, with a space before each field.
type differences string

func (d *differences) differ(field, sent, stored string) {
	if sent != stored {
		*d += differences(fmt.Sprintf(" %s %s as %s", field, chat.Excerpt(sent), chat.Excerpt(stored)))
	}
}

func (d *differences) text(field, sent, stored string) {
	if sent != "" {
		d.differ(field, sent, stored)
	}
}

func (d *differences) attributes(sent, stored string) {
	if sent != "" && !EqualAttributes(sent, stored) {
		d.differ("attributes", sent, stored)
	}
}

func (d *differences) date(field string, sent, stored time.Time) {
	if !sent.IsZero() {
		d.differ(field, second(sent), second(stored))
	}
}

func second(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
