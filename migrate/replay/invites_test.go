package replay_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/transport"
)

func TestInvites(t *testing.T) {
	t.Run("that are left are counted, and their people are not added", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			r.Settings.Mapper.Policy[mapping.InviteLost] = ""
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, migrate.KindCount{Source: 1, LeftOut: 1}, s.Counts[migrate.KindInvites])
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.InviteLost])
			n := 0
			for _, err := range r.Target(&transport.Counter{}).Participants(t.Context(), s.Services[0].TargetSID, channelOf(t, r, 0).TargetSID) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, 2, n)
		})
	})
	t.Run("bring their people where a policy says so, once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 1, Written: 1}, s.Counts[migrate.KindInvites])
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 1, Existing: 1}, s.Counts[migrate.KindInvites])
			require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
		})
	})
	t.Run("of a member change nothing about them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, rig.WithFile(t, little(t), archive.InvitesPath(rig.ScenarioService, rig.SidOf("CH", 0)), func(text string) string {
				return strings.Replace(text, `"identity":"user2@example.com"`, `"identity":"`+rig.IdentityOf(0)+`"`, 1)
			}))
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, migrate.KindCount{Source: 1, Existing: 1}, s.Counts[migrate.KindInvites])
			v, differences := r.VerifyKnowing(t.Context())
			require.True(t, v.Equal, "%+v", differences)
			require.Empty(t, differences)
		})
	})
	t.Run("of a member who is left out as dormant bring them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, rig.WithFile(t, little(t), archive.InvitesPath(rig.ScenarioService, rig.SidOf("CH", 0)), func(text string) string {
				return strings.Replace(text, `"identity":"user2@example.com"`, `"identity":"`+rig.IdentityOf(0)+`"`, 1)
			}))
			s, err := r.Migrate(t.Context(), func(m *replay.Migration) {
				m.Source = migrate.Scoped(m.Source, migrate.Scope{ActiveSince: rig.ScenarioStart.AddDate(1, 0, 0)})
			})
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 1, Written: 1}, s.Counts[migrate.KindInvites])
		})
	})
	t.Run("that Chat changed since win over what somebody changed, under the ledger that brought them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, before, _ := invitedAndChanged(t)
			s := m.PassFrom(t, rig.WithFile(t, little(t), archive.InvitesPath(rig.ScenarioService, rig.SidOf("CH", 0)), func(text string) string {
				return strings.Replace(text, `"date_updated":"1999`, `"date_updated":"2009`, 1)
			}))
			require.Zero(t, rig.TimesFound(s.ThisRun)[mapping.MemberWasThere])
			all := m.Participants(t)
			require.Equal(t, before.RoleSID, all[len(all)-1].RoleSID)
		})
	})
	t.Run("whose people somebody changed since are left so, also to a verification, until another policy decides", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, before, after := invitedAndChanged(t)
			m.Ledger += ".new"
			_, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.Contains(t, m.Participants(t), after)
			v, differences := m.VerifyKnowing(t.Context())
			require.True(t, v.Equal, "%+v", differences)

			m.Settings.Mapper.Policy[mapping.MemberWasThere] = "replace"
			s, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Contains(t, m.Participants(t), before)
		})
	})
}

// invitedAndChanged is somebody who was invited, and whom somebody gave another role
// in the target.
func invitedAndChanged(t *testing.T) (m *rig.Mutant, before, after conversations.Participant) {
	t.Helper()
	m = littleRig(t, little(t)).Migrated(t)
	m.Conversation = channelOf(t, m.Rig, 0).TargetSID
	all := m.Participants(t)
	before = all[len(all)-1]
	changed := before
	changed.RoleSID = all[1].RoleSID
	require.NotEqual(t, before.RoleSID, changed.RoleSID)
	changed.DateUpdated = before.DateUpdated.AddDate(20, 0, 0)
	after, _, err := m.Target.EnsureParticipant(t.Context(), m.Service, m.Conversation, changed, nil)
	require.NoError(t, err)
	return m, before, after
}
