package replay

import (
	"context"
	"iter"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// feed is the source messages of one channel from some point on, in order. Its
// head is the next one to be carried. It can also be read to its end without
// being moved.
type feed struct {
	open    func(after int64) iter.Seq2[chat.Message, error]
	mapper  mapping.Mapper
	before  func(index int64) (time.Time, error) // the date of the message before one
	found   func([]mapping.Finding)
	skipped func()
	instead map[int64]conversations.Message // sent in place of messages, by source index

	next    func() (chat.Message, error, bool)
	stop    func()
	kept    []chat.Message // read and not taken yet, from the head on
	bytes   int            // of their text
	lost    bool           // what follows kept was read and not kept
	undated time.Time      // what the head gets if it has no date of its own
	dated   bool           // undated is known
	head    *mapped
}

// mapped is one source message and what it should be in the target.
type mapped struct {
	source chat.Message
	want   conversations.Message
}

// feedKept is how many messages a feed that is read ahead holds in memory, and
// feedBytes how much text of them: a body has up to 32 KiB. If there are more, they are
// read again when they are wanted.
const (
	feedKept  = 1000
	feedBytes = 4 << 20
)

// textOf is how much text of a message is held, in bytes.
func textOf(m chat.Message) int {
	n := len(m.Body) + len(m.Raw)
	if m.Attributes != nil {
		n += len(*m.Attributes)
	}
	return n
}

func (f *feed) keep(m chat.Message) {
	f.kept = append(f.kept, m)
	f.bytes += textOf(m)
}

// feed is what a source of messages has after an index.
func (l *lane) feed(ctx context.Context, open func(after int64) iter.Seq2[chat.Message, error], after int64) *feed {
	f := &feed{
		open: open, mapper: l.Settings.Mapper, instead: l.instead, found: func([]mapping.Finding) {}, skipped: func() {},
		before: func(index int64) (time.Time, error) { return l.dateBefore(ctx, index) },
	}
	if after == migrate.All {
		f.undated, f.dated = mapping.Undated(l.Channel, l.Service), true
	}
	f.begin(after)
	return f
}

// dateBefore is the date that a message without one gets: that of the message
// before it, or of the channel.
func (l *lane) dateBefore(ctx context.Context, index int64) (time.Time, error) {
	date := mapping.Undated(l.Channel, l.Service)
	for m, err := range l.inSource(ctx)(migrate.All) {
		if err != nil || m.Index >= index {
			return date, err
		}
		want, _ := l.Settings.Mapper.Message(m, date)
		date = want.DateCreated
	}
	return date, nil
}

func (f *feed) begin(after int64) { f.next, f.stop = iter.Pull2(f.open(after)) }

// close lets go of the source.
func (f *feed) close() { f.stop() }

// first fills kept with one message, and reports whether there is one.
func (f *feed) first() (bool, error) {
	if len(f.kept) == 0 {
		m, err, ok := f.next()
		if err != nil || !ok {
			return false, err
		}
		f.keep(m)
	}
	if m := f.kept[0]; !f.dated && m.DateCreated.IsZero() {
		var err error
		if f.undated, err = f.before(m.Index); err != nil {
			return false, err
		}
	}
	f.dated = true
	return true, nil
}

// peek is the next message to be carried, and nil at the end. Messages that a
// policy leaves out are passed over.
func (f *feed) peek() (*mapped, error) {
	for f.head == nil {
		if there, err := f.first(); err != nil || !there {
			return nil, err
		}
		m := f.kept[0]
		want, found := f.mapper.Message(m, f.undated)
		f.found(found)
		if mapping.Blocked(found) {
			return nil, migrate.BlockedError("map message", m.SID, found)
		}
		f.head = &mapped{source: m, want: want}
		if mapping.Skipped(found) {
			f.take()
			f.skipped()
		}
	}
	return f.head, nil
}

// take leaves the head behind.
func (f *feed) take() {
	f.undated = f.head.want.DateCreated
	f.drop()
}

func (f *feed) drop() {
	f.head = nil
	last := f.kept[0].Index
	f.bytes -= textOf(f.kept[0])
	f.kept[0] = chat.Message{}
	f.kept = f.kept[1:]
	if len(f.kept) == 0 && f.lost {
		f.stop()
		f.lost = false
		f.begin(last)
	}
}

// skipTo leaves every message behind that stands before an index, or all if there
// is no such index.
func (f *feed) skipTo(index int64) error {
	for {
		m, err := f.peek()
		if err != nil || m == nil || index != origin.None && m.source.Index >= index {
			return err
		}
		f.take()
	}
}

// wants is every message from the head on, as it should be in the target. The
// feed is not moved.
func (f *feed) wants() iter.Seq2[wanted, error] {
	return func(yield func(wanted, error) bool) {
		if _, err := f.first(); err != nil {
			yield(wanted{}, err)
			return
		}
		wants(f.ahead(), f.mapper, f.undated, f.instead)(yield)
	}
}

func (f *feed) ahead() iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		if f.lost {
			f.stop()
			f.lost = false
			f.begin(f.kept[len(f.kept)-1].Index)
		}
		for _, m := range f.kept {
			if !yield(m, nil) {
				return
			}
		}
		for {
			m, err, ok := f.next()
			if !ok {
				return
			}
			if err == nil && !f.lost && len(f.kept) < feedKept && f.bytes < feedBytes {
				f.keep(m)
			} else if err == nil {
				f.lost = true
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// wanted is a message of the source as it should be in the target.
type wanted struct {
	origin.Want
	source  chat.Message
	message conversations.Message
}

// wants maps messages to what they should be in the target, or to what was sent
// instead because that was refused, without a word about what cannot be carried.
// What a policy leaves out is left out.
func wants(source iter.Seq2[chat.Message, error], mapper mapping.Mapper, undated time.Time, instead map[int64]conversations.Message) iter.Seq2[wanted, error] {
	former := mapper
	former.Rename = nil
	return func(yield func(wanted, error) bool) {
		for m, err := range source {
			if err != nil {
				yield(wanted{}, err)
				return
			}
			want, found := mapper.Message(m, undated)
			undated = want.DateCreated
			if mapping.Skipped(found) {
				continue
			}
			if sent, ok := instead[m.Index]; ok {
				want = sent
			}
			before := ""
			if mapper.Rename != nil {
				old, _ := former.Message(m, undated)
				before = old.Author
			}
			if !yield(wanted{origin.WantOf(m.SID, m.Index, before, want), m, want}, nil) {
				return
			}
		}
	}
}

// inMemory is a sequence of what was read already.
func inMemory(all []chat.Message) func(int64) iter.Seq2[chat.Message, error] {
	return func(after int64) iter.Seq2[chat.Message, error] {
		return func(yield func(chat.Message, error) bool) {
			for _, m := range all {
				if m.Index > after && !yield(m, nil) {
					return
				}
			}
		}
	}
}

// inSource is the messages of a channel as the source has them. Of a long one no page
// is read that comes before the last confirmed message, unless what is on it is wanted.
func (l *lane) inSource(ctx context.Context) func(int64) iter.Seq2[chat.Message, error] {
	return func(after int64) iter.Seq2[chat.Message, error] {
		return l.Source.Messages(ctx, l.Service.SID, l.Channel.SID, migrate.Span{After: after, From: l.Record.Page})
	}
}

// reached notes the page on which a message stands that was confirmed, if it is
// another than the one before it.
func (l *lane) reached(ctx context.Context, m chat.Message) error {
	if m.Page == "" || m.Page == l.Record.Page.Address {
		return nil
	}
	l.Record.Page = migrate.Page{Address: m.Page, SID: m.SID, Index: m.Index}
	return l.put(ctx)
}

// wantsAfter is what the source has after an index, as it should be in the target.
func (l *lane) wantsAfter(ctx context.Context, index int64) iter.Seq2[wanted, error] {
	return func(yield func(wanted, error) bool) {
		f := l.feed(ctx, l.inSource(ctx), index)
		defer f.close()
		f.wants()(yield)
	}
}
