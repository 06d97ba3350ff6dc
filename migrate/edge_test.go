package migrate_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

// carryAll is a policy that stops at nothing.
func carryAll() mapping.Policy {
	p := mapping.Policy{}
	for _, r := range mapping.Codes() {
		for _, o := range r.Choices {
			if o.Severity != mapping.Stop {
				p[r.Code] = o.Choice
				break
			}
		}
	}
	return p
}

func TestEdgeCases(t *testing.T) {
	t.Run("every oddity stops its own channel or arrives as the mapping says", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, emulator.Config{Archive: workspace(t, "edge-cases")})
			s, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			c := s.Counts[migrate.KindChannels]
			require.Equal(t, c.Source, c.Written+c.Failed)
			require.Greater(t, c.Written, c.Failed)
			stopped := map[string]bool{}
			for _, f := range s.Failures {
				require.NotEmpty(t, f.Reason)
				stopped[f.SourceSID] = true
			}
			_, differences := r.verify(t.Context())
			for _, d := range differences {
				require.True(t, stopped[d.Channel] || stopped[d.SourceSID] || d.Kind == migrate.KindServices, "%+v", d)
			}
		})
	})

	t.Run("with a policy for each code nothing stops, and both sides are equal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, emulator.Config{Archive: workspace(t, "edge-cases")})
			r.settings.Mapper.Policy = carryAll()
			s, err := r.migrate(t.Context())
			require.NoError(t, err)
			for _, f := range s.Failures {
				t.Logf("%+v", f)
			}
			require.Equal(t, migrate.Complete, s.Status)
			_, differences := r.verify(t.Context())
			require.Empty(t, differences)
			again, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.Zero(t, again.Requests.Writes)
		})
	})

	t.Run("the audit finds each as often as the migration does, also where invited people are added", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, emulator.Config{Archive: workspace(t, "edge-cases")})
			r.settings.Mapper.Policy = carryAll()
			r.settings.Mapper.Policy[mapping.InviteLost] = "add"
			said := timesFound(r.audit(t, nil).Findings)
			s, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, timesFound(s.Findings), said)
		})
	})

	t.Run("a field that nobody knows is found by both, wherever it is", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := manyChannels(1).archive()
			channel := "services/" + scenarioService + "/channels/" + sidOf("CH", 0)
			for _, name := range []string{"services/" + scenarioService + "/users.jsonl", channel + "/members.jsonl", channel + "/messages.jsonl"} {
				in = withFile(t, in, name, func(s string) string { return strings.Replace(s, "{", `{"x_future":1,`, 1) })
			}
			r := newRig(t, emulator.Config{Archive: in})
			require.EqualValues(t, 3, timesFound(r.audit(t, nil).Findings)[mapping.UnknownField])
			s, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 3, timesFound(s.Findings)[mapping.UnknownField])
		})
	})
}

// timesFound is how often each code was found.
func timesFound(all []migrate.FindingCount) map[mapping.Code]int64 {
	by := map[mapping.Code]int64{}
	for _, f := range all {
		by[f.Code] = f.Count
	}
	return by
}
