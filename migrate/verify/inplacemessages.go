package verify

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// placed is a message of one side of a channel that both products show.
type placed struct {
	digest
	attributesHidden bool // Chat does not show them
	fileHidden       bool // nor whether there is a file
	standIn          bool // its text is the one that Chat v1 shows in place of a file
	unknownFile      bool // there is a file, of which Chat shows no more
}

// compareMessages walks both sides in step and pairs messages by SID. What one side
// lacks keeps the other one waiting, at most windowMost of each.
func (l *look) compareMessages(ctx context.Context) error {
	next, stop := iter.Pull2(l.inChat(ctx))
	defer stop()
	nextThere, stopThere := iter.Pull2(l.inConversations(ctx))
	defer stopThere()
	var want, have waiting
	for open, openThere := true, true; open || openThere; {
		if open {
			var one placed
			var err error
			if one, err, open = next(); err != nil {
				return err
			}
			if open {
				l.messages++
				if err := l.meet(one, &have, &want, func(other placed) error { return l.compareMessage(one, other) }, l.lost); err != nil {
					return err
				}
			}
		}
		if openThere {
			var one placed
			var err error
			if one, err, openThere = nextThere(); err != nil {
				return err
			}
			if openThere {
				if err := l.meet(one, &want, &have, func(other placed) error { return l.compareMessage(other, one) }, l.extra); err != nil {
					return err
				}
			}
		}
	}
	if err := want.each(l.lost); err != nil {
		return err
	}
	return have.each(l.extra)
}

// meet compares a message with the one that waits for it on the other side, or has
// it wait. Whoever waited too long has no other half.
func (l *look) meet(one placed, other, own *waiting, compare, alone func(placed) error) error {
	if found, ok := other.take(one.sid); ok {
		return compare(found)
	}
	if late, full := own.put(one); full {
		return alone(late)
	}
	return nil
}

func (l *look) lost(one placed) error {
	return l.add(Difference{Class: Missing, Kind: migrate.KindMessages, SourceSID: one.sid, Detail: "dated " + at(one.created)})
}

func (l *look) extra(one placed) error {
	return l.add(Difference{Class: Extra, Kind: migrate.KindMessages, TargetSID: one.sid, Detail: "dated " + at(one.created)})
}

func (l *look) compareMessage(want, have placed) error {
	file, why := l.sameFile(want, have)
	for _, f := range []struct {
		class  Class
		name   string
		equal  bool
		detail string
	}{
		{Altered, "index", want.index == have.index, ""},
		{WrongAuthor, "author", want.author == have.author, ""},
		// In place of the text of a message with a file v1 shows another one.
		{Altered, "body", want.body == have.body || want.fileHidden && have.media != 0 || want.standIn && !file, ""},
		{Altered, "attributes", want.attributesHidden || want.attributes == have.attributes, ""},
		{Altered, mediaField, file, why},
		{WrongDate, "date_created", want.created == have.created, ""},
	} {
		if f.equal {
			continue
		}
		if err := l.add(Difference{Class: f.class, Kind: migrate.KindMessages, SourceSID: want.sid, TargetSID: have.sid, Field: f.name, Detail: f.detail}); err != nil {
			return err
		}
	}
	return nil
}

// sameFile compares size, type and name of the file of a message, as far as Chat
// shows it, and counts the files that both sides have.
func (l *look) sameFile(want, have placed) (same bool, why string) {
	if have.media != 0 && (want.media != 0 || want.unknownFile) {
		l.files++
	}
	switch {
	case want.standIn && have.media == 0:
		return false, "its text in Chat is the one that stands for a file, and Conversations shows none"
	case want.fileHidden:
		l.hides(hiddenFiles)
		return true, ""
	case want.unknownFile && have.media != 0, want.media == have.media:
		return true, ""
	case have.media == 0:
		return false, "Conversations shows no file"
	case want.media == 0:
		return false, "Chat shows no file"
	}
	return false, "another size, type or name"
}

func (l *look) inChat(ctx context.Context) iter.Seq2[placed, error] {
	return func(yield func(placed, error) bool) {
		for m, err := range l.Source.Messages(ctx, l.service, l.listed.SID, migrate.Span{After: migrate.All}) {
			if err != nil {
				yield(placed{}, err)
				return
			}
			if !yield(inChat(m), nil) {
				return
			}
		}
	}
}

// noAuthor is whom Conversations names where a message has no author.
const noAuthor = "system"

func inChat(m chat.Message) placed {
	one := conversations.Message{
		SID: m.SID, Index: m.Index, Author: cmp.Or(m.From, noAuthor), Body: m.Body, DateCreated: toSecond(m.DateCreated),
	}
	p := placed{attributesHidden: m.Attributes == nil, fileHidden: m.Type == "" && m.Media == nil}
	if m.Attributes != nil {
		one.Attributes = *m.Attributes
	}
	if m.Media != nil {
		one.Media = conversations.Media(*m.Media)
	}
	p.standIn = p.fileHidden && m.Body == mapping.DefaultCompatibility
	p.unknownFile = m.Type == "media" && one.Media.SID == ""
	p.digest = inPlaceDigest(one)
	return p
}

func (l *look) inConversations(ctx context.Context) iter.Seq2[placed, error] {
	return func(yield func(placed, error) bool) {
		for m, err := range l.Target.Messages(ctx, l.service, l.listed.SID, false) {
			if err != nil {
				yield(placed{}, err)
				return
			}
			if !yield(placed{digest: inPlaceDigest(m)}, nil) {
				return
			}
		}
	}
}

// inPlaceDigest is a message in short. Chat shows one file where Conversations may
// show several, and a type only if there is one.
func inPlaceDigest(m conversations.Message) digest {
	m.MoreMedia, m.Media.ContentType = 0, cmp.Or(m.Media.ContentType, "application/octet-stream")
	return digestOf(m)
}

// waiting are messages whose other half did not come yet.
type waiting struct {
	held map[string]placed
	line []string // their SIDs, and those of some that are gone, in the order in which they came
}

func (w *waiting) take(sid string) (placed, bool) {
	one, ok := w.held[sid]
	delete(w.held, sid)
	if len(w.held) == 0 {
		w.line = w.line[:0]
	}
	return one, ok
}

// put has one more wait. If there are too many, the one that waited longest leaves.
func (w *waiting) put(one placed) (late placed, full bool) {
	if w.held == nil {
		w.held = map[string]placed{}
	}
	w.held[one.sid] = one
	if len(w.line) > 2*windowMost {
		w.line = slices.DeleteFunc(w.line, func(sid string) bool { _, there := w.held[sid]; return !there })
	}
	w.line = append(w.line, one.sid)
	for len(w.held) > windowMost {
		sid := w.line[0]
		w.line = w.line[1:]
		if late, ok := w.take(sid); ok {
			return late, true
		}
	}
	return placed{}, false
}

// each is called for all that are left, in the order in which they came.
func (w *waiting) each(do func(placed) error) error {
	for _, sid := range w.line {
		one, ok := w.held[sid]
		if !ok {
			continue
		}
		delete(w.held, sid)
		if err := do(one); err != nil {
			return err
		}
	}
	return nil
}
