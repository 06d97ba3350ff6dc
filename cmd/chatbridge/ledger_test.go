package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

func TestStatusAfterKill(t *testing.T) {
	t.Parallel()
	t.Run("counts the messages that the ledger has, also those of channels that are not done", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, defaultLedger)
		k := &killer{ledger: path, posted: map[string]int{}}
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: k.intercept})
		message := step{"a message", appendMessage, smallMessages + 5}
		k.run(t, program(server, dir, "migrate", "--yes", "--aps", "0", "--concurrency", "1"), message, logged)

		shown := func() migrate.Counts {
			l, err := readLedger(t.Context(), path)
			require.NoError(t, err)
			defer l.Close()
			s, err := readStatus(t.Context(), l, path, time.Now())
			require.NoError(t, err)
			require.EqualValues(t, smallChannels*smallMessages, s.Services[0].Messages.Total)
			return migrate.Counts{Channels: s.Services[0].Channels.Done, Messages: s.Services[0].Messages.Done}
		}
		require.Equal(t, migrate.Counts{Channels: 1, Messages: smallMessages + 5}, shown())

		k.rest()
		resumes(t, server, dir)
		require.Equal(t, migrate.Counts{Channels: smallChannels, Messages: smallChannels * smallMessages}, shown())
	})
}
