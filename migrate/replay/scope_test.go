package replay_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

func TestIntoAServiceThatIsThere(t *testing.T) {
	t.Run("puts its notifications off and gives them back, and leaves the rest of it alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			target := r.Target(&transport.Counter{})
			there, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "there before"})
			require.NoError(t, err)
			on := conversations.Notifications{NewMessage: conversations.Notification{Enabled: true, Template: "new"}}
			require.NoError(t, target.SetNotifications(t.Context(), there.SID, on))
			require.NoError(t, target.SetWebhooks(t.Context(), there.SID, conversations.Webhooks{PostWebhookURL: "https://example.com/live", Method: "POST"}))
			r.Settings.ToService = there.SID
			r.Killed(t, rig.Kill{Write: 20, After: true})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, there.SID, s.Services[0].TargetSID)
			cfg, err := target.Configuration(t.Context(), there.SID)
			require.NoError(t, err)
			require.True(t, cfg.Notifications.NewMessage.Enabled)
			require.Equal(t, "https://example.com/live", cfg.Webhooks.PostWebhookURL)
			stats := r.Emulator.Stats()
			require.Zero(t, stats.Pushes)
			require.Zero(t, stats.Webhooks)
		})
	})

	t.Run("refuses the source service itself", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Shared: true})
		r.Settings.ToService = rig.ScenarioService
		_, err := r.Migrate(t.Context())
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.NotEmpty(t, migrate.HintOf(err))
	})
}

func TestScope(t *testing.T) {
	run := func(t *testing.T, scope migrate.Scope) (audit.Audit, error) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(4).Archive()})
		counter := &transport.Counter{}
		src := migrate.Scoped(r.Source(counter), scope)
		if err := migrate.CheckScope(t.Context(), src, nil); err != nil {
			return audit.Audit{}, err
		}
		a := audit.Auditor{Source: src, Observer: r.Events, Settings: r.Settings}
		return a.Run(context.Background())
	}

	t.Run("selects channels and leaves channels out", func(t *testing.T) {
		got, err := run(t, migrate.Scope{Channels: []string{"CH000*"}, Exclude: []string{rig.SidOf("CH", 1)}})
		require.NoError(t, err)
		require.EqualValues(t, 3, got.Counts.Channels)
	})
	t.Run("selects messages by date, and members whole", func(t *testing.T) {
		got, err := run(t, migrate.Scope{Channels: []string{rig.SidOf("CH", 0)}, Since: rig.ScenarioStart.Add(30 * time.Second), Until: rig.ScenarioStart.Add(80 * time.Second)})
		require.NoError(t, err)
		require.EqualValues(t, 2, got.Counts.Messages)
		require.EqualValues(t, 2, got.Counts.Members)
	})
	t.Run("a filter that matches nothing is an error", func(t *testing.T) {
		for _, s := range []migrate.Scope{{Channels: []string{"no-such-*"}}, {Exclude: []string{"no-such"}}, {Type: "public"}} {
			_, err := run(t, s)
			require.Equal(t, migrate.Usage, migrate.KindOf(err), "%+v", s)
		}
	})
	t.Run("what cannot be read is an error", func(t *testing.T) {
		for _, s := range []migrate.Scope{{Channels: []string{"["}}, {Type: "open"}, {Since: rig.ScenarioStart, Until: rig.ScenarioStart}} {
			require.Equal(t, migrate.Usage, migrate.KindOf(s.Validate()), "%+v", s)
		}
	})
}

func TestNamesThatCollide(t *testing.T) {
	named := func() rig.Scenario {
		s := rig.ManyChannels(2)
		s.Channels[0].Unique, s.Channels[1].Unique = true, true
		return s
	}
	into := func(t *testing.T) *rig.Rig {
		r := rig.NewRig(t, emulator.Config{Archive: named().Archive()})
		target := r.Target(&transport.Counter{})
		there, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "there before"})
		require.NoError(t, err)
		_, err = target.AppendConversation(t.Context(), there.SID, conversations.Conversation{UniqueName: "channel-1"})
		require.NoError(t, err)
		r.Settings.ToService = there.SID
		return r
	}

	t.Run("are found by the audit", func(t *testing.T) {
		r := into(t)
		counter := &transport.Counter{}
		a := audit.Auditor{Source: r.Source(counter), Target: r.Target(counter), Observer: r.Events, Settings: r.Settings}
		got, err := a.Run(t.Context())
		require.NoError(t, err)
		i := slices.IndexFunc(got.Findings, func(f migrate.FindingCount) bool { return f.Code == mapping.UniqueNameTaken })
		require.GreaterOrEqual(t, i, 0)
		require.Equal(t, []string{rig.SidOf("CH", 1)}, got.Findings[i].Samples)
		require.Equal(t, mapping.Stop, got.Findings[i].Severity)
	})

	t.Run("stop their own channel, and a policy goes on without the name", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := into(t)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, rig.SidOf("CH", 1), s.Failures[0].SourceSID)
			r.Settings.Mapper.Policy = mapping.Policy{mapping.UniqueNameTaken: "drop"}
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}
