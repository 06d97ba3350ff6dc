package replay_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
)

// TestMissingUsers holds what becomes of members whom the source has no user for.
func TestMissingUsers(t *testing.T) {
	t.Run("are made from their identity, and noted as ours once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := withUsers(t, little(t), func(lines []string) []string { return lines[:1] })
			r := littleRig(t, in)
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, 3, c.times("target EnsureUser"))
			require.Equal(t, migrate.KindCount{Source: 1, Written: 1}, s.Counts[migrate.KindUsers])
			require.EqualValues(t, 2, rig.TimesFound(s.ThisRun)[mapping.UserMissing])
			there := usersIn(t, r, s.Services[0].TargetSID)
			sid := there[rig.IdentityOf(1)]
			require.NotEmpty(t, sid)
			want := migrate.EntityRecord{Kind: migrate.UserEntity, SourceSID: sid, TargetSID: sid, ParentSID: rig.ScenarioService}
			rec, known := entityOf(t, r, migrate.UserEntity, sid)
			require.True(t, known)
			require.NotZero(t, rec.Digest)
			want.Digest = rec.Digest
			require.Equal(t, want, rec)
			// The ledger forgets that they are in the conversation, so that they are
			// brought once more and found there.
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			require.NoError(t, l.ForgetEntity(t.Context(), migrate.MemberEntity, rig.SidOf("MB", 1)))
			require.NoError(t, l.Close())
			c = &calls{}
			_, err = c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, 1, c.times("target EnsureUser"))
			rec, known = entityOf(t, r, migrate.UserEntity, sid)
			require.True(t, known)
			require.Equal(t, want, rec)
		})
	})

	t.Run("are made once for all lanes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := withUsers(t, rig.ManyChannels(3).Archive(), func([]string) []string { return nil })
			r := rig.NewRig(t, emulator.Config{Archive: in})
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, 2, c.times("target EnsureUser"))
		})
	})

	t.Run("whom the target has stay theirs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := withUsers(t, little(t), func(lines []string) []string { return lines[:1] })
			in = rig.WithFile(t, in, archive.MembersPath(rig.ScenarioService, rig.SidOf("CH", 0)), func(s string) string {
				return strings.ReplaceAll(s, rig.IdentityOf(1), "stranger")
			})
			r := littleRig(t, in)
			r.Settings.ToService = r.Inhabit(t)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			rec, known := entityOf(t, r, migrate.UserEntity, usersIn(t, r, r.Settings.ToService)["stranger"])
			require.True(t, known)
			require.True(t, rec.Existing)
		})
	})
}
