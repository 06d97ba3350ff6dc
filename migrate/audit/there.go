package audit

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// Held is something that the target has and the source too, and otherwise.
type Held struct {
	Kind      string   `json:"kind"` // roles, users or members
	SourceSID string   `json:"source_sid"`
	TargetSID string   `json:"target_sid"`
	Differs   []string `json:"differs"` // names of fields
	// Code is the finding, and Fate what becomes of it with the policy that was
	// given: keep, replace or stop.
	Code mapping.Code `json:"code"`
	Fate string       `json:"fate"`
}

// heldAtMost bounds how many of each code are listed; the findings count all.
const heldAtMost = 1000

// target is what a service in use holds, and what a migration would have brought
// into it so far: a second service meets what the first brought.
type target struct {
	mu     sync.Mutex
	roles  []conversations.Role
	users  map[string]conversations.User // by identity
	by     map[string]string             // of what was brought, the source service
	became map[string]string             // channels to the conversations that bear their stamp
	held   []Held
	listed map[mapping.Code]int
}

// readTarget reads what is in the service that everything goes into.
func (t *audit) readTarget(ctx context.Context) error {
	t.taken = map[string]bool{}
	if t.Target == nil || t.set.ToService == "" {
		return nil
	}
	t.there = &target{users: map[string]conversations.User{}, by: map[string]string{}, became: map[string]string{}, listed: map[mapping.Code]int{}}
	for r, err := range t.Target.Roles(ctx, t.set.ToService) {
		if err != nil {
			return err
		}
		t.there.roles = append(t.there.roles, r)
	}
	for u, err := range t.Target.Users(ctx, t.set.ToService) {
		if err != nil {
			return err
		}
		t.there.users[u.Identity] = u
	}
	for c, err := range t.Target.Conversations(ctx, t.set.ToService) {
		if err != nil {
			return err
		}
		if stamp, ours := mapping.ReadStamp(c.Attributes); ours {
			t.there.became[stamp.SID] = c.SID
		} else if c.UniqueName != "" {
			t.taken[c.UniqueName] = true
		}
	}
	return nil
}

// wantedRole is a role of the source and what it should become.
type wantedRole struct {
	source chat.Role
	want   conversations.Role
}

// rolesThere says which roles of the target the ones of the source are, or would
// become, and notes those that differ.
func (t *audit) rolesThere(s chat.Service, wanted []wantedRole) mapping.Roles {
	roles := mapping.Roles{}
	for _, one := range wanted {
		roles[one.source.SID] = mapping.Role{Source: one.source, TargetSID: one.source.SID}
	}
	if t.there == nil {
		return roles
	}
	asked := make([]origin.Asked, len(wanted))
	for i, one := range wanted {
		asked[i].Want = one.want
	}
	for i, is := range origin.Roles(asked, t.there.roles, nil) {
		one := wanted[i]
		if is.SID != "" {
			roles[one.source.SID] = mapping.Role{Source: one.source, TargetSID: is.SID}
		}
		switch {
		case is.Relation == origin.Several:
			_, found := t.set.Mapper.RoleWasThere(one.source, is.Rivals[0], []string{"permissions"})
			found[0].Severity = mapping.Stop // whatever is chosen: nobody can tell which it is
			t.meets(migrate.KindRoles, one.source.SID, is.Rivals[0], []string{"permissions"}, found)
		case is.Relation == origin.Absent:
			one.want.SID = one.source.SID
			t.there.roles = append(t.there.roles, one.want)
			t.there.by[one.want.SID] = s.SID
		case len(is.Differs) > 0:
			by := t.there.by[is.SID]
			replace, found := t.set.Mapper.RoleWasThere(one.source, is.SID, is.Differs)
			if !origin.Keeps(s.SID, by) {
				replace, found = false, t.set.Mapper.RoleShared(one.source, is.SID, by, is.Differs)
			}
			t.meets(migrate.KindRoles, one.source.SID, is.SID, is.Differs, found)
			if replace {
				at := slices.IndexFunc(t.there.roles, func(r conversations.Role) bool { return r.SID == is.SID })
				t.there.roles[at].Permissions, t.there.by[is.SID] = one.want.Permissions, s.SID
			}
		}
	}
	return roles
}

// userThere notes whether the target has a user otherwise.
func (t *audit) userThere(s chat.Service, src chat.User, want conversations.User) {
	if t.there == nil {
		return
	}
	t.there.mu.Lock()
	have, there := t.there.users[want.Identity]
	by := t.there.by[have.SID]
	if !there {
		want.SID = src.SID
		t.there.users[want.Identity], t.there.by[want.SID] = want, s.SID
	}
	t.there.mu.Unlock()
	if !there {
		return
	}
	is := origin.User(want, &have, origin.Record{})
	if len(is.Differs) == 0 {
		return
	}
	replace, found := t.set.Mapper.UserWasThere(src, have.SID, is.Differs)
	if !origin.Keeps(s.SID, by) {
		replace, found = false, t.set.Mapper.UserShared(src, have.SID, by, is.Differs)
	}
	t.meets(migrate.KindUsers, src.SID, have.SID, is.Differs, found)
	if replace {
		want.SID, want.RoleSID = have.SID, cmp.Or(want.RoleSID, have.RoleSID)
		t.there.mu.Lock()
		t.there.users[want.Identity], t.there.by[have.SID] = want, s.SID
		t.there.mu.Unlock()
	}
}

// horizonsThere notes who has read on in the conversation that the channel became
// in an earlier migration, by the time at which they did: the indexes of the two
// sides are not the same. readers are the members of the channel.
func (t *audit) horizonsThere(ctx context.Context, channelSID string, readers map[string]chat.Member) ([]mapping.Finding, error) {
	if t.there == nil || t.there.became[channelSID] == "" {
		return nil, nil
	}
	var all []mapping.Finding
	for p, err := range t.Target.Participants(ctx, t.set.ToService, t.there.became[channelSID]) {
		if err != nil {
			return nil, err
		}
		m, ok := readers[p.Identity]
		if !ok || m.LastConsumedMessageIndex == nil || p.LastReadMessageIndex == nil || !p.LastReadTimestamp.After(m.LastConsumptionTimestamp.Time) {
			continue
		}
		found := t.set.Mapper.HorizonKept(m, *p.LastReadMessageIndex)
		t.hold(migrate.KindMembers, m.SID, p.SID, []string{"last_read_message_index"}, found)
		all = append(all, found...)
	}
	return all, nil
}

// meets counts what the target has otherwise, and lists it.
func (t *audit) meets(kind, sourceSID, targetSID string, differs []string, found []mapping.Finding) {
	t.findings.Add(found)
	t.hold(kind, sourceSID, targetSID, differs, found)
}

func (t *audit) hold(kind, sourceSID, targetSID string, differs []string, found []mapping.Finding) {
	t.there.mu.Lock()
	defer t.there.mu.Unlock()
	for _, f := range found {
		if t.there.listed[f.Code]++; t.there.listed[f.Code] > heldAtMost {
			continue
		}
		fate := "keep"
		switch {
		case f.Severity == mapping.Stop:
			fate = "stop"
		case f.Severity == mapping.Info && f.Code != mapping.HorizonKept:
			fate = "replace"
		}
		t.there.held = append(t.there.held, Held{kind, sourceSID, targetSID, differs, f.Code, fate})
	}
}

// list is what was noted, in an order that no lane changes.
func (t *target) list() []Held {
	if t == nil {
		return nil
	}
	slices.SortFunc(t.held, func(a, b Held) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.SourceSID, b.SourceSID))
	})
	return t.held
}
