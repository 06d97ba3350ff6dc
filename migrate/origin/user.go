package origin

import (
	"slices"
	"time"

	"chatbridge/mapping/conversations"
)

// User says whose the user of an identity is. have is nil if the target has
// none. A user that a create without an answer made is as it was sent, but for what
// a service may store a little otherwise; one that differs is somebody else's.
func User(want conversations.User, have *conversations.User, rec Record) Resource {
	if have == nil {
		return Resource{Relation: Absent}
	}
	r := Resource{Relation: Others, SID: have.SID}
	if want.FriendlyName != have.FriendlyName {
		r.Differs = append(r.Differs, "friendly_name")
	}
	if Attributes(want.Attributes) != Attributes(have.Attributes) {
		r.Differs = append(r.Differs, "attributes")
	}
	if want.RoleSID != "" && want.RoleSID != have.RoleSID {
		r.Differs = append(r.Differs, "role_sid")
	}
	switch {
	case rec.TargetSID == have.SID:
		r.Relation = relation(rec)
	case rec.TargetSID == "" && rec.Unanswered && (len(r.Differs) == 0 || slices.Equal(r.Differs, []string{"friendly_name"}) && SameName(want.FriendlyName, have.FriendlyName)):
		r.Relation = Made
	}
	return r
}

// Member names the fields in which somebody changed a participant since a migration
// brought them there. It did if the date of creation is the one that it sends, and
// they did if the date of update is later than the source has it. An end user can
// change neither date to an older one.
func Member(want, have conversations.Participant) (differs []string) {
	if want.DateCreated.IsZero() || !want.DateCreated.Truncate(time.Second).Equal(have.DateCreated.Truncate(time.Second)) ||
		!have.DateUpdated.After(want.DateUpdated.Truncate(time.Second)) {
		return nil
	}
	if want.RoleSID != "" && want.RoleSID != have.RoleSID {
		differs = append(differs, "role_sid")
	}
	if Attributes(want.Attributes) != Attributes(have.Attributes) {
		differs = append(differs, "attributes")
	}
	return differs
}

// Horizon is how far a participant has read, after the source says want and the
// target have: a read horizon never moves backwards.
func Horizon(want int64, have *int64) (index int64, moves bool) {
	if have != nil && *have >= want {
		return *have, false
	}
	return want, true
}
