package sqlite

import (
	"fmt"
	"time"
)

// packTime gives the stored form of a time: nanoseconds since 1970, and NULL
// for the zero time. It refuses years that this does not reach.
func packTime(t time.Time) (any, error) {
	if t.IsZero() {
		return nil, nil
	}
	n := t.UnixNano()
	if !time.Unix(0, n).Equal(t) {
		return nil, fmt.Errorf("pack time: %s is out of range", t.Format(time.RFC3339))
	}
	return n, nil
}

// packedTime scans what packTime stored, in UTC.
type packedTime struct{ time *time.Time }

func (p packedTime) Scan(stored any) error {
	switch v := stored.(type) {
	case nil:
		*p.time = time.Time{}
	case int64:
		*p.time = time.Unix(0, v).UTC()
	default:
		return fmt.Errorf("unpack time: stored as %T", stored)
	}
	return nil
}
