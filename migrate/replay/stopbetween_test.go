package replay_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/replay"
)

// TestToldToStopBetweenCreates holds that what a create that met another write
// left undone stays so, if the run was told to stop meanwhile.
func TestToldToStopBetweenCreates(t *testing.T) {
	for _, name := range []string{"target AppendService", "target AppendRole", "target AppendConversation"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := littleRig(t, little(t))
				drain := make(chan struct{})
				var stop sync.Once
				c := &calls{}
				c.before = func(one call) error {
					if one.name == name {
						return &migrate.Error{Op: "create", Kind: migrate.Contended, Err: errors.New("somebody else is writing")}
					}
					if side(one) == "target" && !one.write() && c.times(name) == 1 {
						stop.Do(func() { close(drain) })
					}
					return nil
				}
				_, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Drain = drain })
				require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
				require.Equal(t, 1, c.times(name))
				carried(t, r, name)
			})
		})
	}
}
