package origin

import (
	"slices"

	"chatbridge/mapping/conversations"
)

// Relation is what a thing that the target has is to the migration.
type Relation int

// Relations.
const (
	Absent  Relation = iota // the target has none
	Made                    // the migration made it
	Others                  // it was there, or another source made it
	Several                 // more than one may be it: nobody can tell
)

// Resource is an answer about a role, a user or a service.
type Resource struct {
	Relation Relation
	SID      string   // of the target
	Rivals   []string // SIDs, if there are several
	// Differs names the fields in which it is not as wanted. What the migration
	// made it may bring up to date. Of others' that is a finding with a policy:
	// whatever it chooses, the old value is kept first.
	Differs []string
}

// Record is what the ledger has of a role, user or service.
type Record struct {
	TargetSID string // empty if it has none
	Existing  bool   // it was there before
	// Unanswered says that a create had no answer, and Before which ones were
	// there when it was sent.
	Unanswered bool
	Before     []string
}

// Role says which role of the target is the one wanted. taken are the roles that
// stand for other roles of the source: two of one type and name are two roles,
// and only the service may refuse the second. A service may store names a little
// otherwise, so the one of that very name comes first, and then one of that name in
// its normal form.
func Role(want conversations.Role, there []conversations.Role, rec Record, taken map[string]bool) Resource {
	r := role(want, there, rec, taken, sameText)
	if r.Relation == Absent {
		return role(want, there, rec, taken, SameName)
	}
	return r
}

func sameText(a, b string) bool { return a == b }

func role(want conversations.Role, there []conversations.Role, rec Record, taken map[string]bool, same func(a, b string) bool) Resource {
	var alike, ours []conversations.Role
	for _, r := range there {
		if r.SID == rec.TargetSID && rec.TargetSID != "" {
			return roleIs(relation(rec), want, r)
		}
		if r.Type != want.Type || !same(r.FriendlyName, want.FriendlyName) || taken[r.SID] {
			continue
		}
		alike = append(alike, r)
		if rec.Unanswered && !slices.Contains(rec.Before, r.SID) && SamePermissions(r.Permissions, want.Permissions) {
			ours = append(ours, r)
		}
	}
	switch {
	case len(ours) > 0:
		// Each is an empty create of ours, and one is as good as another.
		return roleIs(Made, want, ours[0])
	case len(alike) == 0:
		return Resource{Relation: Absent}
	case len(alike) == 1:
		return roleIs(Others, want, alike[0])
	}
	// One that is as wanted serves, whoever made it.
	for _, r := range alike {
		if SamePermissions(r.Permissions, want.Permissions) {
			return roleIs(Others, want, r)
		}
	}
	several := Resource{Relation: Several}
	for _, r := range alike {
		several.Rivals = append(several.Rivals, r.SID)
	}
	return several
}

func roleIs(relation Relation, want, have conversations.Role) Resource {
	r := Resource{Relation: relation, SID: have.SID}
	if !SamePermissions(want.Permissions, have.Permissions) {
		r.Differs = []string{"permissions"}
	}
	return r
}

func relation(rec Record) Relation {
	if rec.Existing {
		return Others
	}
	return Made
}

// SamePermissions reports whether two roles permit the same, whatever the order.
func SamePermissions(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
