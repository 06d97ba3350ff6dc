package torture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"chatbridge/migrate/emulator"
)

// content is what makes a message the same on both sides.
type content struct {
	author, body, attributes, file string
	second                         int64
}

func (m sourceMessage) content() content {
	return content{m.From, m.Body, canonical(m.Attributes), m.file, m.Created.Unix()}
}

func contentOf(m emulator.TrueMessage) content {
	files := ""
	for _, f := range m.Files {
		files += fileOf(f)
	}
	return content{m.Author, m.Body, canonical(m.Attributes), files, m.Created.Unix()}
}

// fileOf is what makes a file the same on both sides; empty for none.
func fileOf(f emulator.TrueFile) string {
	if f.SID == "" {
		return ""
	}
	return fmt.Sprintf("[%d bytes, %x, %q, %q]", f.Size, f.SHA256, f.ContentType, f.Filename)
}

// canonical is a JSON text in which numbers are by value.
func canonical(text string) string {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return text
	}
	raw, err := json.Marshal(exact(v))
	if err != nil {
		return text
	}
	return string(raw)
}

func exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok {
			return "number " + r.RatString()
		}
	case map[string]any:
		for k := range v {
			v[k] = exact(v[k])
		}
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	}
	return v
}

// compared is a channel and the conversation that it became.
type compared struct {
	*memory
	room emulator.TrueConversation
	must map[string]bool // SIDs of messages that have to be there
}

// count is how often a message is on each side.
type count struct{ ever, live, have, gone, chance int }

// messages says what is wrong with them. Messages that are alike in everything, or
// once were, are counted together: which is which, nobody can tell.
func (c *compared) messages() (all []string) {
	wrong := func(format string, args ...any) {
		all = append(all, c.room.SID+": "+fmt.Sprintf(format, args...))
	}
	source := c.inOrder()
	class := classes(source)
	counts := map[int]*count{}
	of := func(n int) *count {
		if counts[n] == nil {
			counts[n] = &count{}
		}
		return counts[n]
	}
	for sid, s := range c.said {
		n := of(class[s.versions[0]])
		n.ever++
		if c.must[sid] {
			n.live++
		}
	}
	var order []int
	for _, m := range c.room.Messages {
		if m.Trampled {
			wrong("%s, which a person changed, was changed back", m.SID)
		}
		if m.Gone == emulator.Client && (m.By == emulator.Person || m.By == emulator.Application) {
			wrong("%s, which a %s wrote, was deleted", m.SID, m.By)
		}
		if m.By == emulator.Person && m.Gone == "" { // by chance the same: then it is there
			if n, known := class[contentOf(m)]; known {
				of(n).chance++
			}
		}
		if m.By == emulator.Person || m.Gone == emulator.Client {
			continue
		}
		n, known := class[contentOf(m)]
		if m.Was != nil && !known {
			n, known = class[contentOf(*m.Was)]
		}
		switch {
		case !known && m.Gone == "" && m.By != emulator.Application:
			wrong("%s %q of %s at %s is no message of the source", m.SID, m.Body, m.Author, m.Created)
		case !known:
		case m.Gone != "":
			of(n).gone++
		default:
			of(n).have++
			if m.By != emulator.Application {
				order = append(order, n)
			}
		}
	}
	for _, s := range source {
		switch n := counts[class[s.versions[0]]]; {
		case n.have > n.ever:
			wrong("source message %d is there %d times of %d", s.index, n.have, n.ever)
		case n.have+n.gone+n.chance < n.live:
			wrong("source message %d is missing: %d times of %d", s.index, n.have, n.live)
		case n.have+n.gone > n.ever:
			wrong("source message %d was deleted by a person and written again", s.index)
		}
	}
	if len(all) == 0 && !within(order, source, class) {
		wrong("messages are out of order")
	}
	return all
}

// within reports whether messages are some of the source, in its order.
func within(order []int, source []*said, class map[content]int) bool {
	for _, s := range source {
		if len(order) > 0 && order[0] == class[s.versions[0]] {
			order = order[1:]
		}
	}
	return len(order) == 0
}

// classes numbers contents. Two have one number if a message was both.
func classes(source []*said) map[content]int {
	all := map[content]int{}
	for i, s := range source {
		number := i
		for _, v := range s.versions {
			if n, known := all[v]; known && n != number {
				for k := range all {
					if all[k] == number {
						all[k] = n
					}
				}
				number = n
			}
			all[v] = number
		}
	}
	return all
}

// participants says who is missing or too many.
func (c *compared) participants(must []string) (all []string) {
	in, left := map[string]bool{}, map[string]bool{}
	for _, p := range c.room.Participants {
		switch {
		case p.Gone == emulator.Person:
			left[p.Identity] = true
		case p.Gone == emulator.Client && p.By != emulator.Client:
			all = append(all, fmt.Sprintf("%s: %s, who came by themselves, was taken out", c.room.SID, p.Identity))
		case p.Gone == "":
			in[p.Identity] = true
			if p.By == emulator.Client && !c.members[p.Identity] {
				all = append(all, fmt.Sprintf("%s: %s is in it and never was a member", c.room.SID, p.Identity))
			}
		}
	}
	for _, who := range must {
		if !in[who] && !left[who] {
			all = append(all, fmt.Sprintf("%s: %s is not in it", c.room.SID, who))
		}
	}
	return all
}

// common are the SIDs of messages that both lists have.
func common(a, b []json.RawMessage) map[string]bool {
	first, both := map[string]bool{}, map[string]bool{}
	for _, raw := range a {
		first[messageOf(raw).SID] = true
	}
	for _, raw := range b {
		if sid := messageOf(raw).SID; first[sid] {
			both[sid] = true
		}
	}
	return both
}

// commonMembers are the identities that both lists have.
func commonMembers(a, b []json.RawMessage) (both []string) {
	var first []string
	for _, raw := range a {
		first = append(first, memberOf(raw))
	}
	for _, raw := range b {
		if who := memberOf(raw); slices.Contains(first, who) {
			both = append(both, who)
		}
	}
	return both
}
