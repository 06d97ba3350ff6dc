package emulator

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
)

// source is the state of the Chat host. Requests only read it; the methods of
// Emulator that act as someone else change it.
type source struct {
	pager        pager
	mediaLimitMB int
	habits       Habits

	mu          sync.RWMutex
	services    shelf[*chatService]
	credentials shelf[json.RawMessage]
}

// chatService is a Chat service. Resources are kept as the bytes that a single
// fetch returns.
type chatService struct {
	sid        string
	raw        json.RawMessage
	roles      shelf[json.RawMessage]
	users      shelf[json.RawMessage]
	identities map[string]string // to the SID of the user
	channels   shelf[*channel]
	names      map[string]*channel    // by unique name
	standings  map[[2]string]standing // by user and channel
	bindings   shelf[json.RawMessage]
	archive    fs.FS               // that has files of its messages; may be nil
	renamed    sidMask             // of what the archive holds
	files      map[id]fileAt       // of messages that are held
	inventions map[uint64]*channel // by the first half of the id of each file
}

type channel struct {
	sid, unique, kind string
	messagingService  string
	raw               json.RawMessage
	members           shelf[member]
	invites           shelf[json.RawMessage]
	webhooks          shelf[json.RawMessage]
	history           *history
}

type member struct {
	identity string
	raw      json.RawMessage
}

func newSource(c Config) (*source, error) {
	s := &source{pager: pager{clamp: c.ClampPageSize || c.Unkind.ClampsPages, small: c.Unkind.SmallPages, seed: c.Seed}, mediaLimitMB: c.MediaLimitMB, habits: c.Unkind.Habits}
	if c.Archive != nil {
		return s, s.load(c.Archive, c.AccountSID, c.renamed)
	}
	if c.Generate.enabled() {
		return s, s.generate(c.Generate, c.AccountSID)
	}
	return s, nil
}

func newChatService(sid string, raw json.RawMessage) *chatService {
	return &chatService{sid: sid, raw: raw, identities: map[string]string{}, names: map[string]*channel{}}
}

// header is what the emulator itself reads of a resource.
type header struct {
	SID        string  `json:"sid"`
	Identity   string  `json:"identity"`
	UniqueName *string `json:"unique_name"`
	Type       string  `json:"type"`
	Index      *int64  `json:"index"`
	Attributes *string `json:"attributes"`
}

func readHeader(raw json.RawMessage) (h header, err error) {
	if err = json.Unmarshal(raw, &h); err == nil && h.SID == "" {
		err = fmt.Errorf("resource without a sid: %.80s", raw)
	}
	return h, err
}

func (s *chatService) addUser(raw json.RawMessage) error {
	h, err := readHeader(raw)
	if err != nil {
		return err
	}
	s.users.add(h.SID, raw)
	s.identities[h.Identity] = h.SID
	return nil
}

func (s *chatService) addChannel(raw json.RawMessage) (*channel, error) {
	h, err := readHeader(raw)
	if err != nil {
		return nil, err
	}
	c := &channel{sid: h.SID, kind: h.Type, raw: raw, history: &history{base: nothing{}}}
	if h.UniqueName != nil {
		c.unique = *h.UniqueName
		s.names[c.unique] = c
	}
	s.channels.add(c.sid, c)
	return c, nil
}

func (c *channel) addMember(raw json.RawMessage) error {
	h, err := readHeader(raw)
	if err != nil {
		return err
	}
	c.members.add(h.SID, member{h.Identity, raw})
	return nil
}

// service answers as Chat does: an unknown one is forbidden, not missing.
func (s *source) service(sid string) (*chatService, error) {
	if found, ok := s.services.find(sid); ok {
		return found, nil
	}
	return nil, refuse(http.StatusForbidden, 50050, "Service instance %s not found", sid)
}

func (s *chatService) channel(key string) (*channel, error) {
	if c, found := s.channels.find(key); found {
		return c, nil
	}
	if c, found := s.names[key]; found {
		return c, nil
	}
	return nil, notFound("Channel", key)
}
