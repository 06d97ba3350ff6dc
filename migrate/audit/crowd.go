package audit

import (
	"context"
	"slices"

	"chatbridge/mapping/chat"
)

// crowd counts the conversations that everybody would be in, by identity in the target.
// The counters that Chat keeps of it may be wrong, and several people or services may
// become one.
type crowd map[string]int

// joined adds the channels of a service. known numbers its people.
func (t *audit) joined(all crowd, known map[string]int32, channels []channelLoad) {
	counts := make([]int, len(known))
	for _, c := range channels {
		for _, id := range c.members {
			counts[id]++
		}
	}
	for identity, id := range known {
		if counts[id] > 0 {
			all[t.set.Mapper.Identity(identity)] += counts[id]
		}
	}
}

// crowded finds who would be in too many conversations, once for each that is too many.
func (t *audit) crowded(ctx context.Context, all crowd, services ...chat.Service) error {
	var many []string
	for identity, n := range all {
		if len(t.set.Mapper.Crowded(chat.Member{}, n)) > 0 {
			many = append(many, identity)
		}
	}
	if len(many) == 0 {
		return nil
	}
	slices.Sort(many)
	users := map[string]chat.Member{} // by identity in the target
	for _, s := range services {
		for u, err := range t.Source.Users(ctx, s.SID) {
			if err != nil {
				return err
			}
			identity := t.set.Mapper.Identity(u.Identity)
			if _, is := slices.BinarySearch(many, identity); is && users[identity].SID == "" {
				users[identity] = chat.Member{SID: u.SID, Identity: u.Identity}
			}
		}
	}
	for _, identity := range many {
		who, isUser := users[identity]
		if !isUser {
			who.Identity = identity
		}
		for n := all[identity]; ; n-- {
			found := t.set.Mapper.Crowded(who, n)
			if len(found) == 0 {
				break
			}
			t.findings.Add(found)
		}
	}
	return nil
}
