package origin

import (
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
)

// Asked is a role of the source: what is wanted, and what the ledger has of it.
type Asked struct {
	Want   conversations.Role
	Record Record
}

// Roles says for each role of the source which one of the target it is, so that
// no two are one. Whoever has a claim comes first: what the ledger knows, then
// what is as wanted, then the rest in the order of the source, and last what has
// that name only in its normal form. taken are roles
// that stand for none of them.
//
// A second role of one type and name may bear a number, because the service
// refused the name: see [mapping.AnotherName].
func Roles(asked []Asked, there []conversations.Role, taken map[string]bool) []Resource {
	all := make([]Resource, len(asked))
	has := map[string]bool{}
	for sid := range taken {
		has[sid] = true
	}
	given := make([]bool, len(asked))
	for _, claim := range []func(Asked, Resource) bool{known, asWanted, whatever} {
		for i, a := range asked {
			if given[i] {
				continue
			}
			r := role(a.Want, there, a.Record, has, sameText)
			if r.Relation == Absent {
				r = numbered(a.Want, there, has)
			}
			if !claim(a, r) {
				continue
			}
			all[i], given[i] = r, true
			if r.SID != "" {
				has[r.SID] = true
			}
		}
	}
	for i, a := range asked {
		if all[i].Relation == Absent {
			all[i] = role(a.Want, there, a.Record, has, SameName)
			has[all[i].SID] = all[i].SID != ""
		}
	}
	return all
}

func known(a Asked, r Resource) bool { return r.SID != "" && r.SID == a.Record.TargetSID }

func asWanted(_ Asked, r Resource) bool { return r.SID != "" && len(r.Differs) == 0 }

func whatever(Asked, Resource) bool { return true }

// numbered finds a role that bears a number because another has its name. Only
// one that is as wanted counts: a number in a name proves nothing.
func numbered(want conversations.Role, there []conversations.Role, taken map[string]bool) Resource {
	name := want.FriendlyName
	for n := 2; Named(there, want.Type, want.FriendlyName); n++ {
		want.FriendlyName = mapping.AnotherName(name, n)
		if r := role(want, there, Record{}, taken, sameText); r.SID != "" && len(r.Differs) == 0 {
			return r
		}
	}
	return Resource{Relation: Absent}
}

// Named reports whether there is a role of that type and name.
func Named(there []conversations.Role, kind, name string) bool {
	return slices.ContainsFunc(there, func(r conversations.Role) bool { return r.Type == kind && SameName(r.FriendlyName, name) })
}

// Late are the roles that a create without an answer made after another was made
// in its place. sent is the digest of what was created, and taken are the roles
// that are known to be something else.
func Late(there []conversations.Role, rec Record, sent int64, taken map[string]bool) []conversations.Role {
	var late []conversations.Role
	for _, r := range there {
		if rec.Unanswered && r.SID != rec.TargetSID && !taken[r.SID] && !slices.Contains(rec.Before, r.SID) && DigestRole(r) == sent {
			late = append(late, r)
		}
	}
	return late
}
