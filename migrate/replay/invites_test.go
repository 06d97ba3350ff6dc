package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
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
}
