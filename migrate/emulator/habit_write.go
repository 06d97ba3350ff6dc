package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"
)

// replace puts what the store decides in place of what was sent.
func (m *mischief) replace(x *Exchange) {
	now := x.now.Format(time.RFC3339)
	for name, by := range map[string]struct {
		on    bool
		value string
	}{
		"DateCreated": {m.CreatedNow, now}, "DateUpdated": {m.UpdatedNow, now}, "Author": {m.AuthorSystem, "system"},
	} {
		if by.on && x.Form.Has(name) {
			x.Form.Set(name, by.value)
			m.happened("replace")
		}
	}
}

// reformatted is a JSON object as an encoder writes it that sorts fields.
func reformatted(text string) string {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var v map[string]any
	if decoder.Decode(&v) != nil {
		return text
	}
	return string(encode(0, v).Body)
}

// onlyAttributes reports whether an update sends nothing but attributes.
func (x *Exchange) onlyAttributes() bool { return len(x.Form) == 1 && x.Form.Has("Attributes") }

// lengthLimits are the parameters that Lengths limits where x sends them.
func (m *mischief) lengthLimits(x *Exchange) []lengthLimit {
	attributes := m.Lengths.ConversationAttributes
	if slices.Contains([]string{"messages", "participants"}, x.subject()) {
		attributes = m.Lengths.MessageAttributes
	}
	return []lengthLimit{
		{"Attributes", attributes, 50303, func(s string) int { return len(s) }},
		{"FriendlyName", m.Lengths.Name, 50003, utf8.RuneCountInString},
		{"UniqueName", m.Lengths.Name, 50004, utf8.RuneCountInString},
		{"Identity", m.Lengths.Identity, 50207, utf8.RuneCountInString},
		{"Author", m.Lengths.Identity, 50310, utf8.RuneCountInString},
	}
}

type lengthLimit struct {
	name       string
	most, code int
	length     func(string) int
}

func (l lengthLimit) exceeded(f url.Values) bool {
	return l.most > 0 && l.length(f.Get(l.name)) > l.most
}

// tooLong refuses what is longer than Lengths allow, to either host.
func (m *mischief) tooLong(x *Exchange) (no Reply, refused bool) {
	if m.Lengths == (Lengths{}) {
		return Reply{}, false
	}
	for _, l := range m.lengthLimits(x) {
		if l.exceeded(x.Form) {
			m.happened("lengths")
			return Refusal(http.StatusBadRequest, l.code, "%s is longer than it may be", l.name), true
		}
	}
	return Reply{}, false
}

// acceptsEmpty reports whether a message without text and file is stored: one whose
// Body was sent.
func (m *mischief) acceptsEmpty(f *form) bool {
	if !m.EmptyBody || !f.has("Body") {
		return false
	}
	m.happened("accept")
	return true
}

// seatShown is the participant that a message shows as its author; zero for none.
func (m *mischief) seatShown(c *conversation, of *message) id {
	switch {
	case m.NoParticipantSID:
		return id{}
	case m.LaterParticipantSID && of.participant == (id{}):
		return c.seatOf(of.author)
	}
	return of.participant
}

// horizon decides about a horizon that f sends and next has, where it is null or
// beyond the last message.
func (m *mischief) horizon(f *form, c *conversation, was *int64, next **int64) {
	if !f.has("LastReadMessageIndex") || f.err != nil {
		return
	}
	end := int64(-1)
	if n := len(c.messages.messages); n > 0 {
		end = c.messages.messages[n-1].index
	}
	null := *next == nil
	beyond := !null && **next > end
	switch {
	case null && m.NullRefused, beyond && m.HorizonRefused:
		f.fail(invalid(50421, "LastReadMessageIndex is not the index of a message"))
	case null && m.NullIgnored, beyond && m.HorizonClamped && end < 0:
		*next = was
	case beyond && m.HorizonClamped:
		*next = &end
	default:
		return
	}
	m.happened("horizon")
}

// noteLeft remembers who was in a conversation once.
func (c *conversation) noteLeft(identity string) {
	if c.left == nil {
		c.left = map[string]bool{}
	}
	c.left[identity] = true
}
