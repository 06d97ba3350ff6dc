package origin

import (
	"slices"

	"chatbridge/mapping/conversations"
)

// Service says which service of that name the migration made. bound are those
// that stand for other sources, and holdsOurs those with a conversation that was
// adopted: with the ledger lost, that alone proves a service. Names are compared in
// their normal form.
func Service(name string, there []conversations.Service, rec Record, bound, holdsOurs map[string]bool) Resource {
	var ours, proved []string
	for _, s := range there {
		switch {
		case rec.TargetSID != "" && s.SID == rec.TargetSID:
			return Resource{Relation: relation(rec), SID: s.SID}
		case !SameName(s.FriendlyName, name) || bound[s.SID]: // another one
		case holdsOurs[s.SID]:
			proved = append(proved, s.SID)
		case rec.Unanswered && !slices.Contains(rec.Before, s.SID):
			ours = append(ours, s.SID)
		}
	}
	if len(proved) > 0 {
		ours = proved
	}
	switch {
	case rec.TargetSID != "" || len(ours) == 0:
		return Resource{Relation: Absent}
	case len(ours) == 1:
		return Resource{Relation: Made, SID: ours[0]}
	}
	return Resource{Relation: Several, Rivals: ours}
}

// LateServices are the services of that name that a create without an answer may
// have made after another was made in its place. rec has the one that counts, and
// bound are those that stand for other sources.
func LateServices(name string, there []conversations.Service, rec Record, bound map[string]bool) []conversations.Service {
	var late []conversations.Service
	for _, s := range there {
		if rec.Unanswered && s.SID != rec.TargetSID && !bound[s.SID] && !slices.Contains(rec.Before, s.SID) && SameName(s.FriendlyName, name) {
			late = append(late, s)
		}
	}
	return late
}

// Inhabited is what a service of a source's name holds in which nothing was adopted.
type Inhabited struct {
	Conversations int // without claims
	Past          int // of these, those that only REST can have dated
	Alike         int // of these, those that bear a stamp of the source, or name and date of a channel
	Strangers     int // people, roles and settings that the source does not have
	People        int
	Birth         Birth
}

// Tenancy is what can be said of such a service.
type Tenancy int

// Tenancies.
const (
	Unproved Tenancy = iota // nobody can tell whose it is
	Theirs                  // somebody else's
	Vacant                  // as a migration leaves it that died early, or that had no channel
)

// Tenancy tells a service that is certainly not of the migration, and one that may
// be used as if it were. A migration dates its conversations before the service
// that they are in: if one that has conversations has none of these, and none that
// looks like a channel, the migration never wrote there. One without conversations
// and without anything that the source does not have is as good as a new one,
// whoever made it: using it can harm nobody, while a second one beside it would be
// for good. All else is unproved.
func (i Inhabited) Tenancy() Tenancy {
	switch {
	case i.Conversations == 0 && i.Strangers == 0:
		return Vacant
	case i.Conversations > 0 && i.Past == 0 && i.Alike == 0 && i.Birth.Known():
		return Theirs
	}
	return Unproved
}

// Stays reports which of two services stays that two runs made for one source at
// the same moment: the one of the smaller date and SID. Both runs find the same.
func Stays(a, b conversations.Service) conversations.Service {
	if c := a.DateCreated.Compare(b.DateCreated); c < 0 || c == 0 && a.SID < b.SID {
		return a
	}
	return b
}

// Keeps reports whether the source with that SID may change something that
// several sources share: the one that made it wins, so that passes do not fight.
// madeBy is empty if none of them did.
func Keeps(sourceSID, madeBy string) bool { return madeBy == "" || madeBy == sourceSID }
