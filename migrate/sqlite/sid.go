package sqlite

import (
	"encoding/hex"
	"fmt"
	"strings"

	"chatbridge/migrate"
)

// Prefixes of SIDs that columns imply.
const (
	servicePrefix = "IS"
	channelPrefix = "CH"
	messagePrefix = "IM"
	rolePrefix    = "RL"
	userPrefix    = "US"
	memberPrefix  = "MB"
	mediaPrefix   = "ME"
)

const sidDigits = 32

// beforeAll sorts before every stored SID: SQLite orders numbers before text and
// text before blobs.
const beforeAll = int64(0)

// entityPrefixes are the implied prefixes of an entity's own SIDs and of its
// parent's.
func entityPrefixes(k migrate.EntityKind) (own, parent string) {
	switch k {
	case migrate.RoleEntity:
		return rolePrefix, servicePrefix
	case migrate.ServiceEntity:
		return servicePrefix, servicePrefix
	case migrate.UserEntity:
		return userPrefix, servicePrefix
	case migrate.MemberEntity:
		return memberPrefix, channelPrefix
	default:
		return "", ""
	}
}

// packSID gives the stored form of a SID: a blob of 16 bytes where it is the
// prefix and 32 lower-case hexadecimal digits, the SID itself otherwise. With an
// empty prefix it is always the SID itself.
func packSID(prefix, sid string) any {
	digits, ok := strings.CutPrefix(sid, prefix)
	if !ok || prefix == "" || len(digits) != sidDigits || strings.ToLower(digits) != digits {
		return sid
	}
	packed, err := hex.DecodeString(digits)
	if err != nil {
		return sid
	}
	return packed
}

// packedSID scans what packSID stored.
type packedSID struct {
	prefix string
	sid    *string
}

func (p packedSID) Scan(stored any) error {
	switch v := stored.(type) {
	case []byte:
		*p.sid = p.prefix + hex.EncodeToString(v)
	case string:
		*p.sid = v
	default:
		return fmt.Errorf("unpack SID: stored as %T", stored)
	}
	return nil
}
