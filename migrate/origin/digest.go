package origin

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"chatbridge/mapping/conversations"
)

// DigestRole tells two states of a role apart, whatever its SID.
func DigestRole(r conversations.Role) int64 {
	permissions := slices.Clone(r.Permissions)
	slices.Sort(permissions)
	return digest(append([]string{r.Type, r.FriendlyName}, slices.Compact(permissions)...))
}

// DigestUser tells two states of a user apart: name, attributes by value, and
// role.
func DigestUser(u conversations.User) int64 {
	return digest([]string{u.Identity, u.FriendlyName, Attributes(u.Attributes), u.RoleSID})
}

// digest is never 0, which stands for one that is not known.
func digest(parts []string) int64 {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return max(1, int64(binary.BigEndian.Uint64(sum[:])>>1))
}
