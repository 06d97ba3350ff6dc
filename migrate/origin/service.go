package origin

import (
	"slices"

	"chatbridge/mapping/conversations"
)

// Service says which service of that name the migration made. bound are those
// that stand for other sources, and holdsOurs those with a conversation that was
// adopted: with the ledger lost, that alone proves a service.
func Service(name string, there []conversations.Service, rec Record, bound, holdsOurs map[string]bool) Resource {
	var ours, proved []string
	for _, s := range there {
		switch {
		case rec.TargetSID != "" && s.SID == rec.TargetSID:
			return Resource{Relation: relation(rec), SID: s.SID}
		case s.FriendlyName != name || bound[s.SID]:
			continue
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
