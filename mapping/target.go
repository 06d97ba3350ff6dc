package mapping

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// Meeting is what a resource of the source, or the place of a message, meets in
// the target.
type Meeting struct {
	SID        string // of the source; of the target if the source has none
	ChannelSID string
	Detail     string // one line for a person, of excerpts and SIDs
}

// Meets gives what a resource meets in the target its finding. Code is one of
// StoredOtherwise, MessageThere, MessageDeleted, MessageAltered and
// MessageCopy. Write says that the message is to be written all the same.
func (m Mapper) Meets(c Code, met Meeting) (write bool, fs []Finding) {
	n := m.notes(met.SID, met.ChannelSID)
	write = n.add(c, "", "%s", line(met.Detail)) == doAppend
	return write, n.found
}

// line is text for a person that holds no more of what a stranger wrote than
// excerpts, and is not cut again.
type line string

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
	default:
		want.Attributes = n.insteadOf(want.Attributes, choice)
	}
	n.keepSkipped(msg.Raw, msg)
	return want, n.found
}

// RefusedAttributes says what to send in place of the attributes of a user, a
// conversation or a participant that the target refused, as Refused does for a
// message. Code is AttributesNotJSON or AttributesTooLarge, and sid that of the
// source. The attributes of a conversation come and go without stamp. If the
// findings are Blocked, nothing is sent.
func (m Mapper) RefusedAttributes(c Code, sid, channelSID, attributes, reason string) (string, []Finding) {
	n := m.notes(sid, channelSID)
	choice := n.add(c, "attributes", "refused: %s", reason)
	return n.insteadOf(attributes, choice), n.found
}

// insteadOf is what a choice makes of attributes that were refused. It belongs to
// the finding added last.
func (n *notes) insteadOf(attributes string, choice Choice) string {
	switch choice {
	case doDrop:
		n.original(attributes)
		return ""
	case doWrap:
		return wrapped(encode(attributes))
	}
	return attributes
}

// refusals are the cases of Refused.
var refusals = []Code{BodyTooLong, BodyEmpty, AttributesNotJSON, AttributesTooLarge, MessageRefused}

// LeavesOutRefused are the cases in which a policy leaves out a message that the target
// refuses, or whose file cannot be copied.
func (m Mapper) LeavesOutRefused() []Code {
	return slices.DeleteFunc(append(slices.Clone(refusals), MediaMissing), func(c Code) bool { return m.Policy.option(c).Severity != Skip })
}

// Instead is what the policies would have sent in place of a message if the target
// had refused it, in any of the cases of Refused.
func (m Mapper) Instead(msg chat.Message, want conversations.Message) []conversations.Message {
	var all []conversations.Message
	for _, c := range refusals {
		if instead, _, sent := m.instead(c, msg, want); sent {
			all = append(all, instead)
		}
	}
	return all
}

// StandsFor reports whether a message of the target is what a policy has in place of
// one that was refused, or whose file could not be copied, and what was found then:
// who sent it may not have lived to say so.
func (m Mapper) StandsFor(msg chat.Message, want, have conversations.Message) (bool, []Finding) {
	for _, c := range refusals {
		if instead, found, sent := m.instead(c, msg, want); sent && Differences(instead, have) == "" {
			return true, found
		}
	}
	if want.Media.SID == "" || have.Media.SID != "" {
		return false, nil
	}
	instead, found := m.WithoutFile(msg, want, earlier)
	return !Blocked(found) && !Skipped(found) && Differences(instead, have) == "", found
}

// earlier is why a message stands in the place of another, if an earlier run put it
// there.
const earlier = "in an earlier run"

// instead is what the policy of a case sends in place of a message, if it sends
// another.
func (m Mapper) instead(c Code, msg chat.Message, want conversations.Message) (instead conversations.Message, found []Finding, sent bool) {
	if as := m.Policy.option(c).Severity; as == Stop || as == Skip {
		return want, nil, false
	}
	instead, found = m.Refused(c, msg, want, earlier)
	return instead, found, Differences(want, instead) != ""
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
