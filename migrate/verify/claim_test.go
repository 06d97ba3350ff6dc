package verify_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// rival is another run that has claimed the service.
func rival(t *testing.T, m *rig.Mutant) *claim.Claims {
	t.Helper()
	c := claim.New(claim.Options{Target: m.Target, Verb: "migrate", Settle: m.Settings.Settle, Observer: m.Events})
	require.NoError(t, c.Take(t.Context(), m.Service, rig.ScenarioService, nil))
	return c
}

const atWork = "another run is active in the service: what is missing may be on its way"

func TestVerifyBesideARun(t *testing.T) {
	t.Run("says so, waits for nobody, and does not count the claim", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			other := rival(t, m)
			defer other.Release(t.Context())
			began := time.Now()
			v, differences := m.Verify(t.Context())
			require.Empty(t, differences)
			require.True(t, v.Equal)
			require.Zero(t, time.Since(began))
			require.Contains(t, m.Events.Messages(), atWork)
		})
	})
	t.Run("says nothing of one that is dead or over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			_, _ = m.Verify(t.Context())
			require.NotContains(t, m.Events.Messages(), atWork)
			_, err := m.Target.AppendConversation(t.Context(), m.Service, conversations.Conversation{UniqueName: migrate.ClaimName, Attributes: `{"chatbridge_claim":{"run":"dead"},"chatbridge":{"sid":"` + rig.SidOf("CH", 99) + `","service_sid":"` + rig.ScenarioService + `"}}`})
			require.NoError(t, err)
			time.Sleep(time.Minute)
			_, differences := m.Verify(t.Context())
			require.Empty(t, differences)
			require.NotContains(t, m.Events.Messages(), atWork)
		})
	})
}

func TestRepairBesideARun(t *testing.T) {
	damaged := func(t *testing.T) *rig.Mutant {
		m := rig.Migrated(t, rig.WholeScenario())
		all := m.Messages(t)
		require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, all[len(all)-1].SID))
		m.RestoreDates(t)
		return m
	}
	run := func(t *testing.T, m *rig.Mutant, execute bool, target migrate.Target) error {
		r := verify.Repairer{
			Verifier: verify.Verifier{Source: m.Source(&transport.Counter{}), Target: target, Observer: m.Events, Settings: m.Settings},
			Write:    target, Bring: m.Bring(m.Source(&transport.Counter{}), nil), Execute: execute,
		}
		_, err := r.Run(t.Context(), func(verify.Repair) {})
		return err
	}
	t.Run("writes nothing, and names the run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := damaged(t)
			other := rival(t, m)
			defer other.Release(t.Context())
			err := run(t, m, true, m.Target)
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			require.ErrorContains(t, err, "another run writes into it: chatbridge migrate")
			require.Len(t, m.Messages(t), 5)
			require.NoError(t, run(t, m, false, m.Target), "what only lists needs no claim")
		})
	})
	t.Run("ends when its claim is taken from it, and writes nothing more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := damaged(t)
			err := run(t, m, true, &evicted{Target: m.Target, in: m.Service, read: 2})
			require.Equal(t, migrate.Conflict, migrate.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "took over the claim")
			require.Len(t, m.Messages(t), 5)
		})
	})
	t.Run("gives back the notifications that a run before left off, and leaves no claim", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := damaged(t)
			m.Settings.ToService = m.Service // which keeps its own configuration
			require.NoError(t, m.Target.SetNotifications(t.Context(), m.Service, conversations.Notifications{}))
			_, err := m.Target.AppendConversation(t.Context(), m.Service, conversations.Conversation{
				UniqueName: migrate.ClaimName, Attributes: `{"chatbridge_claim":{"counter":7,"notifications":{"new_message":{"enabled":true}}}}`,
			})
			require.NoError(t, err)
			require.NoError(t, run(t, m, true, m.Target))
			require.Len(t, m.Messages(t), 6)
			cfg, err := m.Target.Configuration(t.Context(), m.Service)
			require.NoError(t, err)
			require.True(t, cfg.Notifications.NewMessage.Enabled)
			_, err = m.Target.Conversation(t.Context(), m.Service, migrate.ClaimName)
			require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		})
	})
}

// evicted is a target that deletes the claim under its holder, when messages are
// read for the nth time, and lets time pass until a renewal finds out.
type evicted struct {
	migrate.Target
	in    string
	read  int
	reads int
}

func (e *evicted) Messages(ctx context.Context, service, conversation string, newestFirst bool) iter.Seq2[conversations.Message, error] {
	if e.reads++; e.reads == e.read {
		if c, err := e.Target.Conversation(ctx, e.in, migrate.ClaimName); err == nil {
			_ = e.Target.DeleteConversation(ctx, e.in, c.SID)
		}
		time.Sleep(11 * time.Second)
	}
	return e.Target.Messages(ctx, service, conversation, newestFirst)
}
