package replay_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

const (
	saidQuiet = "push notifications are off until the service is done"
	saidHeld  = "webhooks, notifications and default roles of the service are set when all its channels are done"
)

var pushes = conversations.Notifications{
	LogEnabled: true, NewMessage: conversations.Notification{Enabled: true, Template: "new", Sound: "ping", BadgeCountEnabled: true},
	AddedToConversation: conversations.Notification{Enabled: true, Template: "added"},
}

func settingsOf(t *testing.T, r *rig.Rig, service string) conversations.Configuration {
	t.Helper()
	cfg, err := r.Target(&transport.Counter{}).Configuration(t.Context(), service)
	require.NoError(t, err)
	return cfg
}

// writesOf are the writes of a run, in their order.
func writesOf(c *calls) (names []string) {
	for _, one := range c.all() {
		if one.write() {
			names = append(names, strings.TrimPrefix(one.name, "target "))
		}
	}
	return names
}

func TestQuiet(t *testing.T) {
	t.Run("a service of others is put off before the first write into it, and gets back what it had after the last", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			r.Settings.ToService = r.Inhabit(t)
			require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), r.Settings.ToService, pushes))
			before := settingsOf(t, r, r.Settings.ToService)
			c := &calls{}
			c.before = func(one call) error {
				if one == (call{"target AppendConversation", 1}) {
					require.Equal(t, pushes.Muted(), settingsOf(t, r, r.Settings.ToService).Notifications)
					rec := serviceOf(t, r, rig.ScenarioService)
					require.Equal(t, migrate.Open, rec.Stage)
					var saved conversations.Notifications
					require.NoError(t, json.Unmarshal(rec.Saved, &saved))
					require.Equal(t, pushes, saved)
				}
				return nil
			}
			_, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			writes := writesOf(c)
			require.Equal(t, 2, c.times("target SetNotifications"))
			require.Equal(t, "SetNotifications", writes[len(writes)-1])
			require.Less(t, slices.Index(writes, "SetNotifications"), slices.Index(writes, "AppendConversation"))
			require.Equal(t, before, settingsOf(t, r, r.Settings.ToService))
			require.Equal(t, 1, said(r, saidQuiet))
			rec := serviceOf(t, r, rig.ScenarioService)
			require.Equal(t, migrate.Done, rec.Stage)
			require.Empty(t, rec.Saved)
			require.Zero(t, r.Emulator.Stats().Pushes)
		})
	})

	t.Run("what it had is noted once, though the run is cut off while it is off", func(t *testing.T) {
		for _, at := range []call{{"target SetNotifications", 1}, {"target AppendConversation", 1}, {"target AppendMessage", 2}, {"target SetNotifications", 2}} {
			for _, after := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					r := littleRig(t, little(t))
					r.Settings.ToService = r.Inhabit(t)
					require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), r.Settings.ToService, pushes))
					cutOff(t, r, at, after)
					carried(t, r, at)
					require.Equal(t, pushes, settingsOf(t, r, r.Settings.ToService).Notifications, "%v", at)
				})
			}
		}
	})

	t.Run("what cannot be read any more is not given back, and ends the run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			r.Settings.ToService = r.Inhabit(t)
			cutOff(t, r, call{"target AppendMessage", 2}, false)
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			rec, _, err := l.Service(t.Context(), rig.ScenarioService)
			require.NoError(t, err)
			rec.Saved = []byte("{")
			require.NoError(t, l.PutService(t.Context(), rec))
			require.NoError(t, l.Close())
			c := &calls{}
			_, err = c.run(t.Context(), t, r)
			require.ErrorContains(t, err, "decode saved notifications")
			require.Zero(t, c.times("target AppendMessage"))
		})
	})

	t.Run("one that is off already is left as it is", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			r.Settings.ToService = r.Inhabit(t)
			require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), r.Settings.ToService, pushes.Muted()))
			c := &calls{}
			_, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Zero(t, c.times("target SetNotifications"))
			require.Zero(t, said(r, saidQuiet))
			require.Equal(t, pushes.Muted(), settingsOf(t, r, r.Settings.ToService).Notifications)
		})
	})

	t.Run("a later run that writes gives back what people chose since, and one that writes nothing touches nothing", func(t *testing.T) {
		for _, ours := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				r := littleRig(t, little(t))
				if !ours {
					r.Settings.ToService = r.Inhabit(t)
				}
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				service := s.Services[0].TargetSID
				target := r.Target(&transport.Counter{})
				require.NoError(t, target.SetNotifications(t.Context(), service, pushes))
				require.NoError(t, target.SetWebhooks(t.Context(), service, conversations.Webhooks{PostWebhookURL: "https://example.com/theirs", Method: "POST"}))
				chosen := settingsOf(t, r, service)
				c := &calls{}
				_, err = c.run(t.Context(), t, r)
				require.NoError(t, err)
				require.Zero(t, c.times("target SetNotifications")+c.times("target Configuration"))
				_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(1), "four")
				require.NoError(t, err)
				c = &calls{}
				_, err = c.run(t.Context(), t, r)
				require.NoError(t, err)
				require.Equal(t, 2, c.times("target SetNotifications"))
				require.Equal(t, chosen, settingsOf(t, r, service))
				require.Zero(t, c.times("target SetWebhooks")+c.times("target SetRoleDefaults"))
				require.Zero(t, r.Emulator.Stats().Pushes)
				require.Empty(t, serviceOf(t, r, rig.ScenarioService).Saved)
			})
		}
	})

	t.Run("as long as a channel is not done all of it waits, and that is said", func(t *testing.T) {
		for _, ours := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
				if !ours {
					r.Settings.ToService = r.Inhabit(t)
				}
				c := &calls{before: func(one call) error {
					if one == (call{"target AppendMessage", 2}) {
						return refused("append message")
					}
					return nil
				}}
				s, err := c.run(t.Context(), t, r)
				require.NoError(t, err)
				require.Equal(t, migrate.Partial, s.Status)
				require.True(t, settingsOf(t, r, s.Services[0].TargetSID).Notifications.Off())
				require.Equal(t, 1, said(r, saidHeld))
				require.Equal(t, migrate.Open, serviceOf(t, r, rig.ScenarioService).Stage)
				s, err = r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				require.False(t, settingsOf(t, r, s.Services[0].TargetSID).Notifications.Off())
				require.Equal(t, migrate.Done, serviceOf(t, r, rig.ScenarioService).Stage)
			})
		}
	})

	t.Run("a service that was done stays as it is though a new channel is stopped, and nobody is told twice", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(1), "four")
			require.NoError(t, err)
			c := &calls{before: func(one call) error {
				if one.name == "source Members" {
					return refused("read members")
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Zero(t, c.times("target SetNotifications"))
			require.Zero(t, said(r, saidHeld))
			require.Equal(t, migrate.Done, serviceOf(t, r, rig.ScenarioService).Stage)
		})
	})
}
