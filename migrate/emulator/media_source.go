package emulator

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"time"
)

// chatFile is what the emulator reads of a message with a file.
type chatFile struct {
	SID        string `json:"sid"`
	ChannelSID string `json:"channel_sid"`
	From       string `json:"from"`
	Created    string `json:"date_created"`
	Media      *struct {
		SID         string  `json:"sid"`
		Size        int64   `json:"size"`
		ContentType *string `json:"content_type"`
		Filename    *string `json:"filename"`
	} `json:"media"`
}

// readFile is the file of a message of Chat, and nil if it has none.
func (s *chatService) readFile(raw json.RawMessage) *file {
	var m chatFile
	if !bytes.Contains(raw, []byte(`"media"`)) || json.Unmarshal(raw, &m) != nil || m.Media == nil {
		return nil
	}
	i, isSID := parseID("ME", m.Media.SID)
	if !isSID {
		return nil
	}
	f := &file{id: i, service: s.sid, size: max(0, m.Media.Size), author: m.From, channel: m.ChannelSID, ofChat: true}
	f.message, _ = parseID("IM", m.SID)
	f.made = time.Unix(int64(sharedDate(m.Created).date()), 0)
	if m.Media.ContentType != nil {
		f.contentType = *m.Media.ContentType
	}
	if m.Media.Filename != nil {
		f.name = *m.Media.Filename
	}
	f.content = inventedBytes{f.id.sid("ME"), f.size}
	s.archivedFile(f)
	return f
}

// archivedFile gives a file the bytes that the archive has of it, if it has any.
func (s *chatService) archivedFile(f *file) {
	if s.archive == nil {
		return
	}
	name := "services/" + s.renamed.of(s.sid) + "/files/" + s.renamed.of(f.id.sid("ME"))
	if about, err := fs.Stat(s.archive, name); err == nil {
		f.size, f.content = about.Size(), archivedBytes{s.archive, name}
	}
}

// fileAt is where the message of a file is.
type fileAt struct {
	channel *channel
	message string
}

// noteFile remembers which message of a channel has which file.
func (s *chatService) noteFile(c *channel, raw json.RawMessage) {
	f := s.readFile(raw)
	if f == nil {
		return
	}
	if s.files == nil {
		s.files = map[id]fileAt{}
	}
	s.files[f.id] = fileAt{c, f.message.sid("IM")}
}

// file is a file of a message that is there, and nil if there is none.
func (s *chatService) file(i id) *file {
	at, found := s.files[i]
	if !found {
		c, invents := s.inventions[binary.BigEndian.Uint64(i[:8])]
		if !invents {
			return nil
		}
		at = fileAt{c, newID(c.history.base.(*invented).key, binary.BigEndian.Uint64(i[8:])).sid("IM")}
	}
	if _, in := s.channels.find(at.channel.sid); !in {
		return nil
	}
	raw, in := at.channel.history.find(at.message)
	if !in {
		return nil
	}
	if f := s.readFile(raw); f != nil && f.id == i {
		return f
	}
	return nil
}

// file is a file of a service, or of any if the service is empty.
func (s *source) file(service string, i id) *file {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for v := range s.services.all() {
		if service == "" || v.sid == service {
			if f := v.file(i); f != nil {
				return f
			}
		}
	}
	return nil
}
