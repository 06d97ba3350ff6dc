package sqlite

import (
	"fmt"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

// Prefixes of SIDs that columns imply.
const (
	servicePrefix = stored.ServicePrefix
	channelPrefix = stored.ChannelPrefix
	messagePrefix = stored.MessagePrefix
	mediaPrefix   = stored.MediaPrefix
)

// entityPrefixes are the implied prefixes of an entity's own SIDs and of its
// parent's.
func entityPrefixes(k migrate.EntityKind) (own, parent string) { return stored.EntityPrefixes(k) }

// beforeAll sorts before every stored SID: SQLite orders numbers before text and
// text before blobs.
const beforeAll = int64(0)

// packSID gives the stored form of a SID: a blob of 16 bytes where it is the
// prefix and 32 lower-case hexadecimal digits, the SID itself otherwise. With an
// empty prefix it is always the SID itself.
func packSID(prefix, sid string) any {
	if packed, usual := stored.PackSID(prefix, sid); usual {
		return packed
	}
	return sid
}

// packedSID scans what packSID stored.
type packedSID struct {
	prefix string
	sid    *string
}

func (p packedSID) Scan(value any) error {
	switch v := value.(type) {
	case []byte:
		*p.sid = stored.UnpackSID(p.prefix, v)
	case string:
		*p.sid = v
	default:
		return fmt.Errorf("unpack SID: stored as %T", value)
	}
	return nil
}
