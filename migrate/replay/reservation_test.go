package replay

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestReservations(t *testing.T) {
	t.Run("a conversation goes to one channel, and the error names both", func(t *testing.T) {
		r := newReservations()
		require.NoError(t, r.reserve("CHx", "CH1"))
		require.NoError(t, r.reserve("CHx", "CH1"), "a lane may ask again")
		require.Equal(t, migrate.TargetTaken("CH2", "CHx", "CH1"), r.reserve("CHx", "CH2"))
		require.NoError(t, r.reserve("CHy", "CH2"))
	})

	t.Run("lanes of one key take turns, those of others do not wait, and nothing of them is left", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newReservations()
			end, err := r.turn(t.Context(), "a")
			require.NoError(t, err)
			other, err := r.turn(t.Context(), "b")
			require.NoError(t, err)
			ctx, cancel := context.WithCancelCause(t.Context())
			told := errors.New("told to stop")
			went := make(chan error, 2)
			go func() {
				_, err := r.turn(ctx, "a")
				went <- err
			}()
			go func() {
				end, err := r.turn(t.Context(), "a")
				if err == nil {
					end()
				}
				went <- err
			}()
			synctest.Wait()
			require.Empty(t, went)
			cancel(told)
			require.ErrorIs(t, <-went, told)
			end()
			require.NoError(t, <-went)
			other()
			require.Empty(t, r.alike)
		})
	})
}
