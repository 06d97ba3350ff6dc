package replay

import (
	"iter"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// feed is the mapped source messages of one channel, in order, with a look at
// the next one. It holds one message at a time.
type feed struct {
	next    func() (chat.Message, error, bool)
	stop    func()
	mapper  mapping.Mapper
	undated time.Time // what a message without a date of its own gets
	found   func([]mapping.Finding)
	skipped func()
	head    *mapped
}

// mapped is one source message and what it should be in the target.
type mapped struct {
	sid   string
	index int64
	want  conversations.Message
}

func newFeed(source iter.Seq2[chat.Message, error], mapper mapping.Mapper) *feed {
	f := &feed{mapper: mapper, found: func([]mapping.Finding) {}, skipped: func() {}}
	f.next, f.stop = iter.Pull2(source)
	return f
}

// inMemory is a sequence of what was read already.
func inMemory(all []chat.Message) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		for _, m := range all {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// peek is the next message to be carried, and nil at the end. Messages that a
// policy leaves out are passed over.
func (f *feed) peek() (*mapped, error) {
	for f.head == nil {
		m, err, ok := f.next()
		if !ok {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		want, found := f.mapper.Message(m, f.undated)
		f.found(found)
		if mapping.Blocked(found) {
			return nil, migrate.BlockedError("map message", m.SID, found)
		}
		if mapping.Skipped(found) {
			f.skipped()
			continue
		}
		f.head = &mapped{sid: m.SID, index: m.Index, want: want}
	}
	return f.head, nil
}

// take leaves the message that peek showed behind.
func (f *feed) take() { f.head = nil }
