package migrate

import (
	"context"
	"sync"

	"chatbridge/mapping/conversations"
)

// muted keeps the push notifications of services off while something is written
// into them, and knows what they were.
type muted struct {
	target Target

	mu  sync.Mutex
	off map[string]conversations.Notifications // by service, as they were
}

func newMuted(t Target) *muted {
	return &muted{target: t, off: map[string]conversations.Notifications{}}
}

// mute turns the notifications of a service off, the first time it is asked.
func (m *muted) mute(ctx context.Context, serviceSID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, done := m.off[serviceSID]; done {
		return nil
	}
	cfg, err := m.target.Configuration(ctx, serviceSID)
	if err != nil {
		return err
	}
	m.off[serviceSID] = cfg.Notifications
	if cfg.Notifications.Off() {
		return nil
	}
	return m.target.SetNotifications(ctx, serviceSID, cfg.Notifications.Muted())
}

// instead replaces what comes back at the end.
func (m *muted) instead(serviceSID string, n conversations.Notifications) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off[serviceSID] = n
}

// before is what the notifications of a service are apart from being muted. A
// nil receiver mutes nothing.
func (m *muted) before(serviceSID string, have conversations.Notifications) conversations.Notifications {
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

// restore gives every muted service its notifications back.
func (m *muted) restore(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for sid, was := range m.off {
		cfg, err := m.target.Configuration(ctx, sid)
		if err != nil {
			return err
		}
		if cfg.Notifications == was {
			continue
		}
		if err := m.target.SetNotifications(ctx, sid, was); err != nil {
			return err
		}
	}
	return nil
}
