package torture

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

// oracle says whether both sides are equal, from what they really hold. What the
// program says, and how it compares, does not matter to it.
type oracle struct {
	mu       sync.Mutex
	channels map[string]*memory
}

// memory is what was ever in a channel.
type memory struct {
	said    map[string]*said // by SID
	members map[string]bool
}

// said is a message of the source, with all that it ever was.
type said struct {
	index    int64
	versions []content
}

func newOracle(t emulator.Truth) *oracle {
	o := &oracle{channels: map[string]*memory{}}
	o.look(t)
	return o
}

// look remembers what is in the source.
func (o *oracle) look(t emulator.Truth) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range t.Channels {
		m := o.channels[c.SID]
		if m == nil {
			m = &memory{map[string]*said{}, map[string]bool{}}
			o.channels[c.SID] = m
		}
		for _, raw := range c.Members {
			m.members[memberOf(raw)] = true
		}
		for _, raw := range c.Messages {
			one := messageOf(raw)
			one.file = fileOf(c.Files[one.SID])
			s := m.said[one.SID]
			if s == nil {
				s = &said{index: one.Index}
				m.said[one.SID] = s
			}
			if v := one.content(); !slices.Contains(s.versions, v) {
				s.versions = append(s.versions, v)
			}
		}
	}
}

// inOrder are the messages of a channel that ever were.
func (m *memory) inOrder() (all []*said) {
	for _, s := range m.said {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *said) int { return cmp.Compare(a.index, b.index) })
	return all
}

// differences says what is wrong at the end of a run. What came into the source
// after its start may be missing.
func (o *oracle) differences(start, end emulator.Truth) (all []string) {
	o.look(start)
	o.look(end)
	o.mu.Lock()
	defer o.mu.Unlock()
	still := map[string]emulator.TrueChannel{}
	for _, c := range end.Channels {
		still[c.SID] = c
	}
	rooms := map[string][]emulator.TrueConversation{}
	for _, c := range end.Conversations {
		channel := channelOf(c)
		if c.Gone == "" && o.channels[channel] != nil {
			rooms[channel] = append(rooms[channel], c)
		} else if c.UniqueName != migrate.ClaimName {
			all = append(all, strangers(c)...)
		}
	}
	for _, c := range start.Channels {
		now, there := still[c.SID]
		switch in := rooms[c.SID]; {
		case !there:
		case len(in) != 1:
			all = append(all, fmt.Sprintf("%s became %d conversations: %v", c.SID, len(in), sids(in)))
		default:
			k := compared{memory: o.channels[c.SID], room: in[0], must: common(c.Messages, now.Messages)}
			all = append(all, k.messages()...)
			all = append(all, k.participants(commonMembers(c.Members, now.Members))...)
			all = append(all, outside(now, in[0])...)
			all = append(all, settings(end, in[0].ServiceSID)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// channelOf is the channel that a conversation was made for, if the client made
// it.
func channelOf(c emulator.TrueConversation) string {
	var made struct {
		Stamp struct {
			SID string `json:"sid"`
		} `json:"chatbridge"`
	}
	if c.By != emulator.Client || json.Unmarshal([]byte(c.Made), &made) != nil {
		return ""
	}
	return made.Stamp.SID
}

// strangers says what the client did in a conversation that is no channel's, or
// that is gone.
func strangers(c emulator.TrueConversation) (all []string) {
	if c.Gone == emulator.Client && c.By != emulator.Client {
		all = append(all, fmt.Sprintf("%s, which a %s made, was deleted", c.SID, c.By))
	}
	for _, m := range c.Messages {
		switch {
		case c.Gone == "" && m.Gone == "" && (m.By == emulator.Client || m.By == emulator.Rival):
			all = append(all, fmt.Sprintf("%s of %s was written into a conversation of others", m.SID, c.SID))
		case c.Gone == emulator.Client && m.Gone == "" && m.By == emulator.Person:
			all = append(all, fmt.Sprintf("%s, which a person wrote, was deleted with %s", m.SID, c.SID))
		}
	}
	for _, p := range c.Participants {
		if c.Gone == "" && p.Gone == "" && p.By == emulator.Client {
			all = append(all, fmt.Sprintf("%s was put into %s, a conversation of others", p.Identity, c.SID))
		}
	}
	return all
}

func sids(in []emulator.TrueConversation) (all []string) {
	for _, c := range in {
		all = append(all, c.SID)
	}
	return all
}

// sourceMessage is what the oracle reads of a message of the source.
type sourceMessage struct {
	SID        string    `json:"sid"`
	Index      int64     `json:"index"`
	From       string    `json:"from"`
	Body       string    `json:"body"`
	Attributes string    `json:"attributes"`
	Created    time.Time `json:"date_created"`

	file string
}

func messageOf(raw json.RawMessage) (m sourceMessage) {
	if err := json.Unmarshal(raw, &m); err != nil {
		panic(err) // the harness wrote it
	}
	return m
}

func memberOf(raw json.RawMessage) string {
	var m struct {
		Identity string `json:"identity"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		panic(err)
	}
	return m.Identity
}
