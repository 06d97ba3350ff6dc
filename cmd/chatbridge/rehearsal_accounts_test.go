package main

import (
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// rehearseIn makes one experiment in an account, on a clock that moves by itself, and
// returns the file that says what it showed.
func rehearseIn(t *testing.T, u emulator.Unkind, experiment string) (path string, got migrate.Rehearsal) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "rehearsal.json")
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New(emulator.Config{Unkind: u})
		require.NoError(t, err)
		defer func() { require.NoError(t, e.Close()) }()
		hosts := map[string]http.Handler{"127.0.0.1:1": e.Conversations(), "127.0.0.1:2": e.Chat(), "127.0.0.1:3": e.Media()}
		network := faults.Direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteRequest != nil {
				trace.WroteRequest(httptrace.WroteRequestInfo{})
			}
			hosts[r.Host].ServeHTTP(w, r)
		})}
		x, err := twilio.NewExperimenter(twilio.Config{
			BaseURL: "http://127.0.0.1:1", ChatURL: "http://127.0.0.1:2", MediaURL: "http://127.0.0.1:3",
			Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
			HTTP: transport.New(transport.Options{Base: network, APS: migrate.DefaultAPS, Patience: transport.Patience{Attempts: 2}}),
		})
		require.NoError(t, err)
		record, _, _, err := rehearse.OpenRecord(path)
		require.NoError(t, err)
		var left error
		got, left, err = (&rehearse.Rehearser{
			Experimenter: x, Record: record, Account: emulator.DefaultAccountSID, Region: "us1", Host: "127.0.0.1:1", Version: "v1.2.3",
			Only: []string{experiment},
		}).Run(t.Context())
		require.NoError(t, err)
		require.NoError(t, left)
		require.NoError(t, record.Close())
		require.Zero(t, e.WrittenOutside(got.ServiceSID), "it touches nothing else")
		require.NoError(t, rehearse.Save(path, got))
	})
	return path, got
}

// TestRehearsalOfEachAccount has each experiment made in an account that answers as is
// assumed and in those that do not. The rehearsal tells them apart, and a migration
// does what follows: it begins, waits longer, or does not begin.
func TestRehearsalOfEachAccount(t *testing.T) {
	stopped, lengthened := map[string]bool{}, map[string]bool{}
	for _, o := range emulator.Outcomes() {
		t.Run(o.Experiment+", "+o.Seen, func(t *testing.T) {
			u, err := o.Account()
			require.NoError(t, err)
			path, got := rehearseIn(t, u, o.Experiment)
			require.Len(t, got.Experiments, 1)
			e := got.Experiments[0]
			require.Equal(t, o.Assumed, e.Verdict == migrate.AsAssumed, "%s: %s", e.Verdict, e.Seen)

			m := rehearsalOption{Rehearsal: path}
			require.NoError(t, m.load("migrate"))
			require.NoError(t, m.take(newScreen("", false).console, targetOf{account: got.AccountSID, region: got.Region, host: got.Host}, "migrate"))
			longest := m.rehearsed.Lengthen(migrate.DefaultSettle)
			require.Equal(t, max(migrate.DefaultSettle, got.Settle()), longest)
			if longest > migrate.DefaultSettle {
				lengthened[o.Experiment] = true
			}
			err = m.stops(got.AccountSID)
			if e.Stops == "" {
				require.NoError(t, err)
				return
			}
			stopped[o.Experiment] = true
			require.Equal(t, migrate.Dangerous, e.Verdict)
			require.Equal(t, exitUsage, statusOf(err))
			require.ErrorContains(t, err, "experiment "+o.Experiment)
		})
	}
	require.Equal(t, map[string]bool{"late-append": true, "list-lag": true}, onlyTrue(lengthened))
	require.Equal(t, map[string]bool{"name-race": true, "clock": true, "text": true, "attributes": true, "dates": true, "author": true}, onlyTrue(stopped))
}

func onlyTrue(all map[string]bool) map[string]bool {
	some := map[string]bool{}
	for name, yes := range all {
		if yes {
			some[name] = true
		}
	}
	return some
}

// TestRehearseProbesLimits has a rehearsal that was asked to find out how many requests
// an account may have in flight.
func TestRehearseProbesLimits(t *testing.T) {
	server := newTestServer(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if len(x.Path) == 2 && x.Query.Get("PageSize") == "1" {
			emulator.Refusal(http.StatusTooManyRequests, migrate.CodeConcurrency, "too many").WriteTo(w)
			return
		}
		commit().WriteTo(w)
	}})
	sc := newScreen("y\n", true, emulatedAccount...)
	require.Equal(t, exitDone, rehearsing(t, server, sc, "--probe-limits"), sc.stderr.String())
	require.Contains(t, sc.stderr.String(), "at most 400 reads, up to 100 at once")
	require.Contains(t, sc.stderr.String(), "live traffic is refused")
	require.Contains(t, sc.stdout.String(), "one was refused when 1 were sent")
}
