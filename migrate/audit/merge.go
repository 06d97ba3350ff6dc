package audit

import (
	"fmt"
	"sync"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// NewServices says what a migration takes of the number of services that an account
// may have: an unpublished number, which the parent account and all subaccounts share
// (https://www.twilio.com/docs/errors/21102).
type NewServices struct {
	Made int64 `json:"made"` // by a migration as it was asked for; 0 if everything goes into one that is there
	// Merge is what would meet if all went into one service instead; nil unless
	// several would be made.
	Merge *Merge `json:"merge,omitempty"`
}

// Merge is what several services have that one cannot have twice.
type Merge struct {
	UniqueNames Collision `json:"unique_names"` // channels whose unique name an earlier service has: the policy unique-name-taken decides
	People      Collision `json:"people"`       // users with another profile in an earlier service, which wins
	Roles       Collision `json:"roles"`        // with the type and name of one in an earlier service, and other permissions
	Crowded     Collision `json:"crowded"`      // users who would be in more than migrate.MaxLimit conversations
	Limits      Collision `json:"limits"`       // services whose limits are not those of the first
}

// Collision counts resources, and names the first of them.
type Collision struct {
	Count   int64    `json:"count"`
	Samples []string `json:"samples"` // SIDs of the source, at most migrate.SamplesKept
}

func (c *Collision) add(sid string) {
	kept := migrate.FindingCount{Samples: c.Samples}
	kept.AddSample(sid)
	c.Count, c.Samples = c.Count+1, kept.Samples
}

// merging looks at several services as if they were one. A nil one looks at nothing.
type merging struct {
	mu      sync.Mutex
	result  Merge
	names   map[string]string  // unique names, to the service that has it first
	people  map[string]profile // by identity in the target
	roles   map[string]int64   // digests, by type and name
	crowded map[string]int     // conversations of a user, by identity in the target
	limits  string             // of the first service
}

// profile is what a user looks like in the first service that has them.
type profile struct {
	service string
	digest  int64
	sid     string
}

func newMerging() *merging {
	empty := func() Collision { return Collision{Samples: []string{}} }
	return &merging{
		result: Merge{empty(), empty(), empty(), empty(), empty()},
		names:  map[string]string{}, people: map[string]profile{}, roles: map[string]int64{}, crowded: map[string]int{},
	}
}

func (m *merging) service(s chat.Service) {
	if m == nil {
		return
	}
	shown := func(n *int64, unset int64) int64 {
		if n == nil {
			return unset
		}
		return *n
	}
	limits := fmt.Sprint(shown(s.Limits.ChannelMembers, migrate.DefaultChannelMembers), shown(s.Limits.UserChannels, migrate.DefaultUserChannels))
	if m.limits == "" {
		m.limits = limits
	}
	if m.limits != limits {
		m.result.Limits.add(s.SID)
	}
}

func (m *merging) role(sid string, want conversations.Role) {
	if m == nil {
		return
	}
	key, digest := want.Type+"\x00"+want.FriendlyName, origin.DigestRole(want)
	before, there := m.roles[key]
	switch {
	case !there:
		m.roles[key] = digest
	case before != digest:
		m.result.Roles.add(sid)
	}
}

// user compares profiles: the name, the attributes by value, and the name of the role.
func (m *merging) user(serviceSID, sid string, want conversations.User, roles mapping.Roles, roleSID string) {
	if m == nil {
		return
	}
	want.RoleSID = roles[roleSID].Source.FriendlyName
	own := profile{serviceSID, origin.DigestUser(want), sid}
	m.mu.Lock()
	defer m.mu.Unlock()
	before, there := m.people[want.Identity]
	switch {
	case !there:
		m.people[want.Identity] = own
	case before.service != serviceSID && before.digest != own.digest:
		m.result.People.add(sid)
	}
}

func (m *merging) channel(serviceSID, sid, uniqueName string) {
	if m == nil || uniqueName == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	first, there := m.names[uniqueName]
	switch {
	case !there:
		m.names[uniqueName] = serviceSID
	case first != serviceSID:
		m.result.UniqueNames.add(sid)
	}
}

// joins counts one more conversation of somebody, by identity in the target.
func (m *merging) joins(identity string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.crowded[identity]++
}

func (m *merging) done() *Merge {
	if m == nil {
		return nil
	}
	for identity, n := range m.crowded {
		if n > migrate.MaxLimit {
			m.result.Crowded.add(m.people[identity].sid)
		}
	}
	return &m.result
}
