package verify_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/twilio"
)

// A message that was deleted took its file along, or keeps it: nobody documents
// which. What is brought back has one of its own.
func TestRepairOfAnEndWithAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := rig.WholeScenario()
		last := len(plan.Channels[0].Messages) - 1
		plan.Channels[0].Messages[last].File = 3000
		used := map[string]bool{}
		r := rig.NewRig(t, emulator.Config{
			Archive: plan.Archive(),
			Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if file := x.Form.Get("MediaSid"); appends(x) && x.Host == emulator.ConversationsHost && file != "" {
					if used[file] {
						emulator.Refusal(http.StatusBadRequest, 50508, "already sent").WriteTo(w)
						return
					}
					used[file] = true
				}
				commit().WriteTo(w)
			},
		})
		r.API = twilio.APIv2
		m := r.Migrated(t)
		all := m.Messages(t)
		require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, all[len(all)-1].SID))
		m.RestoreDates(t)
		got, _ := m.Repair(t, true)
		require.True(t, got.Equal)
		require.Len(t, used, 2)
		require.Len(t, m.Messages(t), len(all))
	})
}

// What is attached cannot be changed, so a repair does not say that it can be.
func TestRepairOfAnotherFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := rig.WholeScenario()
		plan.Channels[0].Messages[1].File = 3000
		r := rig.NewRig(t, emulator.Config{Archive: plan.Archive()})
		r.API = twilio.APIv2
		m := r.Migrated(t)
		m.Settings.Mapper.Policy = mapping.Policy{mapping.Media: "placeholder"}
		got, all := m.Repair(t, false)
		require.False(t, got.Equal)
		require.Zero(t, got.Possible)
		require.Len(t, all, 1)
		require.Equal(t, "media", all[0].Field)
		require.False(t, all[0].Possible)
	})
}
