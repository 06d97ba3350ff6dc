package mapping

import (
	"strings"

	"chatbridge/mapping/chat"
)

// Limits of Conversations, in bytes of the attributes' text.
const (
	maxConversationAttributes = 16 << 10
	maxUserAttributes         = 16 << 10
	maxParticipantAttributes  = 4 << 10
	maxMessageAttributes      = 4 << 10 // the OpenAPI document says 16; Twilio's staff corrected it to 4
)

// wrapKey holds attributes that were not an object: {"chatbridge_original": …}.
const wrapKey = "chatbridge_original"

// attributes is what a resource's attributes become. An object is kept byte for
// byte; one without members is not sent, since it is what the target starts
// with. Nil is an answer that does not show them.
func (n *notes) attributes(shown *string, limit int) string {
	if shown == nil {
		n.add(AttributesUnknown, "attributes", "they were not shown; a fetch of the single resource shows them")
		return ""
	}
	text := n.text(*shown, "attributes")
	if unset(text) {
		return ""
	}
	ms, isObject := members(text)
	if !isObject && !chat.Valid([]byte(text)) {
		switch n.add(AttributesNotJSON, "attributes", "%d bytes that are not JSON", len(text)) {
		case doWrap:
			text = wrapped(encode(text))
		case doDrop:
			n.original(text)
			return ""
		default:
			return text
		}
	} else if !isObject {
		switch n.add(AttributesNotObject, "attributes", "%d bytes of JSON that are not an object", len(text)) {
		case doWrap:
			text = wrapped(text)
		case doDrop:
			n.original(text)
			return ""
		}
	} else if len(ms) == 0 {
		return ""
	}
	if len(text) > limit {
		if n.add(AttributesTooLarge, "attributes", "%d bytes, %d fit", len(text), limit) == doDrop {
			n.original(*shown)
			return ""
		}
	}
	return text
}

func wrapped(value string) string {
	return "{" + encode(wrapKey) + ":" + value + "}"
}

// unset reports whether attributes hold nothing: what JSON takes for white space is
// less than what people do.
func unset(text string) bool { return strings.Trim(text, " \t\r\n") == "" }

func blank(text string) bool { return strings.TrimSpace(text) == "" }
