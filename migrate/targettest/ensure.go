package targettest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// However often an Ensure is repeated, and whether or not its answers arrive,
// the state in the end is what was asked for, once.

func testEnsureUser(t *testing.T, r *room) {
	users := func() (all []conversations.User) {
		for _, u := range collect(t, r.Target.Users(r.ctx, r.service)) {
			if u.Identity == "eve/1" {
				all = append(all, u)
			}
		}
		return all
	}
	ask := conversations.User{Identity: "eve/1", FriendlyName: "Eve", Attributes: `{"a":1}`}
	r.Break(Lost)
	_, _, _ = r.Target.EnsureUser(r.ctx, r.service, ask) // may have seen what it did, or not
	r.Break(None)
	other := ask
	other.FriendlyName = "Eve B"
	for _, again := range []conversations.User{ask, other, ask} {
		u, change, err := r.Target.EnsureUser(r.ctx, r.service, again)
		require.NoError(t, err)
		require.Equal(t, migrate.Unchanged, change)
		require.Equal(t, users(), []conversations.User{u})
		require.Equal(t, "Eve", u.FriendlyName, "whoever is there is left as they are")
	}
	_, change, err := r.Target.EnsureUser(r.ctx, r.service, conversations.User{Identity: "mallory"})
	require.NoError(t, err)
	require.Equal(t, migrate.Created, change)
}

func testEnsureParticipant(t *testing.T, r *room) {
	require.NoError(t, r.Target.SetHorizon(r.ctx, r.service, r.sid, r.ann.SID, conversations.Horizon{LastReadMessageIndex: 0}))
	ask := conversations.Participant{Identity: r.ann.Identity, DateCreated: created, DateUpdated: updated.Add(time.Hour)}
	r.Break(Lost)
	_, _, _ = r.Target.EnsureParticipant(r.ctx, r.service, r.sid, ask, nil)
	r.Break(None)
	for range 2 {
		p, _, err := r.Target.EnsureParticipant(r.ctx, r.service, r.sid, ask, nil)
		require.NoError(t, err)
		require.Equal(t, r.ann.SID, p.SID)
		require.Equal(t, ask.DateUpdated, p.DateUpdated)
		require.NotNil(t, p.LastReadMessageIndex, "it does not touch the horizon")
		require.Zero(t, *p.LastReadMessageIndex)
	}
	_, change, err := r.Target.EnsureParticipant(r.ctx, r.service, r.sid, ask, nil)
	require.NoError(t, err)
	require.Equal(t, migrate.Unchanged, change)
	require.Len(t, collect(t, r.Target.Participants(r.ctx, r.service, r.sid)), 2)
}

func testEnsureCredential(t *testing.T, r *room) {
	phones := migrate.Credential{FriendlyName: "phones", Type: "fcm", Secret: "s"}
	made := map[string]bool{}
	for _, want := range []migrate.Change{migrate.Created, migrate.Unchanged, migrate.Unchanged} {
		c, change, err := r.Target.EnsureCredential(r.ctx, phones)
		require.NoError(t, err)
		require.Equal(t, want, change)
		made[c.SID] = true
	}
	require.Len(t, made, 1)
	other := migrate.Credential{FriendlyName: "tablets", Type: "fcm", Secret: "s"}
	r.Break(Lost)
	_, _, _ = r.Target.EnsureCredential(r.ctx, other)
	r.Break(None)
	_, change, err := r.Target.EnsureCredential(r.ctx, other)
	require.NoError(t, err)
	require.Equal(t, migrate.Unchanged, change)
}
