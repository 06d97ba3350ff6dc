package rig

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/transport"
)

// InUse is a service in use that a migration goes into: a role and a person that
// the source has too are in it, and otherwise.
func InUse(t *testing.T, c emulator.Config) *Mutant {
	t.Helper()
	if c.Archive == nil {
		c.Archive = ManyChannels(2).Archive()
	}
	r := NewRig(t, c)
	m := In(r, r.Inhabit(t))
	r.Settings.ToService = m.Service
	_, err := m.Target.AppendRole(t.Context(), m.Service, conversations.Role{FriendlyName: "Reader", Type: conversations.ConversationRole, Permissions: []string{"sendMessage", "leaveConversation"}})
	require.NoError(t, err)
	_, _, err = m.Target.EnsureUser(t.Context(), m.Service, conversations.User{Identity: IdentityOf(0), FriendlyName: "Theirs", Attributes: `{"theirs":1}`})
	require.NoError(t, err)
	return m
}

// In is what a test may do in a service of the target.
func In(r *Rig, serviceSID string) *Mutant {
	return &Mutant{Rig: r, Target: r.Target(&transport.Counter{}), Service: serviceSID}
}

// User is the one of that identity.
func (m *Mutant) User(t *testing.T, identity string) conversations.User {
	t.Helper()
	for u, err := range m.Target.Users(t.Context(), m.Service) {
		require.NoError(t, err)
		if u.Identity == identity {
			return u
		}
	}
	require.Fail(t, "no such user", identity)
	return conversations.User{}
}

// RolesNamed are those of that name, in the order of the list.
func (m *Mutant) RolesNamed(t *testing.T, name string) (all []conversations.Role) {
	t.Helper()
	for r, err := range m.Target.Roles(t.Context(), m.Service) {
		require.NoError(t, err)
		if r.FriendlyName == name {
			all = append(all, r)
		}
	}
	return all
}

// ConversationsIn are those that bear a stamp, by SID: to the channel it names.
func (m *Mutant) ConversationsIn(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for c, err := range m.Target.Conversations(t.Context(), m.Service) {
		require.NoError(t, err)
		if stamp, ours := mapping.ReadStamp(c.Attributes); ours {
			all[c.SID] = stamp.SID
		}
	}
	return all
}
