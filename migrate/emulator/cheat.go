package emulator

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"
)

// concerns reports whether an exchange reads a list that may be wrong.
func (m *mischief) concerns(x *Exchange) bool {
	list := x.collection()
	return !x.Write() && slices.Contains(listKeys, list) && (len(m.Lists) == 0 || slices.Contains(m.Lists, list))
}

// lead makes an exchange read another list than the one that was asked for, whole,
// as a cache does that mixes up replies: addresses in it are of the other list too.
func (m *mischief) lead(x *Exchange, op uint64) {
	if !m.concerns(x) {
		return
	}
	if x.collection() == "messages" && m.drawn("list-ignores-order", m.IgnoresOrder, op) {
		x.flipped = true
	}
	if n := len(x.args); n > 0 && !x.ofUser() && hits(m.OfAnother, mix(m.Seed, hash("list-of-another"), op)) {
		if other, found := m.emulator.beside(x.Host, x.args); found {
			x.led = strings.Replace(x.path, x.args[n-1], other, 1)
			x.args[n-1] = other
			m.happened("list-of-another")
		}
	}
}

// beside is the resource that comes after the one that arguments name, where
// there is more than one.
func (e *Emulator) beside(h Host, args []string) (sid string, found bool) {
	if h == ChatHost {
		e.source.mu.RLock()
		defer e.source.mu.RUnlock()
		if len(args) == 1 {
			return after(args[0], e.source.services.all(), func(v *chatService) string { return v.sid })
		}
		v, in := e.source.services.find(args[0])
		if !in {
			return "", false
		}
		return after(args[1], v.channels.all(), func(c *channel) string { return c.sid })
	}
	e.target.mu.RLock()
	defer e.target.mu.RUnlock()
	if len(args) == 1 {
		return after(args[0], e.target.services.all(), func(s *service) string { return s.sid })
	}
	s, in := e.target.services.find(args[0])
	if !in {
		return "", false
	}
	return after(args[1], s.conversations.all(), func(c *conversation) string { return c.sid })
}

func after[T any](key string, all iter.Seq[T], sid func(T) string) (next string, found bool) {
	passed := false
	for v := range all {
		switch {
		case sid(v) == key:
			passed = true
		case passed:
			return sid(v), true
		case next == "":
			next = sid(v)
		}
	}
	return next, next != ""
}

// page is one page of a list, with the bytes of its records untouched.
type page struct {
	key      string
	envelope map[string]json.RawMessage
	meta     map[string]json.RawMessage
	records  []json.RawMessage
}

func readPage(reply Reply) (p page, ok bool) {
	p.envelope = fields(reply.Body)
	p.meta = fields(p.envelope["meta"])
	ok = json.Unmarshal(p.meta["key"], &p.key) == nil && json.Unmarshal(p.envelope[p.key], &p.records) == nil
	return p, ok
}

func (p page) reply(status int) Reply {
	p.envelope[p.key] = encode(0, p.records).Body
	p.envelope["meta"] = encode(0, p.meta).Body
	return encode(status, p.envelope)
}

// last reports whether the list says that there is no more.
func (p page) last() bool { return string(p.meta["next_page_url"]) == "null" }

// cheat shows less of a list than there is.
func (m *mischief) cheat(x *Exchange, op uint64, reply Reply) Reply {
	if !m.concerns(x) {
		return reply
	}
	p, ok := readPage(reply)
	if !ok {
		return reply
	}
	changed := m.hide(op, &p)
	if m.cutShort(op, &p) {
		changed = true
	}
	if !changed {
		return reply
	}
	return p.reply(reply.Status)
}

// hide leaves out what is too young to be shown.
func (m *mischief) hide(op uint64, p *page) bool {
	young := m.Lag
	if number := string(p.meta["page"]); hits(m.Stale, mix(m.Seed, hash("list-stale"), op, hash(number))) {
		young = max(young, m.StaleFor)
	}
	before := len(p.records)
	p.records = slices.DeleteFunc(p.records, func(raw json.RawMessage) bool { return m.younger(raw, young) })
	switch {
	case len(p.records) == before:
		return false
	case young > m.Lag:
		m.happened("list-stale")
	default:
		m.happened("list-lags")
	}
	return true
}

func (m *mischief) younger(raw json.RawMessage, than time.Duration) bool {
	var record struct {
		SID string `json:"sid"`
	}
	if json.Unmarshal(raw, &record) != nil || len(record.SID) < 2 {
		return false
	}
	i, isSID := parseID(record.SID[:2], record.SID)
	m.mu.Lock()
	defer m.mu.Unlock()
	b, known := m.births[i]
	return isSID && known && (m.emulator.config.Now().Sub(b.at) < than || m.LagRequests > 0 && m.requests-b.request <= m.LagRequests)
}

// cutShort ends a reading that was drawn: at its first or second page, or by
// leaving out the end of its only one.
func (m *mischief) cutShort(op uint64, p *page) bool {
	n := mix(m.Seed, hash("list-ends-early"), op)
	if !hits(m.EndsEarly, n) || len(p.records) == 0 {
		return false
	}
	switch first := string(p.meta["page"]) == "0"; {
	case !p.last() && first && n%2 == 0:
		return false // at the second
	case !p.last():
		p.meta["next_page_url"] = json.RawMessage("null")
	case first:
		p.records = p.records[:n>>8%uint64(len(p.records))]
	default:
		p.records = p.records[:len(p.records)-1]
	}
	m.happened("list-ends-early")
	return true
}
