package migrate_test

import (
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
}
