package emulator

import (
	"fmt"
	"time"
)

// PostFilesAs writes a message with files into a conversation of the target, as its
// author would from an app, where it may have several. The body may be empty.
func (e *Emulator) PostFilesAs(conversationSID, author, body string, files ...File) (messageSID string, err error) {
	err = e.inConversation(conversationSID, func(s *service, c *conversation, now time.Time) error {
		t := e.target
		m := message{id: t.newID(), author: author, body: body, created: dateOf(now), updated: noDate}
		for _, described := range files {
			f := described.file(t.newID(), s.sid, author, t.config.Now())
			f.message, f.channel = m.id, c.sid
			t.media.put(f)
			m.files = append(m.files, f)
		}
		t.post(s, c, m)
		t.diary.wrote(m.id, Person)
		messageSID = m.id.sid("IM")
		return nil
	})
	return messageSID, err
}

func (d File) file(i id, service, author string, now time.Time) *file {
	return &file{
		id: i, service: service, size: d.Size, contentType: d.ContentType, name: d.Filename, author: author, made: now,
		content: inventedBytes{i.sid("ME"), d.Size},
	}
}

// AppendFileToChannel writes a message with a file into a channel of the source,
// dated now, and returns the SIDs of both. The body may be empty.
func (e *Emulator) AppendFileToChannel(channelSID, from, body string, d File) (messageSID, mediaSID string, err error) {
	err = e.changeChannel(channelSID, func(v *chatService, c *channel, now time.Time) error {
		messageSID = e.append(v, c, from, body, now)
		mediaSID = newID(mix(hash(messageSID), 1), mix(hash(messageSID), 2)).sid("ME")
		last := &c.history.recent[len(c.history.recent)-1]
		last.raw = with(last.raw, map[string]any{
			"type": "media", "body": optional(body),
			"media": map[string]any{"sid": mediaSID, "size": d.Size, "content_type": d.ContentType, "filename": optional(d.Filename)},
		})
		v.noteFile(c, last.raw)
		return nil
	})
	return messageSID, mediaSID, err
}

// LoseFile makes a file gone although its message is there, on either side.
func (e *Emulator) LoseFile(mediaSID string) error {
	i, isSID := parseID("ME", mediaSID)
	if !isSID {
		return fmt.Errorf("lose file: %q is no SID of one", mediaSID)
	}
	e.target.media.mu.Lock()
	defer e.target.media.mu.Unlock()
	e.target.media.gone[i] = true
	return nil
}

// twin gives a request that another writer sends too a file of its own, as that one
// would have uploaded it.
func (t *target) twin(x *Exchange) {
	i, isSID := parseID("ME", x.Form.Get("MediaSid"))
	if !isSID {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.media.mu.Lock()
	f := t.media.files[i]
	if f == nil {
		t.media.mu.Unlock()
		return
	}
	other := *f
	if b, is := f.content.(*uploadedBytes); is {
		b.shares.Add(1)
	}
	t.media.mu.Unlock()
	other.id, other.message, other.channel, other.made = t.newID(), id{}, "", t.config.Now()
	t.media.put(&other)
	x.Form.Set("MediaSid", other.id.sid("ME"))
}
