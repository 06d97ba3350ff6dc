// Package stored is what the ledgers store alike, whatever keeps them: which
// prefix a column of SIDs implies, the 16 bytes of a SID, the number of a time, and
// iterators that hold a page.
package stored

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"iter"
	"strings"
	"time"

	"chatbridge/migrate"
)

// Prefixes of SIDs that columns imply.
const (
	ServicePrefix = "IS"
	ChannelPrefix = "CH"
	MessagePrefix = "IM"
	RolePrefix    = "RL"
	UserPrefix    = "US"
	MemberPrefix  = "MB"
	MediaPrefix   = "ME"
)

const sidDigits = 32

// EntityPrefixes are the implied prefixes of an entity's own SIDs and of its
// parent's.
func EntityPrefixes(k migrate.EntityKind) (own, parent string) {
	switch k {
	case migrate.RoleEntity:
		return RolePrefix, ServicePrefix
	case migrate.ServiceEntity:
		return ServicePrefix, ServicePrefix
	case migrate.UserEntity:
		return UserPrefix, ServicePrefix
	case migrate.MemberEntity:
		return MemberPrefix, ChannelPrefix
	default:
		return "", ""
	}
}

// PackSID gives the 16 bytes that the 32 lower-case hexadecimal digits of a SID stand
// for. usual is false if the SID is anything but the prefix and those, or the prefix is
// empty.
func PackSID(prefix, sid string) (packed []byte, usual bool) {
	digits, ok := strings.CutPrefix(sid, prefix)
	if !ok || prefix == "" || len(digits) != sidDigits || strings.ToLower(digits) != digits {
		return nil, false
	}
	packed, err := hex.DecodeString(digits)
	return packed, err == nil
}

// UnpackSID is the SID that PackSID packed.
func UnpackSID(prefix string, packed []byte) string { return prefix + hex.EncodeToString(packed) }

// PackTime gives the stored form of a time: nanoseconds since 1970, and nil for the
// zero time. It refuses years that this does not reach.
func PackTime(t time.Time) (any, error) {
	if t.IsZero() {
		return nil, nil
	}
	n := t.UnixNano()
	if !time.Unix(0, n).Equal(t) {
		return nil, fmt.Errorf("pack time: %s is out of range", t.Format(time.RFC3339))
	}
	return n, nil
}

// ScanTime scans what PackTime gave into t, in UTC.
func ScanTime(t *time.Time) sql.Scanner { return packedTime{t} }

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

// Pages yields page after page of so many records; load is given the last record of
// the one before, and nil for the first. An error ends it.
func Pages[T any](rows int, load func(last *T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last *T
		for {
			page, err := load(last)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, record := range page {
				if !yield(record, nil) {
					return
				}
			}
			if len(page) < rows {
				return
			}
			last = &page[len(page)-1]
		}
	}
}
