package rehearse

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"chatbridge/migrate"
)

// length is one documented limit.
type length struct {
	what string
	most int // documented (Twilio, conversations-limits), in bytes
	unit string
	// send sends a value that long, and says what came back of it: empty if the
	// reply does not show it.
	send func(ctx context.Context, n int) (r migrate.ProbeReply, sent, stored string, err error)
}

// padded is a JSON object of n bytes.
func padded(n int) string {
	const around = len(`{"pad":""}`)
	return `{"pad":"` + strings.Repeat("x", n-around) + `"}`
}

// filled is text that is n characters long and bears the token at its beginning.
func (s *session) filled(prefix string, n int) string {
	begin := prefix + s.made.Token
	return begin + strings.Repeat("x", n-utf8.RuneCountInString(begin))
}

// measured are the limits that are tried.
func (s *session) measured(room string) []length {
	messages := s.at("Conversations", room, "Messages")
	to := func(path, parameter, field string, value func(int) string, more ...string) func(context.Context, int) (migrate.ProbeReply, string, string, error) {
		return func(ctx context.Context, n int) (migrate.ProbeReply, string, string, error) {
			v := value(n)
			f := form(more...)
			f.Set(parameter, v)
			r, err := s.post(ctx, path, f)
			return r, v, textOf(r, field), err
		}
	}
	return []length{
		{"a body", 32 << 10, "bytes", to(messages, "Body", "body", func(n int) string { return strings.Repeat("b", n) }, "Author", s.people[0])},
		{"a body of characters of three bytes", 32 << 10, "bytes", to(messages, "Body", "body", func(n int) string { return strings.Repeat("b", n%3) + strings.Repeat("あ", n/3) }, "Author", s.people[0])},
		{"attributes of a message", 4 << 10, "bytes", to(messages, "Attributes", "attributes", padded, "Author", s.people[0], "Body", s.name("long attributes"))},
		{"attributes of a conversation", 16 << 10, "bytes", to(s.at("Conversations"), "Attributes", "attributes", padded, "FriendlyName", s.name("Long"))},
		{"the name of a conversation", 256, "characters", to(s.at("Conversations"), "FriendlyName", "friendly_name", func(n int) string { return s.filled("n", n) })},
		{"an identity", 256, "characters", to(s.at("Users"), "Identity", "identity", func(n int) string { return s.filled("i", n) })},
	}
}

// shortest is the least length that a search for a lower limit tries: every name
// that a rehearsal gives is at least as long.
const shortest = 64

// lengths tries each documented length, and one more. If the documented one is
// refused it looks for the one that is not.
func (s *session) lengths(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Lengths")
	if err != nil {
		return finding{}, err
	}
	var cut, lower, higher, fits []string
	for _, l := range s.measured(room) {
		r, sent, stored, err := l.send(ctx, l.most)
		if err != nil {
			return finding{}, err
		}
		switch {
		case r.OK() && sent != stored:
			cut = append(cut, fmt.Sprintf("%s of %d %s is stored as %d bytes", l.what, l.most, l.unit, len(stored)))
			continue
		case !r.OK():
			most, err := s.accepted(ctx, l)
			if err != nil {
				return finding{}, err
			}
			lower = append(lower, fmt.Sprintf("%s of more than about %d %s (%s)", l.what, most, l.unit, says(r)))
			continue
		}
		fits = append(fits, l.what)
		over, sent, stored, err := l.send(ctx, l.most+1)
		switch {
		case err != nil:
			return finding{}, err
		case over.OK() && sent != stored:
			cut = append(cut, fmt.Sprintf("%s of %d %s is stored as %d bytes", l.what, l.most+1, l.unit, len(stored)))
		case over.OK():
			higher = append(higher, l.what)
		}
	}
	switch {
	case len(cut) > 0:
		return dangerous("do not migrate into this account: text would be lost without an error", "%s", brief(cut)).stopping("values are cut off without an error"), nil
	case len(lower) > 0:
		return dangerous("choose policies for what is too long before you begin (chatbridge policies): a run stops a channel at such a value", "refused: %s", brief(lower)), nil
	case len(higher) > 0:
		return harmless("nothing to do: what is longer than documented meets its policy before it is sent", "more than is documented is accepted for %s", strings.Join(higher, ", ")), nil
	}
	return asAssumed("accepted up to the limit and refused above it: %s", strings.Join(fits, ", ")), nil
}

// accepted is about the most that is accepted below a documented length: it is
// found by halves, and exact enough after ten.
func (s *session) accepted(ctx context.Context, l length) (int, error) {
	low, high := shortest, l.most // low is taken for accepted
	for range 10 {
		if high-low <= 1 {
			break
		}
		middle := (low + high) / 2
		r, _, _, err := l.send(ctx, middle)
		if err != nil {
			return 0, err
		}
		if r.OK() {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}
