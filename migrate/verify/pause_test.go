package verify_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

// While a repair is paused it writes nothing, and what it brings back it saw after
// the pause: people may have written meanwhile.
func TestPausedRepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := rig.Migrated(t, rig.WholeScenario())
		ctx := t.Context()
		whole := m.Messages(t)
		changed := whole[1]
		changed.Body = "changed"
		require.NoError(t, m.Target.SetMessage(ctx, m.Service, m.Conversation, changed))
		user := m.User(t, rig.IdentityOf(0))
		_, err := m.Target.SetUser(ctx, m.Service, conversations.User{SID: user.SID, FriendlyName: "changed", Attributes: user.Attributes})
		require.NoError(t, err)

		p, meanwhile, failed := &migrate.Pause{}, make(chan string, 1), make(chan error, 1)
		began := time.Now()
		got, all := m.RepairWith(migrate.WithPause(ctx, p), t, true, func(one verify.Repair) {
			if one.Kind != migrate.KindUsers {
				return
			}
			p.Set("of the test")
			go func() {
				time.Sleep(time.Hour)
				there, err := m.Target.Message(ctx, m.Service, m.Conversation, whole[1].SID)
				meanwhile <- there.Body
				failed <- errors.Join(err, m.Target.SetMessage(ctx, m.Service, m.Conversation, whole[1]))
				p.Set("")
			}()
		})
		require.NoError(t, <-failed)
		require.Equal(t, "changed", <-meanwhile, "nothing was written yet")
		require.GreaterOrEqual(t, time.Since(began), time.Hour)
		require.True(t, got.Equal, "%+v", all)
		for _, one := range all {
			require.NotEqual(t, whole[1].SID, one.TargetSID, "it was equal when the pause was over: %+v", one)
		}
		require.Equal(t, user.FriendlyName, m.User(t, rig.IdentityOf(0)).FriendlyName)
	})
}
