package transport

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	write := func(t *testing.T, p *pace, c Call, n int) time.Duration {
		start := time.Now()
		for range n {
			_, err := p.RoundTrip(post(t.Context(), t, c))
			require.NoError(t, err)
		}
		return time.Since(start)
	}
	of := func(service, conversation string) Call {
		return Call{Class: Ensure, Service: service, Conversation: conversation}
	}

	t.Run("gives a conversation its writes a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(201, "")), 30).(*pace)
			took := write(t, p, of("IS1", "CH1"), 151)
			require.InDelta(t, 5, took.Seconds(), 0.01)
		})
	})
	t.Run("does not count one conversation against another, or against the service", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(201, "")), 1).(*pace)
			require.Zero(t, write(t, p, of("IS1", "CH1"), 1))
			require.Zero(t, write(t, p, of("IS1", "CH2"), 1))
			require.Zero(t, write(t, p, of("IS1", ""), 1))
			require.Zero(t, write(t, p, of("IS2", ""), 1))
			require.Equal(t, time.Second, write(t, p, of("IS1", ""), 1))
		})
	})
	t.Run("lets reads and writes without a limit pass", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(200, "")), 1).(*pace)
			start := time.Now()
			for range 10 {
				_, err := p.RoundTrip(get(t.Context(), t, of("IS1", "CH1")))
				require.NoError(t, err)
			}
			require.Zero(t, time.Since(start))
			require.Zero(t, write(t, p, Call{}, 10))
		})
	})
	t.Run("is off at zero", func(t *testing.T) {
		base := play(reply(200, ""))
		require.Same(t, base, Pace(base, 0))
	})
	t.Run("ends a wait with its caller, and nothing was sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base := play(reply(201, ""))
			p := Pace(base, 0.1).(*pace)
			write(t, p, of("IS1", "CH1"), 1)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := p.RoundTrip(post(ctx, t, of("IS1", "CH1")))
			require.ErrorIs(t, err, context.Canceled)
			require.False(t, Sent(err))
			require.Equal(t, 1, base.attempts())
		})
	})
	t.Run("forgets conversations that are finished, and none that is at work", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(201, "")), 1).(*pace)
			for i := range sweepAt {
				write(t, p, of("IS1", fmt.Sprintf("CH%d", i)), 1)
			}
			require.Len(t, p.buckets, sweepAt)
			time.Sleep(time.Minute)
			write(t, p, of("IS1", "CH1"), 1)
			write(t, p, of("IS1", "CHnew"), 1)
			require.Len(t, p.buckets, 2, "CH1 has used its token and must not get another at once")
		})
	})
}
