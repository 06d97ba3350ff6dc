package emulator

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// mediaKept is how long a file is kept that no message has (Twilio,
// media-support-conversations).
const mediaKept = 5 * time.Minute

// media is the files that Conversations has: those that were uploaded, and in one
// account with Chat those of its messages. Its lock is taken last.
type media struct {
	config Config
	counts *counts
	unkind *mischief

	mu      sync.Mutex
	files   map[id]*file
	waiting map[id]*file // those that no message has
	gone    map[id]bool  // lost, or deleted with their message
	sums    map[id][sha256.Size]byte
}

func newMedia(c Config, n *counts, m *mischief) *media {
	return &media{
		config: c, counts: n, unkind: m,
		files: map[id]*file{}, waiting: map[id]*file{}, gone: map[id]bool{}, sums: map[id][sha256.Size]byte{},
	}
}

// put adds a file, which waits for its message unless it has one.
func (m *media) put(f *file) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	m.files[f.id] = f
	if f.message == (id{}) {
		m.waiting[f.id] = f
	}
}

// sweep collects what has waited too long.
func (m *media) sweep() {
	for _, f := range m.waiting {
		if !m.unkind.MediaStays && m.config.Now().Sub(f.made) >= mediaKept {
			m.counts.mediaCollected.Add(1)
			m.drop(f)
		}
	}
}

// drop forgets a file, and its bytes if no other shares them.
func (m *media) drop(f *file) {
	delete(m.files, f.id)
	delete(m.waiting, f.id)
	m.gone[f.id] = true
	if b, is := f.content.(*uploadedBytes); is {
		if b.shares.Add(-1) == 0 {
			discard(b.path)
		}
	}
}

// find is the file of a service that a SID names, and nil if there is none any
// more. An empty service stands for any.
func (m *media) find(service string, i id) *file {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.there(service, i)
}

func (m *media) there(service string, i id) *file {
	m.sweep()
	f := m.files[i]
	if f == nil || service != "" && f.service != service || m.lost(f) {
		return nil
	}
	return f
}

// lost reports whether a file is not there although its message may be. It is called
// with the lock held.
func (m *media) lost(f *file) bool { return m.gone[f.id] || m.unkind.lost(f) }

// fileFor is the file that a new message of a service may take. What each refusal is
// called is documented, their status is not.
func (m *media) fileFor(service, sid string) (*file, error) {
	i, isSID := parseID("ME", sid)
	if !isSID {
		return nil, invalid(50510, "MediaSid %s is malformed", sid)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.there(service, i)
	switch {
	case f == nil:
		return nil, invalid(50507, "Media %s not found", sid)
	case f.message != (id{}) && m.unkind.drawn("taken-as-gone", m.unkind.TakenAsGone, hash(sid)):
		return nil, invalid(50507, "Media %s not found", sid)
	case f.message != (id{}) && m.unkind.MediaTwice:
		m.unkind.happened("media")
	case f.message != (id{}):
		return nil, invalid(50508, "Media %s was already sent with another message", sid)
	}
	return f, nil
}

// attach gives a file to a message, for good.
func (m *media) attach(f *file, c *conversation, message id) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.message, f.channel = message, c.sid
	delete(m.waiting, f.id)
}

// owner is whose a file is; zero and empty while it is nobody's.
func (m *media) owner(f *file) (message id, channel string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f.message, f.channel
}

// remove deletes the files of a message that is deleted.
func (m *media) remove(files []*file) {
	if len(files) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range files {
		if m.files[f.id] == f {
			m.drop(f)
		}
	}
}

// removeAll deletes the files of a service.
func (m *media) removeAll(service string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.files {
		if f.service == service {
			m.drop(f)
		}
	}
}

// truth is what a file is, and false if it is lost.
func (m *media) truth(f *file) (TrueFile, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost(f) {
		return TrueFile{}, false
	}
	sum, known := m.sums[f.id]
	if !known {
		sum, _ = digest(f.content) // what cannot be read has a sum of zeros
		m.sums[f.id] = sum
	}
	return TrueFile{f.id.sid("ME"), f.service, f.contentType, f.name, f.size, sum}, true
}

// orphans are the files that no message has, in the order in which they came.
func (m *media) orphans() (all []TrueFile) {
	m.mu.Lock()
	m.sweep()
	waiting := slices.SortedFunc(maps.Values(m.waiting), func(a, b *file) int {
		return cmp.Or(a.made.Compare(b.made), bytes.Compare(a.id[:], b.id[:]))
	})
	m.mu.Unlock()
	for _, f := range waiting {
		if one, there := m.truth(f); there {
			all = append(all, one)
		}
	}
	return all
}

// limit is how many bytes a file of a service may have.
func (m *media) limit(s *service) int64 {
	if s.mediaLimitMB > 0 {
		return int64(s.mediaLimitMB) << 20
	}
	return int64(m.config.MediaLimitMB) << 20
}

// errTooLarge has a status that is a guess: Twilio documents the limit, and not how
// it refuses what is beyond.
func errTooLarge(limit int64) error {
	return refuse(http.StatusRequestEntityTooLarge, 20413, "The file is larger than %d bytes", limit)
}
