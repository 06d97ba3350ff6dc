package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/transport"
)

func TestWidth(t *testing.T) {
	for name, c := range map[string]struct {
		options  widthOptions
		channels int
		inFlight transport.InFlight
	}{
		"auto leaves half to others": {widthOptions{}, 64, transport.InFlight{Start: 24, Most: 50, Share: true}},
		"full speed leaves nothing":  {widthOptions{FullSpeed: true}, 256, transport.InFlight{Start: 24, Most: 512}},
		"a number is what it says":   {widthOptions{Concurrency: 3}, 3, transport.InFlight{Most: 6}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.options.check())
			require.Equal(t, c.channels, c.options.channels())
			require.Equal(t, c.inFlight, c.options.inFlight())
		})
	}
	both := widthOptions{Concurrency: 3, FullSpeed: true}
	require.ErrorContains(t, both.check(), "--full-speed and --concurrency 3 say different things")

	var c channelsAtOnce
	for _, s := range []string{"1", "1000", "auto", "16"} {
		require.NoError(t, c.Set(s))
		require.Equal(t, s, c.String())
	}
	for _, s := range []string{"0", "-1", "1001", "", "many", "1.5"} {
		require.Error(t, c.Set(s), s)
	}
	require.Equal(t, "16", c.String(), "what is refused changes nothing")
}
