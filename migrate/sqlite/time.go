package sqlite

import (
	"time"

	"chatbridge/migrate/internal/stored"
)

// packTime gives the stored form of a time.
func packTime(t time.Time) (any, error) { return stored.PackTime(t) }

// packedTime scans what packTime stored, in UTC.
type packedTime struct{ time *time.Time }

func (p packedTime) Scan(value any) error { return stored.ScanTime(p.time).Scan(value) }
