package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/replay"
)

// rig is migrate in this process, against an emulator.
type rig struct {
	screen
	*migrateOptions
}

func newRig(t *testing.T, s *emulator.Server, stdin string, terminal bool) rig {
	t.Helper()
	sc := newScreen(stdin, terminal,
		"TWILIO_ACCOUNT_SID="+emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN="+emulator.DefaultAuthToken)
	base := loopbackOnly()
	t.Cleanup(base.CloseIdleConnections)
	return rig{sc, &migrateOptions{
		auditOptions: auditOptions{
			commonOptions: &commonOptions{LogFormat: logText, NoColor: true},
			connectionOptions: connectionOptions{
				ChatURL: s.ChatURL, ConversationsURL: s.ConversationsURL, MediaURL: s.MediaURL, widthOptions: widthOptions{Concurrency: 4}, Timeout: defaultTimeout, base: base,
			},
			mappingOptions: mappingOptions{ToService: newService, Stamp: true},
			outputOption:   outputOption{"json"},
			console:        sc.console,
			connect:        dial,
		},
		ledgerOption: ledgerOption{filepath.Join(ledgertest.Dir(t), "l.db")},
		Settle:       200 * time.Millisecond, Watchdog: migrate.DefaultWatchdog,
		openLedger: openLedger,
	}}
}

func sampleServer(t *testing.T, intercept emulator.Interceptor) *emulator.Server {
	t.Helper()
	workspace, err := sample()
	require.NoError(t, err)
	return newTestServer(t, emulator.Config{Archive: workspace, Intercept: intercept})
}

func TestMigrateAsks(t *testing.T) {
	t.Parallel()
	t.Run("and begins when the answer is yes", func(t *testing.T) {
		r := newRig(t, sampleServer(t, nil), "Yes\n", true)
		require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
		require.Contains(t, r.stderr.String(), "Begin? [y/N]")
		require.Contains(t, r.stderr.String(), "30 channels, 1,024 messages, 144 members, 40 users: about 1,412 writes")
		require.Contains(t, r.stderr.String(), "No policy was given: anything that needs a decision stops its channel.\n")
		require.Contains(t, r.stderr.String(), "Bill: about 40 active users in each calendar month that the run touches")
		require.FileExists(t, r.Ledger)
	})
	t.Run("with what the policies meet in the lists, and with what the ledger has", func(t *testing.T) {
		server := newTestServer(t, emulator.Config{Archive: os.DirFS(edgeCases)})
		r := newRig(t, server, "yes\n", true)
		r.Policies = []string{"name-too-long=truncate"}
		require.Equal(t, exitIncomplete, statusOf(runMigrate(t.Context(), r.migrateOptions)))
		require.Contains(t, r.stderr.String(), " Edge cases -> a new service\n")
		require.Contains(t, r.stderr.String(), "The lists show: identity-reserved 1 (stop), ")
		require.Contains(t, r.stderr.String(), "unique-name-too-long 1 (stop), name-too-long 2 (truncate). The rest has not been read yet")
		require.NotContains(t, r.stderr.String(), "The ledger already has")

		again := newRig(t, server, "yes\n", true)
		again.Policies, again.Ledger = r.Policies, r.Ledger
		require.Equal(t, exitIncomplete, statusOf(runMigrate(t.Context(), again.migrateOptions)))
		require.Regexp(t, ` Edge cases -> IS[0-9a-f]{32}\n`, again.stderr.String())
		require.Regexp(t, `The ledger already has \d+ complete channels and \d+ messages: these are not written again\.`, again.stderr.String())
	})
	t.Run("and not before it has refused the ledger of another migration, or one in use", func(t *testing.T) {
		server := sampleServer(t, nil)
		r := newRig(t, server, "yes\n", true)
		require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
		again := newRig(t, server, "yes\n", true)
		again.Ledger, again.Stamp = r.Ledger, false
		require.Equal(t, exitLedger, statusOf(runMigrate(t.Context(), again.migrateOptions)))
		require.NotContains(t, again.stderr.String(), "Begin?")

		used, err := openLedger(t.Context(), r.Ledger)
		require.NoError(t, err)
		defer used.Close()
		again = newRig(t, server, "yes\n", true)
		again.Ledger = r.Ledger
		err = runMigrate(t.Context(), again.migrateOptions)
		require.Equal(t, exitLedger, statusOf(err))
		require.ErrorContains(t, err, "in use by process")
		require.NotContains(t, again.stderr.String(), "Begin?")
	})
	for name, answer := range map[string]string{"no": "no\n", "nothing": "\n", "the end of input": ""} {
		t.Run("and changes nothing when the answer is "+name, func(t *testing.T) {
			server := sampleServer(t, nil)
			r := newRig(t, server, answer, true)
			err := runMigrate(t.Context(), r.migrateOptions)
			require.Equal(t, exitUsage, statusOf(err))
			require.NoFileExists(t, r.Ledger)
			require.Zero(t, server.Stats().Conversations.Writes)
		})
	}
}

func TestMigrateInterrupted(t *testing.T) {
	t.Parallel()
	t.Run("finishes what is in flight at the first signal, and resumes", func(t *testing.T) {
		var r rig
		var writes atomic.Int64
		server := sampleServer(t, func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && writes.Add(1) == 300 {
				r.interrupts <- os.Interrupt
			}
			commit().WriteTo(w)
		})
		r = newRig(t, server, "", false)
		r.Yes = true
		err := runMigrate(t.Context(), r.migrateOptions)
		require.Equal(t, exitInterrupted, statusOf(err))
		require.Contains(t, r.stderr.String(), "interrupt again to stop at once")
		var s replay.Summary
		require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &s))
		require.Equal(t, migrate.InterruptedStatus, s.Status)

		again := newRig(t, server, "", false)
		again.Yes, again.Ledger, again.Settle = true, r.Ledger, 100*time.Millisecond
		require.NoError(t, runMigrate(t.Context(), again.migrateOptions))
		require.NoError(t, json.Unmarshal(again.stdout.Bytes(), &s))
		require.Equal(t, migrate.Complete, s.Status)
	})
	t.Run("stops at once at the second", func(t *testing.T) {
		var r rig
		var writes atomic.Int64
		stuck := make(chan struct{})
		server := sampleServer(t, func(w http.ResponseWriter, req *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && writes.Add(1) >= 300 {
				if writes.Load() == 300 {
					r.interrupts <- os.Interrupt
					r.interrupts <- os.Interrupt
				}
				select {
				case <-req.Context().Done():
				case <-stuck:
				}
				panic(http.ErrAbortHandler)
			}
			commit().WriteTo(w)
		})
		defer close(stuck)
		r = newRig(t, server, "", false)
		r.Yes = true
		err := runMigrate(t.Context(), r.migrateOptions)
		require.Equal(t, exitInterrupted, statusOf(err))
		require.Contains(t, r.stderr.String(), "stopping at once")
	})
}

func TestMigratePartial(t *testing.T) {
	t.Parallel()
	t.Run("ends with 3 and says how to see what stopped", func(t *testing.T) {
		server := newTestServer(t, emulator.Config{Archive: os.DirFS("../../testdata/workspaces/edge-cases")})
		r := newRig(t, server, "", false)
		r.Yes = true
		err := runMigrate(t.Context(), r.migrateOptions)
		require.Equal(t, exitIncomplete, statusOf(err))
		require.Contains(t, hintOf(err), "chatbridge status --all")

		shown := newScreen("", false)
		require.NoError(t, runStatus(t.Context(), &statusOptions{
			outputOption: outputOption{"text"}, ledgerOption: r.ledgerOption, console: shown.console, openLedger: readLedger,
		}))
		require.Contains(t, shown.stdout.String(), "What was not carried, and why")
		require.Contains(t, shown.stdout.String(), "chatbridge migrate\n")
		require.False(t, strings.ContainsAny(shown.stdout.String(), "\x1b\u009b"))
	})
}

func TestEmulate(t *testing.T) {
	t.Run("prints lines that make the program use it, until it is interrupted", func(t *testing.T) {
		s := newScreen("", false)
		served := make(chan *emulator.Server, 1)
		o := &emulateOptions{
			Generate: "channels=2,messages=5,seed=1", console: s.console,
			serve: func(ctx context.Context, c emulator.Config) (*emulator.Server, error) {
				server, err := emulator.Serve(ctx, c)
				served <- server
				s.interrupts <- os.Interrupt
				return server, err
			},
		}
		require.NoError(t, runEmulate(t.Context(), o))
		server := <-served
		for _, line := range []string{
			"export TWILIO_ACCOUNT_SID=" + emulator.DefaultAccountSID,
			"export TWILIO_AUTH_TOKEN=" + emulator.DefaultAuthToken,
			"export CHATBRIDGE_CHAT_URL=" + server.ChatURL,
			"export CHATBRIDGE_CONVERSATIONS_URL=" + server.ConversationsURL,
			"export CHATBRIDGE_MEDIA_URL=" + server.MediaURL,
			"export CHATBRIDGE_EVENTS_URL=" + server.EventsURL,
			"export CHATBRIDGE_API_URL=" + server.APIURL,
		} {
			require.Contains(t, s.stdout.String(), line+"\n")
		}
	})
	t.Run("an address that is taken is said with a hint", func(t *testing.T) {
		taken := sampleServer(t, nil)
		s := newScreen("", false)
		o := &emulateOptions{ChatAddr: strings.TrimPrefix(taken.ChatURL, "http://"), console: s.console, serve: emulator.Serve}
		err := runEmulate(t.Context(), o)
		require.Equal(t, exitUsage, statusOf(err))
		require.Contains(t, hintOf(err), "--chat-addr")
	})
}
