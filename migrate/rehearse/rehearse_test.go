package rehearse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

func TestRehearsal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStage(t, emulator.Config{Shared: true})
		got, left, err := s.run(t)
		require.NoError(t, left)
		require.NoError(t, err)
		for _, e := range got.Experiments {
			t.Logf("%-22s %-20s %s | %s (%d, %.0fs)", e.Name, e.Verdict, e.Seen, e.Follows, e.Requests, e.Duration)
			_ = migrate.AsAssumed
		}
		t.Log(got.Removed, got.Sound, got.Requests, got.Duration, got.WriteTimes)
		require.Empty(t, s.services(t))
		require.Empty(t, s.outside(got.ServiceSID))
	})
}
