package chat

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"time"
)

// Time is a date of a Chat resource. Chat documents RFC 2822 and sends
// ISO 8601, so both are read. A null or empty date is the zero Time.
type Time struct{ time.Time }

// UnmarshalJSON reads a date in either form, in UTC.
func (t *Time) UnmarshalJSON(raw []byte) error {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("read date %s: %w", Shorten(string(raw)), err)
	}
	if s == nil || *s == "" {
		t.Time = time.Time{}
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil {
		at, err = mail.ParseDate(*s)
	}
	if err != nil {
		return fmt.Errorf("read date %s: neither ISO 8601 nor RFC 2822", Excerpt(*s))
	}
	t.Time = at.UTC()
	return nil
}

// MarshalJSON writes ISO 8601 in UTC, and null for the zero Time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format(time.RFC3339Nano))
}
