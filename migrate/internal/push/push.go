package push

import (
	"context"
	"encoding/json"
	"fmt"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// Read is what the notifications of a service are now.
func Read(ctx context.Context, t migrate.TargetReader, serviceSID string) (conversations.Notifications, error) {
	cfg, err := t.Configuration(ctx, serviceSID)
	return cfg.Notifications, err
}

// Off turns the notifications of a service off, and reports whether they were
// on.
func Off(ctx context.Context, t migrate.Target, serviceSID string, now conversations.Notifications) (bool, error) {
	if now.Off() {
		return false, nil
	}
	return true, t.SetNotifications(ctx, serviceSID, now.Muted())
}

// Restore gives a service the notifications that it had, unless it has them.
func Restore(ctx context.Context, t migrate.Target, serviceSID string, was conversations.Notifications) error {
	now, err := Read(ctx, t, serviceSID)
	if err != nil || now == was {
		return err
	}
	return t.SetNotifications(ctx, serviceSID, was)
}

// Note keeps in the record of a service what its notifications were.
func Note(rec *migrate.ServiceRecord, was conversations.Notifications) error {
	raw, err := json.Marshal(was)
	if err != nil {
		return fmt.Errorf("encode notifications: %w", err)
	}
	rec.Saved = raw
	return nil
}

// RestoreNoted gives a service what its record says, and forgets that. A record
// that says nothing changes nothing. The caller puts the record.
func RestoreNoted(ctx context.Context, t migrate.Target, rec *migrate.ServiceRecord) error {
	if len(rec.Saved) == 0 {
		return nil
	}
	var was conversations.Notifications
	if err := json.Unmarshal(rec.Saved, &was); err != nil {
		return fmt.Errorf("decode saved notifications: %w", err)
	}
	if err := Restore(ctx, t, rec.TargetSID, was); err != nil {
		return err
	}
	rec.Saved = nil
	return nil
}
