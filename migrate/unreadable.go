package migrate

import (
	"errors"

	"chatbridge/mapping/chat"
)

// unreadable reports whether an error is about one record of the source that
// makes no sense. It costs the channel, or the user, that the record belongs to.
func unreadable(err error) bool {
	_, ok := errors.AsType[*chat.Unreadable](err)
	return ok
}

// leaveOut says that a channel, or a user, cannot be read, and why.
func (t *audit) leaveOut(kind, sid string, err error) {
	t.findings.add(t.set.Mapper.Unreadable(sid, err))
	t.tally.observer.Event(Event{Level: Warning, Message: "cannot be read, and would not be carried", Fields: []any{"kind", kind, "source", sid, KeyReason, err.Error()}})
}
