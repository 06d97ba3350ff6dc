package audit

import (
	"cmp"
	"slices"

	"chatbridge/mapping/chat"
)

// SightLost is a public channel, and how many users of its service would no longer
// see it once it is private: in Chat they can find and join it.
type SightLost struct {
	ServiceSID   string `json:"service_sid"`
	SID          string `json:"sid"`
	FriendlyName string `json:"friendly_name"`
	UniqueName   string `json:"unique_name"`
	Members      int64  `json:"members"` // who stay, users or not
	Users        int64  `json:"users"`   // who are not members
}

// sightMost bounds Audit.SightLost.
const sightMost = 1000

// loses notes a channel that users who are strangers to it would no longer see.
func (t *audit) loses(c chat.Channel, members, strangers int64) {
	if strangers <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sight = append(t.sight, SightLost{
		ServiceSID: c.ServiceSID, SID: c.SID, FriendlyName: c.FriendlyName, UniqueName: c.UniqueName, Members: members, Users: strangers,
	})
	if len(t.sight) >= 2*sightMost {
		t.sight = sortedSight(t.sight)
	}
}

func (t *audit) sightLost() []SightLost { return sortedSight(t.sight) }

func sortedSight(all []SightLost) []SightLost {
	slices.SortFunc(all, func(a, b SightLost) int {
		return cmp.Or(cmp.Compare(b.Users, a.Users), cmp.Compare(a.SID, b.SID))
	})
	return all[:min(len(all), sightMost)]
}
