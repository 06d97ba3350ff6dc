package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestAnnouncer(t *testing.T) {
	throttled := migrate.Wait{Cause: migrate.Throttling, Host: "conversations", Status: 429, Channels: 12, Seconds: 3}
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	// said are the seconds at which something is said of waits that last as long.
	said := func(a *announcer, from, to int, waits ...migrate.Wait) (seconds []int) {
		for s := from; s <= to; s++ {
			if len(a.due(waits, began.Add(time.Duration(s)*time.Second))) > 0 {
				seconds = append(seconds, s)
			}
		}
		return seconds
	}
	t.Run("a wait is said at once, and then ever more seldom", func(t *testing.T) {
		require.Equal(t, []int{0, 10, 30, 70, 150, 310, 610, 910}, said(&announcer{}, 0, 1000, throttled))
	})
	t.Run("one that comes and goes is one, whoever waits; after a while it is a new one", func(t *testing.T) {
		a := &announcer{}
		require.Equal(t, []int{0}, said(a, 0, 3, throttled))
		other := throttled
		other.Channels, other.Seconds = 3, 2
		require.Empty(t, said(a, 8, 9, other))
		require.Empty(t, said(a, 10, 19))
		require.Equal(t, []int{30}, said(a, 30, 31, other))
	})
	t.Run("another cause, or host, is said by itself", func(t *testing.T) {
		a := &announcer{}
		silent := migrate.Wait{Cause: migrate.Silent, Host: "chat", Others: 1, Seconds: 2}
		elsewhere := throttled
		elsewhere.Host = "chat"
		require.Equal(t, []migrate.Wait{throttled}, a.due([]migrate.Wait{throttled}, began))
		require.Equal(t, []migrate.Wait{silent, elsewhere}, a.due([]migrate.Wait{throttled, silent, elsewhere}, began.Add(time.Second)))
	})
	t.Run("who waits for a neighbour is not said beside what the neighbour waits for", func(t *testing.T) {
		turn := migrate.Wait{Cause: migrate.InTurn, Channels: 11, Seconds: 9}
		require.Equal(t, []migrate.Wait{throttled}, (&announcer{}).due([]migrate.Wait{turn, throttled}, began))
		require.Equal(t, []migrate.Wait{turn}, (&announcer{}).due([]migrate.Wait{turn}, began))
	})
}
