package oai

import (
	"net/mail"
)

// exception is a point on which a document contradicts itself or what is known
// of the service.
type exception struct {
	field  string // the last part of the path of a field in a reply
	allows func(value string) bool
	reason string
}

// exceptions is every point on which the documents are not followed to the
// letter.
var exceptions = []exception{
	{"date_created", isRFC2822, "the prose of Chat v1 says RFC 2822, its schema and examples ISO 8601: both are taken"},
	{"date_updated", isRFC2822, "as date_created"},
	{"last_consumption_timestamp", isRFC2822, "as date_created"},
	{"status", isNotParticipating, "Chat v1 spells this status of a user channel not_participating; v2 corrected it, and both are seen"},
}

func isRFC2822(value string) bool {
	_, err := mail.ParseDate(value)
	return err == nil
}

func isNotParticipating(value string) bool { return value == "notParticipating" }

func excepted(field string, value any) bool {
	text, isText := value.(string)
	for _, e := range exceptions {
		if isText && e.field == field && e.allows(text) {
			return true
		}
	}
	return false
}
