package audit

import "chatbridge/migrate"

// leaveOut says that a channel, or a user, cannot be read, and why.
func (t *audit) leaveOut(kind, sid string, err error) {
	t.findings.Add(t.set.Mapper.Unreadable(sid, err))
	t.tally.Observer.Event(migrate.Event{Level: migrate.Warning, Message: "cannot be read, and would not be carried", Fields: []any{"kind", kind, "source", sid, migrate.KeyReason, err.Error()}})
}
