package emulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"
)

// Truth is what both sides hold, whatever replies show of it, and who did it. It
// shares nothing with the emulator.
type Truth struct {
	Channels      []TrueChannel
	Users         []json.RawMessage // of the source
	Services      []TrueService     // of the target
	Conversations []TrueConversation
	Orphans       []TrueFile // of the target, that no message has and that are not collected
}

// TrueFile is a file that is there.
type TrueFile struct {
	SID, ServiceSID       string
	ContentType, Filename string
	Size                  int64
	SHA256                [sha256.Size]byte
}

// TrueChannel is a channel of the source. Resources are as a fetch returns them.
type TrueChannel struct {
	ServiceSID, SID   string
	Raw               json.RawMessage
	Messages, Members []json.RawMessage
	Files             map[string]TrueFile // by the SID of the message; without those that are gone
}

// TrueService is a service of the target.
type TrueService struct {
	SID, Name  string
	PushOn     bool // for new messages
	WebhookURL string
	Users      []TrueUser
}

// TrueUser is a user of the target.
type TrueUser struct{ Identity, Name, Attributes string }

// TrueConversation is a conversation that is or was in the target.
type TrueConversation struct {
	ServiceSID, SID, UniqueName, Name string
	Attributes                        string
	Made                              string // the attributes that it was made with
	Created                           time.Time
	By                                Hand
	Gone                              Hand // who deleted it; empty while it is there
	Participants                      []TrueParticipant
	Messages                          []TrueMessage // in the order of indexes, deleted ones too
	Webhooks                          int
}

// TrueParticipant is somebody who is or was in a conversation.
type TrueParticipant struct {
	SID, Identity string
	Created       time.Time
	By, Gone      Hand
}

// TrueMessage is a message that is or was in a conversation.
type TrueMessage struct {
	SID                      string
	Index                    int64
	Author, Body, Attributes string
	Created                  time.Time
	By                       Hand
	Was                      *TrueMessage // as it was stored, if it was changed since
	Changed                  Hand         // who changed it last; empty for nobody
	Trampled                 bool         // the client changed what a person had changed
	Gone                     Hand
	Files                    []TrueFile // without those that are gone; as they were, of a message that is
}

// Truth returns what both sides hold. Who did it is known only if the Config asks
// for a diary: all is the client's otherwise, and what is gone is not told.
func (e *Emulator) Truth() Truth {
	e.land()
	d := e.target.diary
	if d == nil {
		d = newDiary(true, e.target.media)
	}
	var out Truth
	e.source.mu.RLock()
	for v := range e.source.services.all() {
		out.Users = slices.AppendSeq(out.Users, v.users.all())
		for c := range v.channels.all() {
			one := TrueChannel{ServiceSID: v.sid, SID: c.sid, Raw: c.raw}
			for m := range c.members.all() {
				one.Members = append(one.Members, m.raw)
			}
			for _, raw := range c.history.from(first, false) {
				one.Messages = append(one.Messages, raw)
				one.addFile(d.media, v.readFile(raw))
			}
			out.Channels = append(out.Channels, one)
		}
	}
	e.source.mu.RUnlock()
	e.target.mu.RLock()
	defer e.target.mu.RUnlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for s := range e.target.services.all() {
		one := TrueService{SID: s.sid, Name: s.name, PushOn: s.notifications.newMessage.Enabled, WebhookURL: s.webhooks.post}
		for u := range s.users.all() {
			one.Users = append(one.Users, TrueUser{u.identity, u.name, attributesOr(u.attributes)})
		}
		out.Services = append(out.Services, one)
		for c := range s.conversations.all() {
			out.Conversations = append(out.Conversations, d.conversation(s, c))
		}
	}
	out.Conversations = append(out.Conversations, d.conversations...)
	out.Orphans = e.target.media.orphans()
	return out
}

func (c *TrueChannel) addFile(all *media, f *file) {
	if f == nil {
		return
	}
	if one, there := all.truth(f); there {
		if c.Files == nil {
			c.Files = map[string]TrueFile{}
		}
		c.Files[f.message.sid("IM")] = one
	}
}

func (d *diary) conversation(s *service, c *conversation) TrueConversation {
	one := TrueConversation{
		ServiceSID: s.sid, SID: c.sid, UniqueName: c.unique, Name: c.name, Attributes: attributesOr(c.attributes),
		Created: c.created.time(), Webhooks: c.webhooks.len(), Made: attributesOr(d.made[c.id]), By: d.hand(c.id), Participants: slices.Clone(d.participants[c.id]), Messages: slices.Clone(d.messages[c.id]),
	}
	for p := range c.participants.all() {
		one.Participants = append(one.Participants, d.participant(p))
	}
	for i := range c.messages.messages {
		one.Messages = append(one.Messages, d.message(&c.messages.messages[i]))
	}
	slices.SortFunc(one.Messages, func(a, b TrueMessage) int { return cmp.Compare(a.Index, b.Index) })
	return one
}

func (d *diary) participant(p *participant) TrueParticipant {
	return TrueParticipant{SID: p.sid(), Identity: p.identity, Created: p.created.time(), By: d.hand(p.id)}
}

func (d *diary) message(m *message) TrueMessage {
	one := TrueMessage{
		SID: m.id.sid("IM"), Index: m.index, Author: m.author, Body: m.body, Attributes: attributesOr(m.attributes), Created: m.created.time(),
		By: d.hand(m.id), Changed: d.changed[m.id], Trampled: d.trampled[m.id],
	}
	for _, f := range m.files {
		if file, there := d.media.truth(f); there {
			one.Files = append(one.Files, file)
		}
	}
	if was, changed := d.was[m.id]; changed {
		one.Was = &was
	}
	return one
}

func (d date) time() time.Time { return time.Unix(int64(d), 0).UTC() }
