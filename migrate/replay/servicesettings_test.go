package replay_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/internal/rig"
)

func TestServiceSettings(t *testing.T) {
	t.Run("a service of ours gets what the source says when all is done, and nothing twice", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			service := s.Services[0].TargetSID
			cfg := settingsOf(t, r, service)
			require.True(t, cfg.Notifications.NewMessage.Enabled)
			require.Equal(t, "https://example.com/hook", cfg.Webhooks.PostWebhookURL)
			roles := rolesIn(t, r, service)
			require.Equal(t, roles[conversations.ServiceRole+" Service User"][0].SID, cfg.DefaultChatServiceRoleSID)
			require.Equal(t, roles[conversations.ConversationRole+" Channel User"][0].SID, cfg.DefaultConversationRoleSID)
			for _, name := range []string{"SetNotifications", "SetWebhooks", "SetRoleDefaults"} {
				require.LessOrEqual(t, c.times("target "+name), 1, name)
			}
			require.Zero(t, said(r, saidHeld))
		})
	})

	t.Run("a service of ours that says little is given no more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := rig.WithFile(t, little(t), archive.ServicePath(rig.ScenarioService), func(s string) string {
				return `{"sid":"` + rig.ScenarioService + `","account_sid":"AC00000000000000000000000000000001","friendly_name":"scenario"}`
			})
			r := littleRig(t, in)
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Zero(t, c.times("target SetWebhooks"))
			require.Zero(t, c.times("target SetNotifications"), "a new one has none either")
			require.True(t, settingsOf(t, r, s.Services[0].TargetSID).Webhooks.Off())
		})
	})

	t.Run("default roles and reachability are set where one of them differs, and only there", func(t *testing.T) {
		for change, times := range map[string]int{
			"": 0, `"default_service_role_sid":"` + rig.SidOf("RL", 10) + `"`: 1, `"default_channel_role_sid":"` + rig.SidOf("RL", 11) + `"`: 1,
			`"default_channel_creator_role_sid":"` + rig.SidOf("RL", 11) + `"`: 1, `"reachability_enabled":true`: 1,
		} {
			synctest.Test(t, func(t *testing.T) {
				in := withRoles(t, roleLine(10, "deployment", "Other", "joinChannel"), roleLine(11, "channel", "Other", "sendMessage"), roleLine(12, "channel", "channel admin", "sendMessage"))
				in = rig.WithFile(t, in, archive.RolesPath(rig.ScenarioService), strings.NewReplacer("Service User", "service user", "Channel User", "channel user").Replace)
				in = rig.WithFile(t, in, archive.ServicePath(rig.ScenarioService), func(s string) string {
					var service map[string]any
					require.NoError(t, json.Unmarshal([]byte(s), &service))
					service["default_channel_creator_role_sid"] = rig.SidOf("RL", 12)
					require.NoError(t, json.Unmarshal([]byte("{"+change+"}"), &service))
					raw, err := json.Marshal(service)
					require.NoError(t, err)
					return string(raw)
				})
				r := littleRig(t, in)
				c := &calls{}
				s, err := c.run(t.Context(), t, r)
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				require.Equal(t, times, c.times("target SetRoleDefaults"), change)
				_, differences := r.Verify(t.Context())
				require.Empty(t, differences)
			})
		}
	})

	t.Run("two services into two of their own each get their own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, nil)
			s := r.Once(t, twoServices(t))
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Len(t, s.Services, 2)
			for _, one := range s.Services {
				require.True(t, settingsOf(t, r, one.TargetSID).Notifications.NewMessage.Enabled)
				require.Equal(t, migrate.Done, serviceOf(t, r, one.SourceSID).Stage)
			}
		})
	})
}
