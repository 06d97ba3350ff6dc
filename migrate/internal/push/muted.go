package push

import (
	"context"
	"sync"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// Muted keeps the push notifications of services off while something is written
// into them, and knows what they were.
type Muted struct {
	target migrate.Target

	mu  sync.Mutex
	off map[string]conversations.Notifications // by service, as they were
}

func NewMuted(t migrate.Target) *Muted {
	return &Muted{target: t, off: map[string]conversations.Notifications{}}
}

// Mute turns the notifications of a service off, the first time it is asked.
func (m *Muted) Mute(ctx context.Context, serviceSID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, done := m.off[serviceSID]; done {
		return nil
	}
	was, err := Read(ctx, m.target, serviceSID)
	if err != nil {
		return err
	}
	m.off[serviceSID] = was
	_, err = Off(ctx, m.target, serviceSID, was)
	return err
}

// Instead replaces what comes back at the end.
func (m *Muted) Instead(serviceSID string, n conversations.Notifications) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off[serviceSID] = n
}

// Before is what the notifications of a service are apart from being muted. A
// nil receiver mutes nothing.
func (m *Muted) Before(serviceSID string, have conversations.Notifications) conversations.Notifications {
	if m == nil {
		return have
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if was, touched := m.off[serviceSID]; touched {
		return was
	}
	return have
}

// Restore gives every muted service its notifications back.
func (m *Muted) Restore(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for sid, was := range m.off {
		if err := Restore(ctx, m.target, sid, was); err != nil {
			return err
		}
	}
	return nil
}
