package verify_test

import (
	"context"
	"iter"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// appends counts messages that are appended.
func appends(x *emulator.Exchange) bool {
	return x.Method == http.MethodPost && len(x.Path) == 6 && x.Path[5] == "Messages"
}

// bodies of the one conversation.
func bodies(t *testing.T, m *rig.Mutant) (all []string) {
	t.Helper()
	for _, one := range m.Messages(t) {
		all = append(all, one.Body)
	}
	return all
}

// withoutTail lacks the last three of six messages.
func withoutTail(t *testing.T, m *rig.Mutant) {
	t.Helper()
	for _, one := range m.Messages(t)[3:] {
		require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, one.SID))
	}
	m.RestoreDates(t)
}

var whole = []string{"one", "two", "three", "four", "five", "six"}

func TestRepairOfAnEnd(t *testing.T) {
	run := func(t *testing.T, m *rig.Mutant, ledger bool, target migrate.Target) (verify.Repairs, []verify.Repair) {
		t.Helper()
		source := m.Source(&transport.Counter{})
		r := verify.Repairer{
			Verifier: verify.Verifier{Source: source, Target: target, Observer: m.Events, Settings: m.Settings},
			Write:    target, Execute: true, Bring: m.Bring(source, nil),
		}
		if ledger {
			l := openLedger(t, m)
			defer func() { require.NoError(t, l.Close()) }()
			r.Ledger, r.Record, r.Bring = l, l, m.Bring(source, l)
		}
		var all []verify.Repair
		got, err := r.Run(t.Context(), func(one verify.Repair) { all = append(all, one) })
		require.NoError(t, err)
		return got, all
	}
	for name, ledger := range map[string]bool{"with its ledger": true, "without a ledger": false} {
		t.Run("stops at a message that is refused, "+name+", and leaves no hole", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, wire := wired(t, rig.WholeScenario())
				withoutTail(t, m)
				wire.Arm(rig.Trip{At: 2, Count: appends, Reply: emulator.Refusal(http.StatusBadRequest, 20001, "not this one"), Outage: true})
				got, all := run(t, m, ledger, m.Target)
				wire.Disarm()
				require.False(t, got.Equal)
				require.Equal(t, whole[:4], bodies(t, m))
				require.Less(t, got.Done, got.Possible)
				require.NotEmpty(t, all)

				got, _ = run(t, m, ledger, m.Target)
				require.True(t, got.Equal)
				require.Equal(t, whole, bodies(t, m))
			})
		})
		t.Run("takes a message that landed without an answer for that message, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, wire := wired(t, rig.WholeScenario())
				withoutTail(t, m)
				wire.Arm(rig.Trip{At: 1, Count: appends, Reply: rig.Failing(), After: true})
				got, _ := run(t, m, ledger, m.Target)
				wire.Disarm()
				require.True(t, got.Equal)
				require.Equal(t, whole, bodies(t, m))
			})
		})
	}
	t.Run("does not believe a list that lacks what its SID shows", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, _ := wired(t, rig.WholeScenario())
			got, all := run(t, m, true, blind{m.Target})
			require.False(t, got.Equal)
			require.Zero(t, got.Done)
			require.Contains(t, all[0].Reason, "the list of messages does not show it")
			require.Equal(t, whole, bodies(t, m))
		})
	})
}

// blind lists the first three messages of every conversation.
type blind struct{ migrate.Target }

func (b blind) Messages(ctx context.Context, service, conversation string, newestFirst bool) iter.Seq2[conversations.Message, error] {
	return func(yield func(conversations.Message, error) bool) {
		for m, err := range b.Target.Messages(ctx, service, conversation, newestFirst) {
			if err == nil && m.Index > 2 {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}
