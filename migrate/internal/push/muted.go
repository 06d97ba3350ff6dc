package push

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// Muted keeps the push notifications of services off while something is written
// into them, and knows what they were.
type Muted struct {
	target migrate.Target
	note   Noting
	quiet  func(conversations.Notifications) conversations.Notifications

	mu  sync.Mutex
	was map[string]conversations.Notifications // by service, as they were
	off map[string]bool                        // by service, whether they were put off here
}

// Noting keeps what the notifications of a service were where a run that takes
// over finds it, before they are put off; nil says that they are back.
type Noting func(ctx context.Context, serviceSID string, was json.RawMessage) error

// NewMuted turns everything off.
func NewMuted(t migrate.Target, note Noting) *Muted {
	return NewPartlyMuted(t, note, conversations.Notifications.Muted)
}

// NewPartlyMuted turns off only what quiet does, for a verb that writes nothing else
// that sends a push: people go on writing, and the pushes for their messages go on.
func NewPartlyMuted(t migrate.Target, note Noting, quiet func(conversations.Notifications) conversations.Notifications) *Muted {
	return &Muted{target: t, note: note, quiet: quiet, was: map[string]conversations.Notifications{}, off: map[string]bool{}}
}

// Inherit takes over what a run before left off.
func (m *Muted) Inherit(serviceSID string, noted json.RawMessage) error {
	var was conversations.Notifications
	if err := json.Unmarshal(noted, &was); err != nil {
		return fmt.Errorf("decode saved notifications: %w", err)
	}
	m.Instead(serviceSID, was)
	return nil
}

// Mute turns the notifications of a service off, unless they are. Nothing may be
// written into the service after an error: it would be told to people's phones.
func (m *Muted) Mute(ctx context.Context, serviceSID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.off[serviceSID] {
		return nil
	}
	now, err := Read(ctx, m.target, serviceSID)
	if err != nil {
		return err
	}
	if _, inherited := m.was[serviceSID]; !inherited {
		m.was[serviceSID] = now
	}
	if err := m.putOff(ctx, serviceSID, now); err != nil {
		return err
	}
	m.off[serviceSID] = true
	return nil
}

func (m *Muted) putOff(ctx context.Context, serviceSID string, now conversations.Notifications) error {
	off := m.quiet(now)
	if off == now {
		return nil
	}
	raw, err := json.Marshal(m.was[serviceSID])
	if err != nil {
		return fmt.Errorf("encode notifications: %w", err)
	}
	if err := m.note(ctx, serviceSID, raw); err != nil {
		return err
	}
	return m.target.SetNotifications(ctx, serviceSID, off)
}

// Instead replaces what comes back at the end.
func (m *Muted) Instead(serviceSID string, n conversations.Notifications) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.was[serviceSID] = n
}

// Before is what the notifications of a service are apart from being muted. A
// nil receiver mutes nothing.
func (m *Muted) Before(serviceSID string, have conversations.Notifications) conversations.Notifications {
	if m == nil {
		return have
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if was, touched := m.was[serviceSID]; touched {
		return was
	}
	return have
}

// Restore gives every muted service its notifications back. One that cannot be
// given back keeps none of the others from it; the error is that of the first.
func (m *Muted) Restore(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var first error
	for _, sid := range slices.Sorted(maps.Keys(m.was)) {
		if err := m.restore(ctx, sid); err != nil && first == nil {
			first = &migrate.Error{
				Op: "turn push notifications back on", Kind: migrate.KindOf(err), SID: sid, Err: err,
				Hint: "they may be off: check the Twilio Console, and turn them on there or run the same command again",
			}
		}
	}
	return first
}

func (m *Muted) restore(ctx context.Context, serviceSID string) error {
	if err := Restore(ctx, m.target, serviceSID, m.was[serviceSID]); err != nil {
		return err
	}
	return m.note(ctx, serviceSID, nil)
}
