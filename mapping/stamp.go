package mapping

import (
	"encoding/json"
	"strings"

	"chatbridge/mapping/conversations"
)

// StampKey is where the stamp lies in the attributes of a conversation.
const StampKey = "chatbridge"

// Stamp is what a migration leaves in the attributes of a conversation, under
// the key "chatbridge". It lets the conversation be recognized without a
// ledger, and keeps what Conversations has no field for.
type Stamp struct {
	SID        string `json:"sid"`                   // of the channel
	ServiceSID string `json:"service_sid,omitempty"` // of its service
	Type       string `json:"type,omitempty"`        // public or private
	CreatedBy  string `json:"created_by,omitempty"`  // an identity, renamed
}

// ReadStamp finds the stamp in attributes, wherever in the object it is, and
// whether or not the server wrote the object anew. A value under the same key
// that has no channel SID is not a stamp.
func ReadStamp(attributes string) (Stamp, bool) {
	s, _, ok := findStamp(attributes)
	return s, ok
}

// Unstamped is attributes without the stamp. Attributes that were stamped by
// this package come back byte for byte, and those that were empty as "{}".
func Unstamped(attributes string) string {
	for {
		_, at, ok := findStamp(attributes)
		if !ok {
			return attributes
		}
		attributes = without(attributes, at)
	}
}

func findStamp(attributes string) (Stamp, member, bool) {
	if !strings.Contains(attributes, StampKey) { // spares most attributes the parsing
		return Stamp{}, member{}, false
	}
	ms, _ := members(attributes)
	for _, at := range ms {
		if at.key != StampKey {
			continue
		}
		var s Stamp
		if json.Unmarshal([]byte(attributes[at.value:at.end]), &s) == nil && strings.HasPrefix(s.SID, "CH") {
			return s, at, true
		}
	}
	return Stamp{}, member{}, false
}

// stamped is attributes, which must hold an object or nothing, with the stamp
// as first member.
func stamped(attributes string, s Stamp) string {
	entry := encode(StampKey) + ":" + encode(s)
	ms, ok := members(attributes)
	if !ok {
		return "{" + entry + "}"
	}
	if len(ms) > 0 {
		entry += ","
	}
	open := strings.IndexByte(attributes, '{') + 1
	return attributes[:open] + entry + attributes[open:]
}

// stamp adds the stamp to attributes that the mapping is done with.
func (n *notes) stamp(attributes string, s Stamp) string {
	ms, isObject := members(attributes)
	if attributes != "" && !isObject {
		n.add(StampOmitted, "attributes", "they are not an object")
		return attributes
	}
	if before, _, ok := findStamp(attributes); ok {
		n.add(StampReplaced, "attributes", "it names %s", before.SID)
		attributes = Unstamped(attributes)
		ms, _ = members(attributes)
	}
	for _, at := range ms {
		if at.key != StampKey {
			continue
		}
		if n.add(StampKeyTaken, "attributes", "the key %s is not a stamp", StampKey) != doOverwrite {
			return attributes
		}
		n.original(attributes)
		attributes = withoutKey(attributes, StampKey)
		break
	}
	for _, try := range []Stamp{s, {SID: s.SID, ServiceSID: s.ServiceSID}} {
		if out := stamped(attributes, try); len(out) <= maxConversationAttributes {
			if try != s {
				n.add(StampShortened, "attributes", "%d of %d bytes are used", len(attributes), maxConversationAttributes)
			}
			return out
		}
	}
	n.add(StampOmitted, "attributes", "%d of %d bytes are used", len(attributes), maxConversationAttributes)
	return attributes
}

// withoutKey removes every member with that key.
func withoutKey(attributes, key string) string {
	for {
		ms, _ := members(attributes)
		i := 0
		for i < len(ms) && ms[i].key != key {
			i++
		}
		if i == len(ms) {
			return attributes
		}
		attributes = without(attributes, ms[i])
	}
}

// Recognition is a text by which a conversation is found again: its stamp, or,
// if attributes are left untouched, everything else that the source determines.
func Recognition(c conversations.Conversation) string {
	if stamp, ok := ReadStamp(c.Attributes); ok {
		return "stamp\x00" + stamp.SID
	}
	return strings.Join([]string{"fields", c.UniqueName, c.FriendlyName, c.DateCreated.UTC().String(), CanonicalAttributes(c.Attributes)}, "\x00")
}
