package verify_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// deleting is a Source from which one message is deleted once it is told so.
type deleting struct {
	migrate.Source
	index int64
	gone  bool
}

func (d *deleting) Messages(ctx context.Context, serviceSID, channelSID string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		for m, err := range d.Source.Messages(ctx, serviceSID, channelSID, span) {
			if err == nil && d.gone && m.Index == d.index {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

func TestRepairOfWhatIsDeletedMeanwhile(t *testing.T) {
	t.Run("a message that is gone from the source keeps none after it from being appended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			for _, one := range m.Messages(t)[4:] {
				require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, one.SID))
			}
			m.RestoreDates(t)
			source := &deleting{Source: m.Source(&transport.Counter{}), index: indexOf(t, m, "five")}
			var all []verify.Repair
			r := verify.Repairer{
				Verifier: verify.Verifier{Source: source, Target: m.Target, Observer: m.Events, Settings: m.Settings},
				Write:    m.Target, Execute: true,
				Bring: func(ctx context.Context, tail migrate.Tail) error {
					source.gone = true
					return m.Bring(source, nil)(ctx, tail)
				},
			}
			got, err := r.Run(t.Context(), func(one verify.Repair) { all = append(all, one) })
			require.NoError(t, err)
			require.True(t, got.Equal, "%+v", all)
			bodies := []string{}
			for _, one := range m.Messages(t) {
				bodies = append(bodies, one.Body)
			}
			require.Equal(t, []string{"one", "two", "three", "four", "six"}, bodies)
		})
	})
}

func indexOf(t *testing.T, m *rig.Mutant, body string) int64 {
	t.Helper()
	for one, err := range m.Source(&transport.Counter{}).Messages(t.Context(), rig.ScenarioService, rig.SidOf("CH", 0), migrate.Span{After: migrate.All}) {
		require.NoError(t, err)
		if one.Body == body {
			return one.Index
		}
	}
	require.Fail(t, "no such message", body)
	return 0
}
