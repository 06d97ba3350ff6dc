package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/replay"
	"chatbridge/reports"
)

// refusing is a target that refuses every message of some authors for good.
type refusing struct {
	authors map[string]bool
	off     atomic.Bool
}

func (f *refusing) intercept(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	if x.Write() && x.Path[len(x.Path)-1] == "Messages" && f.authors[x.Form.Get("Author")] && !f.off.Load() {
		emulator.Refusal(http.StatusBadRequest, 50000, "This message is not wanted here").WriteTo(w)
		return
	}
	commit().WriteTo(w)
}

func summaryOf(t *testing.T, r rig) (s replay.Summary) {
	t.Helper()
	require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &s))
	r.stdout.Reset()
	return s
}

func TestRefusedLane(t *testing.T) {
	t.Run("stops alone, with the reason and both SIDs, and the next run tries it again", func(t *testing.T) {
		f := &refusing{authors: map[string]bool{"person2@example.com": true}}
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: f.intercept})
		r := newRig(t, server, "", false)
		r.Yes, r.Settle = true, 50*time.Millisecond
		for range 2 {
			err := runMigrate(t.Context(), r.migrateOptions)
			require.Equal(t, exitIncomplete, statusOf(err))
			s := summaryOf(t, r)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, smallSID("CH", 1), s.Failures[0].SourceSID)
			require.Regexp(t, `^CH[0-9a-f]{32}$`, s.Failures[0].TargetSID)
			require.Contains(t, s.Failures[0].Reason, "Twilio error 50000")
			require.Equal(t, migrate.KindCount{Source: smallChannels, Written: s.Counts[migrate.KindChannels].Written, Existing: smallChannels - 1 - s.Counts[migrate.KindChannels].Written, Failed: 1}, s.Counts[migrate.KindChannels])
		}
		f.off.Store(true)
		require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
		s := summaryOf(t, r)
		require.Equal(t, migrate.Complete, s.Status)
		require.EqualValues(t, smallMessages, s.Counts[migrate.KindMessages].Written)
		require.True(t, r.verify(t).Equal)
	})
}

func TestMaxErrors(t *testing.T) {
	t.Run("ends the run when so many channels were stopped", func(t *testing.T) {
		f := &refusing{authors: map[string]bool{"person0@example.com": true, "person2@example.com": true, "person4@example.com": true}}
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: f.intercept})
		r := newRig(t, server, "", false)
		r.Yes, r.Concurrency, r.MaxErrors = true, 1, 2
		err := runMigrate(t.Context(), r.migrateOptions)
		require.Equal(t, exitFailed, statusOf(err))
		require.ErrorContains(t, err, "--max-errors")
		s := summaryOf(t, r)
		require.Equal(t, migrate.FailedStatus, s.Status)
		require.Len(t, s.Failures, 2)
	})
}

func TestWatchdog(t *testing.T) {
	t.Parallel()
	t.Run("stops a channel without progress and says so", func(t *testing.T) {
		plan, err := faults.Parse("nth(POST messages,15)=before.stall,stall-for=1m")
		require.NoError(t, err)
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: plan.Intercept})
		r := newRig(t, server, "", false)
		r.Yes, r.Watchdog, r.Settle = true, 300*time.Millisecond, 10*time.Millisecond
		// The command refuses a timeout above the watchdog; here it is what makes a
		// channel stand still.
		mapper, err := r.mapper()
		require.NoError(t, err)
		sides, err := r.prepare(t.Context(), mapper)
		require.NoError(t, err)
		err = r.begin(t.Context(), reports.JSON, sides, material{mapper: mapper}, nil)
		require.NoError(t, sides.Close())
		require.Equal(t, exitIncomplete, statusOf(err))
		s := summaryOf(t, r)
		require.NotEmpty(t, s.Failures)
		for _, f := range s.Failures { // a machine may be too slow for more than one
			require.Contains(t, f.Reason, "no progress for 300ms")
		}
		r.Watchdog = migrate.DefaultWatchdog
		require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
		require.True(t, r.verify(t).Equal)
	})
}

func TestEmulateFaults(t *testing.T) {
	t.Run("fails as it was told to, and says at the end how often", func(t *testing.T) {
		s := newScreen("", false)
		base := loopbackOnly()
		defer base.CloseIdleConnections()
		var answered []int
		o := &emulateOptions{
			Generate: "channels=1,messages=1,seed=1", Faults: "nth(chat GET services,2)=before.502", console: s.console,
			serve: func(ctx context.Context, c emulator.Config) (*emulator.Server, error) {
				server, err := emulator.Serve(ctx, c)
				require.NoError(t, err)
				for range 2 {
					req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.ChatURL+"/v1/Services", nil)
					require.NoError(t, err)
					req.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
					resp, err := base.RoundTrip(req)
					require.NoError(t, err)
					require.NoError(t, resp.Body.Close())
					answered = append(answered, resp.StatusCode)
				}
				s.interrupts <- os.Interrupt
				return server, nil
			},
		}
		require.NoError(t, runEmulate(t.Context(), o))
		require.Equal(t, []int{http.StatusOK, http.StatusBadGateway}, answered)
		require.Equal(t, "faults that struck:\n  before.502           1\n", s.stderr.String())
	})
	t.Run("says also that nothing struck", func(t *testing.T) {
		s := newScreen("", false)
		s.interrupts <- os.Interrupt
		o := &emulateOptions{Generate: "channels=1,messages=1,seed=1", Faults: "rate=0.5", console: s.console, serve: emulator.Serve}
		require.NoError(t, runEmulate(t.Context(), o))
		require.Equal(t, "no fault struck\n", s.stderr.String())
	})
}

func TestEmulateUnkind(t *testing.T) {
	s := newScreen("", false)
	base := loopbackOnly()
	defer base.CloseIdleConnections()
	o := &emulateOptions{
		Generate: "channels=1,messages=1,seed=1", Unkind: "account-sid=null,key-account=AC00000000000000000000000000000001", console: s.console,
		serve: func(ctx context.Context, c emulator.Config) (*emulator.Server, error) {
			server, err := emulator.Serve(ctx, c)
			require.NoError(t, err)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.ChatURL+"/v1/Services", nil)
			require.NoError(t, err)
			req.SetBasicAuth(emulator.DefaultAPIKey, emulator.DefaultAPISecret)
			resp, err := base.RoundTrip(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusOK, resp.StatusCode)
			s.interrupts <- os.Interrupt
			return server, nil
		},
	}
	require.NoError(t, runEmulate(t.Context(), o))
	require.Contains(t, s.stdout.String(), "export TWILIO_API_KEY="+emulator.DefaultAPIKey)
	require.NotContains(t, s.stdout.String(), "TWILIO_AUTH_TOKEN")
	require.Equal(t, "what was unkind:\n  account-sid          1\n  key-account          1\n", s.stderr.String())
}
