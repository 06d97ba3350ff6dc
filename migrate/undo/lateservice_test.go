package undo_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
)

func TestUndoOfALateService(t *testing.T) {
	target := func(t *testing.T, r *rig.Rig) migrate.Target { return r.Target(&transport.Counter{}) }
	for name, use := range map[string]func(t *testing.T, r *rig.Rig, sid string){
		"nothing is in it; if nobody needs it, delete it in the Twilio Console": func(*testing.T, *rig.Rig, string) {},
		"conversation CH[0-9a-f]{32} is in it": func(t *testing.T, r *rig.Rig, sid string) {
			_, err := target(t, r).AppendConversation(t.Context(), sid, conversations.Conversation{FriendlyName: "ours"})
			require.NoError(t, err)
		},
		"user US[0-9a-f]{32} is in it": func(t *testing.T, r *rig.Rig, sid string) {
			_, _, err := target(t, r).EnsureUser(t.Context(), sid, conversations.User{Identity: "somebody"})
			require.NoError(t, err)
		},
		"role RL[0-9a-f]{32} is in it, which somebody added": func(t *testing.T, r *rig.Rig, sid string) {
			time.Sleep(time.Hour)
			_, err := target(t, r).AppendRole(t.Context(), sid, conversations.Role{FriendlyName: "theirs", Type: conversations.ServiceRole, Permissions: []string{"createConversation"}})
			require.NoError(t, err)
		},
		"somebody has set it up": func(t *testing.T, r *rig.Rig, sid string) {
			require.NoError(t, target(t, r).SetWebhooks(t.Context(), sid, conversations.Webhooks{PostWebhookURL: "https://example.com/hook", Method: "POST", Filters: []string{"onMessageAdded"}}))
		},
		"somebody else may have too, because there are 2 of that name": func(t *testing.T, r *rig.Rig, _ string) {
			_, err := target(t, r).AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
			require.NoError(t, err)
		},
	} {
		t.Run("is named and stays: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lost := &rig.LostService{}
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: lost.Intercept})
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				lost.Land()
				late := r.ServicesThere(t)[0]
				if late == s.Services[0].TargetSID {
					late = r.ServicesThere(t)[1]
				}
				use(t, r, late)
				removed := func(execute bool) (of []undo.Removal) {
					_, all, err := r.Undo(t.Context(), execute)
					require.NoError(t, err)
					for _, one := range all {
						if one.Kind == migrate.KindServices && one.TargetSID == late {
							of = append(of, one)
						}
					}
					require.Len(t, of, 1)
					return of
				}
				there := r.ServicesThere(t)
				require.False(t, removed(false)[0].Done)
				require.Equal(t, there, r.ServicesThere(t))
				one := removed(true)[0]
				require.Equal(t, undo.Keep, one.Fate)
				require.Regexp(t, name, one.Reason)
				require.Contains(t, r.ServicesThere(t), late)
				require.NotContains(t, r.ServicesThere(t), s.Services[0].TargetSID)
			})
		})
	}
}
