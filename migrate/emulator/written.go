package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"sync"
)

// written counts what took effect, by the service that it was in.
type written struct {
	mu            sync.Mutex
	by            map[string]int64
	made, deleted int64
}

// note counts a write that was carried out. A service counts as its own writes.
func (w *written) note(x *Exchange, reply Reply) {
	if !x.Write() || reply.Status >= http.StatusMultipleChoices {
		return
	}
	service, created := "", false
	switch {
	case len(x.Path) >= 3 && x.Path[1] == "Services":
		service = x.Path[2]
	case x.collection() == "services":
		var made struct {
			SID string `json:"sid"`
		}
		_ = json.Unmarshal(reply.Body, &made) // it is what a handler just encoded
		service, created = made.SID, true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by = map[string]int64{}
	}
	w.by[service]++
	switch {
	case created:
		w.made++
	case len(x.Path) == 3 && service != "" && x.Method == http.MethodDelete:
		w.deleted++
	}
}

// Written counts the writes to all hosts that took effect, by the SID of the service
// that they were in, services made and deleted among them. Those that are in none,
// such as the settings of the account, are under the empty SID.
func (e *Emulator) Written() map[string]int64 {
	e.land()
	e.written.mu.Lock()
	defer e.written.mu.Unlock()
	return maps.Clone(e.written.by)
}

// WrittenOutside counts the writes that took effect in none of these services.
func (e *Emulator) WrittenOutside(serviceSIDs ...string) (n int64) {
	all := e.Written()
	for _, sid := range serviceSIDs {
		delete(all, sid)
	}
	for _, many := range all {
		n += many
	}
	return n
}

func (w *written) services() (made, deleted int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made, w.deleted
}
