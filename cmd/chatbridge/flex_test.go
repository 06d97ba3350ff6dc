package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/twilio"
)

func TestFlexReads(t *testing.T) {
	for api, most := range map[string]int64{"v1": 11, "v2": 1} {
		t.Run("a look for signs of Flex takes few requests, however many channels there are: "+api, func(t *testing.T) {
			server := newTestServer(t, emulator.Config{Generate: emulator.Generate{Channels: 2500, Seed: 1}})
			src, err := twilio.NewSource(twilio.Config{
				BaseURL: server.ChatURL, API: api,
				Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
			})
			require.NoError(t, err)
			for s, err := range src.Services(t.Context()) {
				require.NoError(t, err)
				before := server.Stats().Chat.Reads
				signs, err := flexSigns(t.Context(), src, s)
				require.NoError(t, err)
				require.Equal(t, mapping.Flex{}, signs)
				require.LessOrEqual(t, server.Stats().Chat.Reads-before, most)
			}
		})
	}
}
