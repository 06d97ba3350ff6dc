package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
)

func TestExportInterrupted(t *testing.T) {
	for _, name := range []string{"desk", "desk.zip"} {
		t.Run("ends with 130 at a signal, and running it again goes on: "+name, func(t *testing.T) {
			var sc screen
			var reads atomic.Int64
			server := sampleServer(t, func(w http.ResponseWriter, _ *http.Request, _ *emulator.Exchange, commit func() emulator.Reply) {
				if reads.Add(1) == 150 {
					sc.interrupts <- os.Interrupt
				}
				commit().WriteTo(w)
			})
			base := loopbackOnly()
			t.Cleanup(base.CloseIdleConnections)
			path := filepath.Join(t.TempDir(), name)
			export := func() error {
				sc = newScreen("", false, "TWILIO_ACCOUNT_SID="+emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN="+emulator.DefaultAuthToken)
				return runExport(t.Context(), &exportOptions{
					commonOptions: &commonOptions{LogFormat: logText, NoColor: true},
					connectionOptions: connectionOptions{
						ChatURL: server.ChatURL, ConversationsURL: server.ConversationsURL, MediaURL: server.MediaURL, widthOptions: widthOptions{Concurrency: 2}, Timeout: defaultTimeout, base: base,
					},
					outputOption: outputOption{"json"}, Path: path, Files: true, console: sc.console, connect: dial, now: time.Now,
				})
			}
			err := export()
			require.Equal(t, exitInterrupted, statusOf(err), "%v", err)
			require.Empty(t, sc.stdout.String())
			_, _, err = archive.OpenPath(path)
			require.Error(t, err, "half an archive is none")

			require.NoError(t, export())
			var got exportReport
			require.NoError(t, json.Unmarshal(sc.stdout.Bytes(), &got))
			require.Positive(t, got.Kept)
			a, closer, err := archive.OpenPath(path)
			require.NoError(t, err)
			defer closer.Close()
			require.NoError(t, a.Verify(t.Context()))
			require.Equal(t, got.Counts, a.Counts())
			require.EqualValues(t, len(a.Manifest.Files), got.Files)
			require.Zero(t, server.Stats().RefusedSourceWrites+server.Stats().Conversations.Writes)
		})
	}
}
