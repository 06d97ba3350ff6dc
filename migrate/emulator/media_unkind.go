package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

// lost reports whether a file of the source is one of those that are not there.
func (m *mischief) lost(f *file) bool {
	return f.ofChat && hits(m.MediaGone, mix(m.Seed, hash("media-gone"), hash(f.id.sid("ME"))))
}

// alterFile changes what is stored of a file beside its bytes.
func (m *mischief) alterFile(f *file, op uint64) {
	if name := altered(f.name, mix(op, 1)); name != f.name && m.drawn("media-name", m.MediaName, op) {
		f.name = name
	}
	kind := "application/octet-stream"
	if f.contentType == kind {
		kind = "binary/octet-stream"
	}
	if m.drawn("media-type", m.MediaType, op) {
		f.contentType = kind
	}
}

// altered is a name as a store has it that knows no other letters, that is short of
// room, or that keeps none.
func altered(name string, n uint64) string {
	switch n % 3 {
	case 0:
		return ""
	case 1:
		return strings.ToValidUTF8(name[:len(name)/2], "") + "~1"
	}
	plain := strings.Map(func(r rune) rune {
		if r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, name)
	return plain + "_"
}

// collectBefore collects a file just before its message is created.
func (m *mischief) collectBefore(x *Exchange, op uint64) {
	if m.Collect == 0 || x.Host != ConversationsHost || x.Method != http.MethodPost || x.collection() != "messages" {
		return
	}
	i, isSID := parseID("ME", x.Form.Get("MediaSid"))
	if !isSID {
		return
	}
	files := m.emulator.target.media
	files.mu.Lock()
	defer files.mu.Unlock()
	if f := files.waiting[i]; f != nil && m.drawn("collect", m.Collect, op) {
		files.counts.mediaCollected.Add(1)
		files.drop(f)
	}
}

// shareFiles are the files of a message of Chat as Conversations has them.
func (t *target) shareFiles(v *chatService, raw json.RawMessage) (all []*file) {
	f := v.readFile(raw)
	if f == nil || t.unkind.LacksMedia {
		return nil
	}
	all = []*file{f}
	if key := hash(f.id.sid("ME")); t.unkind.drawn("media-more", t.unkind.MediaMore, key) {
		other := *f
		other.id, other.name, other.size = newID(mix(key, 1), mix(key, 2)), "another of "+f.name, f.size/2+1
		other.content = inventedBytes{other.id.sid("ME"), other.size}
		all = append(all, &other)
	}
	for _, f := range all {
		t.media.put(f)
	}
	return all
}
