package mapping

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"chatbridge/mapping/chat"
)

// Mapper converts resources of Chat into resources of Conversations. Its zero
// value takes every default. A Mapper is a value without state: it may be
// copied, and used by many goroutines as long as nobody changes its maps.
type Mapper struct {
	// Policy says what to do where a resource cannot be carried unchanged; a
	// code that is not in it takes the Default of its Rule.
	Policy Policy
	// Rename replaces identities, old to new, wherever one occurs: users,
	// members, authors, invites and the created_by of the stamp. It is applied
	// once, so that names may be swapped. Nil keeps them.
	Rename map[string]string
	// Given is Rename the other way round, new to old. It is what finds a person
	// whose identity Rename gives to somebody else; nil looks for nobody.
	Given map[string]string
	// LeaveOut are the SIDs of messages that are not carried, whatever they are.
	LeaveOut map[string]bool
	// NoStamp leaves the attributes of conversations untouched.
	NoStamp bool
}

// Roles are the roles of one source service, keyed by their source SID.
type Roles map[string]Role

// Role is a role of the source and what it became.
type Role struct {
	Source chat.Role
	// TargetSID is the role in the target, and empty where it was not carried.
	// An audit, which creates none, puts the source SID here.
	TargetSID string
}

// role is the target SID for a reference to a role of the given Chat type. A
// role that cannot be given leaves the choice to the target, which takes its
// default.
func (n *notes) role(roles Roles, sid, wantType, field string) string {
	if sid == "" {
		return ""
	}
	r, ok := roles[sid]
	switch {
	case !ok:
		n.add(RoleMissing, field, "%s is not among the roles of the service", sid)
		return ""
	case r.Source.Type != wantType:
		n.add(RoleScope, field, "%s is a role of type %q, but one of type %q is needed", sid, r.Source.Type, wantType)
		return ""
	case r.TargetSID == "":
		n.add(RoleMissing, field, "%s was not carried", sid)
		return ""
	}
	return r.TargetSID
}

// Limits of Conversations, in characters.
const (
	maxIdentity   = 256 // error 50207 beyond
	maxName       = 256 // services, conversations, users
	maxRoleName   = 64
	maxUniqueName = 256 // what Chat v2 admits; Conversations states none
)

// reserved identities are refused with error 50203.
var reserved = map[string]bool{"system": true, "private": true, "unique": true}

var (
	userSID    = regexp.MustCompile(`^US[0-9a-f]{32}$`)    // as error 50206 gives it
	channelSID = regexp.MustCompile(`^CH[0-9a-fA-F]{32}$`) // as error 50390 gives it
)

// renamed is the identity under its new name. It is text, whatever the identity
// is, and another one for every identity.
func (m Mapper) renamed(identity string) string {
	if to, ok := m.Rename[identity]; ok {
		return to
	}
	return chat.Replace(identity, spelledOut)
}

// person renames an identity and notes in it what is no text, unless the new name
// takes that away.
func (n *notes) person(m Mapper, identity, field string) string {
	if _, ok := m.Rename[identity]; !ok {
		identity = n.valid(identity, field, spelledOut)
		if other, taken := m.Given[identity]; taken {
			n.add(IdentityTaken, field, "%q is the new identity of %q", identity, other)
		}
	}
	return m.renamed(identity)
}

// identity renames an identity and notes what a user by that name would meet.
func (n *notes) identity(m Mapper, old string) string {
	id := n.person(m, old, "identity")
	switch {
	case id == "":
		n.add(IdentityEmpty, "identity", "the identity is missing")
	case utf8.RuneCountInString(id) > maxIdentity:
		n.add(IdentityTooLong, "identity", "%d characters, %d fit", utf8.RuneCountInString(id), maxIdentity)
	case reserved[id]:
		n.add(IdentityReserved, "identity", "%q is reserved", id)
	case userSID.MatchString(id):
		n.add(IdentitySID, "identity", "%q looks like the SID of a user", id)
	}
	return id
}

// name is a friendly name within a limit in characters.
func (n *notes) name(name string, limit int) string {
	name = n.text(name, "friendly_name")
	length := utf8.RuneCountInString(name)
	if length <= limit {
		return name
	}
	if n.add(NameTooLong, "friendly_name", "%d characters, %d fit", length, limit) != doTruncate {
		return name
	}
	n.original(name)
	return string([]rune(name)[:limit])
}

// requiredName is a friendly name where Conversations wants one.
func (n *notes) requiredName(name string, limit int) string {
	if strings.TrimSpace(name) == "" {
		n.add(Unnamed, "friendly_name", "named %s", n.sid)
		return n.sid
	}
	return n.name(name, limit)
}

// date is a date as Conversations takes it: UTC, whole seconds.
func (n *notes) date(t chat.Time, field string) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	at := t.UTC()
	if at.Nanosecond() != 0 {
		n.add(DatePrecision, field, "%s is cut to the second", at.Format(time.RFC3339Nano))
	}
	return at.Truncate(time.Second)
}

// created is a date that the target would set to the present if it had none.
func (n *notes) created(t chat.Time) time.Time {
	if t.IsZero() {
		n.add(DateMissing, "date_created", "there is no date; the date of the migration is used")
	}
	return n.date(t, "date_created")
}
