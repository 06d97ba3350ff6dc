package mapping

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// Meeting is what a message of the source, or its place, meets in the target.
type Meeting struct {
	SID        string // of the source; of the target if the source has none
	ChannelSID string
	Detail     string // one line for a person
}

// Meets gives what a message meets in the target its finding. Code is one of
// StoredOtherwise, MessageThere, MessageDeleted, MessageAltered and
// MessageCopy. Write says that the message is to be written all the same.
func (m Mapper) Meets(c Code, met Meeting) (write bool, fs []Finding) {
	n := m.notes(met.SID, met.ChannelSID)
	write = n.add(c, "", "%s", met.Detail) == doAppend
	return write, n.found
}

// shortBody is how many characters a body has at most that was refused as too
// long although it fits: it is the limit of the strictest of Twilio's channels,
// SMS.
const shortBody = 1600

// refusedPlaceholder stands for a message that the target refuses.
const refusedPlaceholder = "[message not accepted]"

// Refused says what to send in place of a message that the target refused.
// Code is the case that the refusal names: BodyTooLong, BodyEmpty,
// AttributesNotJSON, AttributesTooLarge, or MessageRefused for any other and for
// what is refused again. If the findings are Blocked or Skipped, nothing is.
func (m Mapper) Refused(c Code, msg chat.Message, want conversations.Message, reason string) (conversations.Message, []Finding) {
	n := m.notes(msg.SID, msg.ChannelSID)
	field := map[Code]string{BodyTooLong: "body", BodyEmpty: "body", AttributesNotJSON: "attributes", AttributesTooLarge: "attributes"}[c]
	choice := n.add(c, field, "refused: %s", reason)
	switch {
	case c == MessageRefused && choice == doPlaceholder:
		n.original(whatWasRefused(want))
		want.Body, want.Attributes = refusedPlaceholder, ""
	case c == BodyTooLong && choice == doTruncate:
		n.original(want.Body)
		want.Body = firstCharacters(want.Body, shortBody)
	case c == BodyEmpty && choice == doSpace:
		want.Body = " "
	case c == BodyEmpty && choice == doPlaceholder:
		want.Body = emptyPlaceholder
	case choice == doDrop:
		n.original(want.Attributes)
		want.Attributes = ""
	case choice == doWrap:
		want.Attributes = encode(map[string]string{wrapKey: want.Attributes})
	}
	n.keepSkipped(msg.Raw, msg)
	return want, n.found
}

// Instead is what the policies would have sent in place of a message if the target
// had refused it, in any of the cases of Refused.
func (m Mapper) Instead(msg chat.Message, want conversations.Message) []conversations.Message {
	var all []conversations.Message
	for _, c := range []Code{BodyTooLong, BodyEmpty, AttributesNotJSON, AttributesTooLarge, MessageRefused} {
		if as := m.Policy.option(c).Severity; as == Stop || as == Skip {
			continue
		}
		if instead, _ := m.Refused(c, msg, want, ""); Differences(want, instead) != "" {
			all = append(all, instead)
		}
	}
	return all
}

func whatWasRefused(want conversations.Message) string {
	return encode(map[string]string{"body": want.Body, "attributes": want.Attributes})
}

func firstCharacters(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}

// PlainAttributes is JSON in its plainest form: no white space, and no escape
// that JSON does not require. Keys keep their order and numbers their digits.
// What cannot be written so without a change of meaning stays as it is.
func PlainAttributes(attributes string) string {
	d := json.NewDecoder(strings.NewReader(attributes))
	d.UseNumber()
	var b strings.Builder
	if writePlain(&b, d) != nil || !EqualAttributes(b.String(), attributes) {
		return attributes
	}
	return b.String()
}

// writePlain copies one value.
func writePlain(b *strings.Builder, d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, isDelim := t.(json.Delim)
	if !isDelim {
		b.WriteString(encode(t))
		return nil
	}
	b.WriteString(open.String())
	for n := 0; d.More(); n++ {
		if n > 0 {
			b.WriteByte(',')
		}
		if open == '{' {
			if err := writePlain(b, d); err != nil { // the key
				return err
			}
			b.WriteByte(':')
		}
		if err := writePlain(b, d); err != nil {
			return err
		}
	}
	end, err := d.Token()
	if err == nil {
		b.WriteString(end.(json.Delim).String())
	}
	return err
}

// Differences says in which fields a message is stored otherwise than it was
// sent, and is empty if in none.
func Differences(sent, stored conversations.Message) string {
	var all string
	differ := func(field, a, b string) {
		if a != b {
			all += fmt.Sprintf(" %s %s as %s", field, chat.Excerpt(a), chat.Excerpt(b))
		}
	}
	differ("body", sent.Body, stored.Body)
	if !EqualAttributes(sent.Attributes, stored.Attributes) {
		differ("attributes", sent.Attributes, stored.Attributes)
	}
	return all
}
