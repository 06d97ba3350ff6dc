package emulator

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"time"
)

// mischief stands between a host and its handlers, and does what an Unkind asks
// for. It holds its own lock for itself alone: what it does to the source or the
// target is done after the handler, as somebody else's request.
type mischief struct {
	Unkind
	emulator *Emulator
	idle     bool // nothing is asked for that happens here

	mu       sync.Mutex
	requests int64
	births   map[id]birth
	names    map[string]uint64 // of the SIDs that were issued: what created them
	seen     map[uint64]uint64 // how often an operation was seen
	counts   map[string]int64

	mutations map[string]json.RawMessage // the address of what each made
	tokens    map[string]issue
	deletions int64
}

// birth is when something was made.
type birth struct {
	at      time.Time
	request int64
}

func newMischief(e *Emulator) *mischief {
	u := e.config.Unkind
	u.Seed = cmp.Or(u.Seed, e.config.Seed)
	u.StaleFor = cmp.Or(u.StaleFor, defaultStaleFor)
	if len(u.PeopleDo) == 0 {
		u.PeopleDo = Deeds
	}
	elsewhere := e.config.Unkind
	elsewhere.Seed, elsewhere.IndexGaps = 0, 0
	return &mischief{
		Unkind: u, emulator: e, idle: reflect.ValueOf(elsewhere).IsZero(),
		births: map[id]birth{}, names: map[string]uint64{}, seen: map[uint64]uint64{}, counts: map[string]int64{},
		mutations: map[string]json.RawMessage{}, tokens: map[string]issue{},
	}
}

// Mischief counts what the emulator did that an Unkind asked for, by the name
// that ParseUnkind has for it. A habit that only shows things otherwise, such as a clock
// that is ahead, is not counted. What it did to subaccounts counts with their parent's.
func (e *Emulator) Mischief() map[string]int64 {
	all := e.mischief.tally()
	if e.fleet != nil {
		for _, s := range e.fleet.accounts[1:] {
			for name, n := range s.mischief.tally() {
				all[name] += n
			}
		}
	}
	return all
}

func (m *mischief) tally() map[string]int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.counts)
}

// serve lets a handler answer, unkindly.
func (m *mischief) serve(x *Exchange, handle func() Reply) Reply {
	if m.idle {
		return handle()
	}
	op := m.operation(x)
	x.op = op
	if no, refused := m.refuse(x); refused {
		return no
	}
	if answered, before := m.before(x); before {
		return answered
	}
	if m.unknownTo(x) {
		return Refusal(http.StatusNotFound, 20404, "The requested resource %s was not found", x.path)
	}
	m.alter(x)
	m.collectBefore(x, op)
	m.lead(x, op)
	reply := handle()
	if reply.Status >= http.StatusMultipleChoices {
		return reply
	}
	m.learn(x, op, reply)
	m.remember(x, reply)
	m.act(x, op, reply, handle)
	if !x.Write() {
		reply = m.cheat(x, op, reply)
	}
	return m.answer(x, op, m.disguise(x, m.partial(x, reply)))
}

// operation identifies a request and how often it was made. A page behind the
// first is of the same reading as the first.
func (m *mischief) operation(x *Exchange) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	h := fnv.New64a()
	put := func(s string) {
		if name, issued := m.names[s]; issued {
			_, _ = h.Write(binary.BigEndian.AppendUint64(nil, name)) // never fails
			return
		}
		_, _ = h.Write(append([]byte(s), 0))
	}
	put(string(x.Host))
	put(x.Method)
	for _, segment := range x.Path {
		put(segment)
	}
	if x.Upload != nil {
		put(string(x.Upload.SHA256[:]))
	}
	for _, values := range []url.Values{x.Query, x.Form} {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if name == "Page" || name == "PageToken" || name == "PageSize" {
				continue
			}
			put(name)
			for _, v := range values[name] {
				put(v)
			}
		}
	}
	op := h.Sum64()
	if !x.Query.Has("PageToken") {
		m.seen[op]++
	}
	return mix(op, m.seen[op])
}

// drawn reports whether a share hits, and counts it under a name.
func (m *mischief) drawn(name string, share float64, op uint64) bool {
	if !hits(share, mix(m.Seed, hash(name), op)) {
		return false
	}
	m.happened(name)
	return true
}

// hits reports whether a number from the whole range falls into a share of it.
func hits(share float64, n uint64) bool { return float64(n>>11)/(1<<53) < share }

func (m *mischief) happened(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[name]++
}

// born notes when something was made.
func (m *mischief) born(i id) {
	if m.idle {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.births[i] = birth{m.emulator.config.Now(), m.requests}
}

// learn names what an operation created: SIDs depend on the order of requests,
// and draws must not.
func (m *mischief) learn(x *Exchange, op uint64, reply Reply) {
	if x.collection() == "messages" || reply.Status != http.StatusCreated {
		return
	}
	var created struct {
		SID string `json:"sid"`
	}
	if json.Unmarshal(reply.Body, &created) != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names[created.SID] = op
}
