package versions

import (
	"sync"

	"chatbridge/mapping/chat"
)

// The versions, as a fingerprint and a manifest name them.
const (
	v1 = "v1"
	v2 = "v2"
	// API names the two together.
	API = "v1+v2"
)

// marks are the services, users and channels about which the versions do not agree,
// by SID. Lists find out, and whoever reads one of them afterwards asks both.
type marks struct {
	mu  sync.Mutex
	all map[string]chat.Versions
}

func (m *marks) set(sid string, v chat.Versions) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v.Only == "" && len(v.Differ) == 0 {
		delete(m.all, sid)
		return
	}
	if m.all == nil {
		m.all = map[string]chat.Versions{}
	}
	m.all[sid] = v
}

func (m *marks) marked(sid string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, is := m.all[sid]
	return is
}

// only is the one version that shows a channel or its service; empty if both do, or
// nobody looked.
func (m *marks) only(serviceSID, sid string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v := m.all[sid].Only; v != "" {
		return v
	}
	return m.all[serviceSID].Only
}
