package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
)

// rehearsed is a rehearsal of the emulator's account with these experiments, made an
// hour before the clock of a screen.
func rehearsed(experiments ...migrate.Experiment) migrate.Rehearsal {
	r := migrate.Rehearsal{
		SchemaVersion: migrate.SchemaVersion, Command: "rehearse",
		AccountSID: emulator.DefaultAccountSID, Region: "us1", Host: "127.0.0.1:1", Version: "v1.2.3",
		Began: time.Date(2020, 3, 1, 11, 0, 0, 0, time.UTC), Removed: true, Sound: true,
		Experiments: append([]migrate.Experiment{{Name: "index-gaps", Verdict: migrate.AsAssumed, Seen: "3, 5, 6"}}, experiments...),
	}
	for _, e := range experiments {
		r.Sound = r.Sound && e.Stops == ""
	}
	return r
}

func saved(t *testing.T, r migrate.Rehearsal) string {
	t.Helper()
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	return written(t, string(raw))
}

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rehearsal.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func smallServer(t *testing.T) *emulator.Server {
	return newTestServer(t, emulator.Config{Generate: emulator.Generate{Channels: 1, Messages: 3, Users: 2}})
}

func asAssumed(name string) migrate.Experiment {
	return migrate.Experiment{Name: name, Verdict: migrate.AsAssumed, Seen: "as it should be"}
}

func notSeen(name string) migrate.Experiment {
	return migrate.Experiment{Name: name, Verdict: migrate.NotSeen, Seen: "not tried"}
}

func otherwise(name string) migrate.Experiment {
	return migrate.Experiment{Name: name, Verdict: migrate.Harmless, Seen: "otherwise", Follows: "nothing"}
}

func stopping(name string) migrate.Experiment {
	return migrate.Experiment{Name: name, Verdict: migrate.Dangerous, Seen: "what was seen", Stops: "why it stops", Follows: "what follows"}
}

func late(seconds float64) migrate.Experiment {
	return migrate.Experiment{Name: "late-append", Verdict: migrate.Dangerous, Seen: fmt.Sprintf("as late as %v s", seconds/2), Settle: seconds}
}

// TestRehearsalDecides is what each outcome of an experiment makes of a migration.
func TestRehearsalDecides(t *testing.T) {
	const own = 200 * time.Millisecond // the settle time that rigs are given
	type effect struct {
		settle float64 // of the run, in seconds; 0 if it does not begin
		stops  string  // the experiment that stops it
	}
	runs := effect{settle: own.Seconds()}
	cases := map[string]struct {
		experiment migrate.Experiment
		want       effect
	}{
		"late-append: nothing landed":                       {migrate.Experiment{Name: "late-append", Verdict: migrate.AsAssumed}, runs},
		"late-append: later than the settle time":           {late(0.6), effect{settle: 0.6}},
		"late-append: earlier than the settle time":         {late(0.1), runs},
		"list-lag: later than the settle time":              {migrate.Experiment{Name: "list-lag", Verdict: migrate.Dangerous, Settle: 0.5}, effect{settle: 0.5}},
		"list-lag: at once":                                 {asAssumed("list-lag"), runs},
		"late-append: never stopped landing in two minutes": {func() migrate.Experiment { e := stopping("late-append"); e.Settle = 240; return e }(), effect{stops: "late-append"}},
	}
	for _, name := range append(rehearse.Names(), "of a name that this version does not know") {
		for outcome, e := range map[string]func(string) migrate.Experiment{"as assumed": asAssumed, "not seen": notSeen, "harmless": otherwise} {
			cases[name+": "+outcome] = struct {
				experiment migrate.Experiment
				want       effect
			}{e(name), runs}
		}
		cases[name+": stops a run"] = struct {
			experiment migrate.Experiment
			want       effect
		}{stopping(name), effect{stops: name}}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := smallServer(t)
			r := newRig(t, server, "", false)
			r.Yes, r.Rehearsal = true, saved(t, rehearsed(c.experiment))
			require.Equal(t, own, r.Settle)
			err := runMigrate(t.Context(), r.migrateOptions)
			if c.want.stops != "" {
				require.Equal(t, exitUsage, statusOf(err))
				for _, said := range []string{"experiment " + c.want.stops, "why it stops", "seen: what was seen", "what follows"} {
					require.ErrorContains(t, err, said)
				}
				require.Contains(t, hintOf(err), "chatbridge rehearse")
				require.Zero(t, server.Stats().Conversations.Writes)
				require.NoFileExists(t, r.Ledger)
				require.Empty(t, r.stdout.String())
				return
			}
			require.NoError(t, err, r.stderr.String())
			var s struct {
				replay.Summary
				Provenance struct {
					Rehearsal migrate.Rehearsed `json:"rehearsal"`
				} `json:"provenance"`
			}
			require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &s))
			require.Equal(t, c.want.settle, s.Settle)
			require.True(t, s.Provenance.Rehearsal.Used)
			require.Equal(t, 2, s.Provenance.Rehearsal.Experiments)
			require.Contains(t, r.stderr.String(), "Rehearsal: rehearsal.json of 2020-03-01, 2 experiments")
			if c.want.settle > own.Seconds() {
				require.Contains(t, r.stderr.String(), fmt.Sprintf("the settle time is %s instead of 200ms", time.Duration(c.want.settle*float64(time.Second))))
			} else {
				require.NotContains(t, r.stderr.String(), "instead of")
			}
		})
	}
}

// Whatever a rehearsal says, nothing is weaker than without one.
func TestRehearsalNeverShortensNorPermits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		experiment := rapid.Custom(func(t *rapid.T) migrate.Experiment {
			return migrate.Experiment{
				Name:    rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "name"),
				Verdict: rapid.SampledFrom(verdicts).Draw(t, "verdict"),
				Settle:  rapid.Float64Range(0, maxMeasured).Draw(t, "settle"),
				Stops:   rapid.SampledFrom([]string{"", "", "a reason"}).Draw(t, "stops"),
			}
		})
		all := rehearsed(rapid.SliceOfN(experiment, 0, 6).Draw(t, "experiments")...)
		require.NoError(t, checkRehearsal(all))
		given := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "settle"))
		used := all.Rehearsed("rehearsal.json")
		got := used.Lengthen(given)
		require.GreaterOrEqual(t, got, given)
		stops := false
		for _, e := range all.Experiments {
			require.GreaterOrEqual(t, got, time.Duration(e.Settle*float64(time.Second)), "each experiment has its time")
			stops = stops || e.Stops != ""
		}
		o := rehearsalOption{found: &all, rehearsed: used}
		require.Equal(t, stops, o.stops("AC1") != nil)

		unused := used
		unused.Used = false
		require.Equal(t, given, unused.Lengthen(given))
		require.Zero(t, unused.WriteTime())
	})
}

func TestRehearsalFile(t *testing.T) {
	valid, err := json.Marshal(rehearsed())
	require.NoError(t, err)
	with := func(old, new string) string {
		require.Contains(t, string(valid), old)
		return strings.Replace(string(valid), old, new, 1)
	}
	bad := map[string]struct{ text, want string }{
		"empty":                      {"", "damaged, or not JSON"},
		"cut short":                  {string(valid[:len(valid)-2]), "damaged, or not JSON"},
		"followed by more":           {string(valid) + "{}", "damaged, or not JSON"},
		"a list":                     {"[]", "damaged, or not JSON"},
		"another object":             {"{}", "not what chatbridge rehearse writes"},
		"of another command":         {with(`"rehearse"`, `"audit"`), "not what chatbridge rehearse writes"},
		"of a newer schema":          {with(`"schema_version":1`, `"schema_version":2`), "schema_version is 2, and this chatbridge reads 1"},
		"of a schema of 0":           {with(`"schema_version":1`, `"schema_version":0`), "schema_version is 0"},
		"without an account":         {with(emulator.DefaultAccountSID, ""), "account_sid"},
		"without a region":           {with(`"us1"`, `""`), "region or host"},
		"without a host":             {with(`"127.0.0.1:1"`, `""`), "region or host"},
		"without a date":             {with("2020-03-01T11:00:00Z", "0001-01-01T00:00:00Z"), "began_at"},
		"without experiments":        {with(string(mustJSON(t, rehearsed().Experiments)), "[]"), "lists no experiments"},
		"with one without a name":    {with(`"index-gaps"`, `""`), "experiment 1 has no name"},
		"with an unknown verdict":    {with(`"as assumed"`, `"fine"`), `experiment index-gaps has the unknown verdict "fine"`},
		"with a wait below 0":        {with(`"requests":0`, `"settle_seconds":-1,"requests":0`), "-1 settle_seconds"},
		"with a wait of hours":       {with(`"requests":0`, `"settle_seconds":3601,"requests":0`), "3601 settle_seconds"},
		"with a wait that is a word": {with(`"requests":0`, `"settle_seconds":"long","requests":0`), "damaged"},
		"with a write of hours":      {with(`"sound":true`, `"write_seconds":{"messages":1e9},"sound":true`), "write_seconds of messages"},
		"not sound for no reason":    {with(`"sound":true`, `"sound":false`), "sound is false"},
		"larger than a rehearsal":    {with(`"3, 5, 6"`, `"`+strings.Repeat("x", maxRehearsal)+`"`), "larger than 1 MiB"},
	}
	check := func(t *testing.T, err error, want string) {
		t.Helper()
		require.Equal(t, exitUsage, statusOf(err))
		require.ErrorContains(t, err, want)
		require.Contains(t, hintOf(err), "chatbridge rehearse")
		require.Contains(t, hintOf(err), "chatbridge migrate --rehearsal none")
	}
	for name, c := range bad {
		t.Run("that is "+name+" is refused, named or not", func(t *testing.T) {
			path := written(t, c.text)
			o := rehearsalOption{Rehearsal: path}
			check(t, o.load("migrate"), c.want)
			t.Chdir(filepath.Dir(path))
			o = rehearsalOption{}
			check(t, o.load("migrate"), c.want)
			o = rehearsalOption{Rehearsal: noRehearsal}
			require.NoError(t, o.load("migrate"), "it is not read")
		})
	}
	t.Run("that is valid is read, named or not", func(t *testing.T) {
		path := written(t, string(valid))
		o := rehearsalOption{Rehearsal: path}
		require.NoError(t, o.load("migrate"))
		require.Equal(t, rehearsed(), *o.found)
		t.Chdir(filepath.Dir(path))
		o = rehearsalOption{}
		require.NoError(t, o.load("migrate"))
		require.Equal(t, rehearsed(), *o.found)
	})
	t.Run("that is not there is missed if it was named", func(t *testing.T) {
		t.Chdir(t.TempDir())
		o := rehearsalOption{Rehearsal: "other.json"}
		check(t, o.load("migrate"), "other.json: no such file")
		o = rehearsalOption{}
		require.NoError(t, o.load("migrate"))
		require.Nil(t, o.found)
	})
	t.Run("that is a folder is refused", func(t *testing.T) {
		t.Chdir(t.TempDir())
		require.NoError(t, os.Mkdir(defaultRehearsal, 0o700))
		for _, named := range []string{"", defaultRehearsal} {
			o := rehearsalOption{Rehearsal: named}
			check(t, o.load("migrate"), "not a regular file")
		}
	})
	t.Run("that is a link is followed only if it was named", func(t *testing.T) {
		path := written(t, string(valid))
		t.Chdir(t.TempDir())
		if err := os.Symlink(path, defaultRehearsal); err != nil {
			t.Skip(err)
		}
		o := rehearsalOption{Rehearsal: defaultRehearsal}
		require.NoError(t, o.load("migrate"))
		require.NotNil(t, o.found)
		o = rehearsalOption{}
		check(t, o.load("migrate"), "symbolic link")
	})
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

// A rehearsal holds in the account, the region and the place that it was made in.
func TestRehearsalIsBound(t *testing.T) {
	const twilio = "conversations.twilio.com"
	other := "AC" + strings.Repeat("b", 32)
	for name, c := range map[string]struct {
		change func(*migrate.Rehearsal)
		target targetOf
		want   string // why it is not used
	}{
		"the same":                        {nil, targetOf{emulator.DefaultAccountSID, "us1", "127.0.0.1:9"}, ""},
		"another edge":                    {func(r *migrate.Rehearsal) { r.Host, r.Region = "conversations.dublin.ie1.twilio.com", "ie1" }, targetOf{emulator.DefaultAccountSID, "ie1", "conversations.ie1.twilio.com"}, ""},
		"another account":                 {func(r *migrate.Rehearsal) { r.AccountSID = other }, targetOf{emulator.DefaultAccountSID, "us1", "127.0.0.1:9"}, "of account " + other + ", and the target is " + emulator.DefaultAccountSID},
		"an account unknown":              {nil, targetOf{"", "us1", "127.0.0.1:9"}, "nothing says which account the target is"},
		"another region":                  {func(r *migrate.Rehearsal) { r.Host, r.Region = "conversations.ie1.twilio.com", "ie1" }, targetOf{emulator.DefaultAccountSID, "us1", twilio}, "of region ie1, and the target is in us1"},
		"an emulator":                     {nil, targetOf{emulator.DefaultAccountSID, "us1", twilio}, "of host 127.0.0.1:1, and the target is at " + twilio},
		"Twilio, for an emulator":         {func(r *migrate.Rehearsal) { r.Host = twilio }, targetOf{emulator.DefaultAccountSID, "us1", "127.0.0.1:9"}, "of host " + twilio},
		"a host that looks like Twilio's": {func(r *migrate.Rehearsal) { r.Host = "nottwilio.com" }, targetOf{emulator.DefaultAccountSID, "us1", twilio}, "of host nottwilio.com"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rehearsed(stopping("text"), late(45))
			if c.change != nil {
				c.change(&r)
			}
			path := saved(t, r)
			c2 := newScreen("", false).console
			named := rehearsalOption{Rehearsal: path}
			require.NoError(t, named.load("migrate"))
			err := named.take(c2, c.target, "migrate")
			t.Chdir(filepath.Dir(path))
			found := rehearsalOption{}
			require.NoError(t, found.load("migrate"))
			require.NoError(t, found.take(c2, c.target, "migrate"))
			if c.want == "" {
				require.NoError(t, err)
				require.True(t, named.rehearsed.Used)
				require.True(t, found.rehearsed.Used)
				require.Error(t, found.stops("AC1"))
				return
			}
			require.Equal(t, exitUsage, statusOf(err))
			require.ErrorContains(t, err, c.want)
			require.False(t, found.rehearsed.Used)
			require.NoError(t, found.stops("AC1"))
			require.Equal(t, time.Second, found.rehearsed.Lengthen(time.Second))
			said := strings.Join(found.lines(1, 1), "\n")
			require.Contains(t, said, "Rehearsal: not used. rehearsal.json is of ")
			require.Contains(t, said, c.want)
		})
	}
}

// What is doubtful about a rehearsal is said, and it is used all the same.
func TestRehearsalDoubts(t *testing.T) {
	here := newScreen("", false).console.here
	for name, c := range map[string]struct {
		change func(*migrate.Rehearsal)
		want   string
	}{
		"nothing":                {func(*migrate.Rehearsal) {}, ""},
		"30 days":                {func(r *migrate.Rehearsal) { r.Began = here.now().Add(-rehearsalAge) }, ""},
		"more than 30 days":      {func(r *migrate.Rehearsal) { r.Began = here.now().Add(-40 * 24 * time.Hour) }, "It is 40 days old"},
		"a clock a bit ahead":    {func(r *migrate.Rehearsal) { r.Began = here.now().Add(clockSlack) }, ""},
		"the future":             {func(r *migrate.Rehearsal) { r.Began = here.now().Add(2 * clockSlack) }, "from the future"},
		"another chatbridge":     {func(r *migrate.Rehearsal) { r.Version = "v1.0.0" }, "made by chatbridge v1.0.0, and this is v1.2.3"},
		"a service that is left": {func(r *migrate.Rehearsal) { r.ServiceSID, r.Removed = "IS1", false }, "Service IS1, which it made, was not removed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rehearsed()
			c.change(&r)
			all := strings.Join(doubts(r, here), " ")
			if c.want == "" {
				require.Empty(t, all)
			}
			require.Contains(t, all, c.want)
		})
	}
}

// Every command that waits for late writes waits as long as was measured, and what
// only looks or cleans up is not kept from beginning.
func TestRehearsalOfOtherCommands(t *testing.T) {
	server := smallServer(t)
	r := newRig(t, server, "", false)
	r.Yes = true
	require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
	require.Contains(t, r.stderr.String(), "Rehearsal: none. To try in this account what no document promises: chatbridge rehearse\n")
	writes := server.Stats().Conversations.Writes
	path := saved(t, rehearsed(stopping("text"), late(45)))

	t.Run("audit shows it, and fails only if it is asked to", func(t *testing.T) {
		for _, failOn := range [][]string{nil, {"stop"}, {"identity-reserved"}} {
			a := newRig(t, server, "", false)
			a.Rehearsal, a.FailOn = path, failOn
			err := runAudit(t.Context(), &a.auditOptions)
			if len(failOn) > 0 && failOn[0] == "stop" {
				require.Equal(t, exitIncomplete, statusOf(err))
				require.ErrorContains(t, err, "experiment text of the rehearsal")
			} else {
				require.NoError(t, err)
			}
			require.Contains(t, a.stdout.String(), `"name": "text"`)
		}
		for form, want := range map[string]string{
			"text": "chatbridge migrate would not begin in this account:", "markdown": "why it stops", "html": "why it stops", "csv": "rehearsal,text,stops,why it stops",
		} {
			a := newRig(t, server, "", false)
			a.Rehearsal, a.Output = path, form
			require.NoError(t, runAudit(t.Context(), &a.auditOptions))
			require.Contains(t, a.stdout.String(), want)
		}
	})
	t.Run("audit estimates with what a write took", func(t *testing.T) {
		measured := rehearsed()
		measured.WriteTimes = map[string]float64{migrate.KindMessages: 2, migrate.KindServices: 9}
		seconds := map[string]audit.Estimate{}
		for _, name := range []string{noRehearsal, saved(t, measured)} {
			a := newRig(t, server, "", false)
			a.Rehearsal, a.APS = name, 30
			require.NoError(t, runAudit(t.Context(), &a.auditOptions))
			var got audit.Audit
			require.NoError(t, json.Unmarshal(a.stdout.Bytes(), &got))
			seconds[filepath.Base(name)] = got.Estimate
		}
		with, without := seconds["rehearsal.json"], seconds[noRehearsal]
		require.Equal(t, 2.0, with.WriteSeconds)
		require.InDelta(t, 2*float64(with.LongestLaneWrites), with.LongestLane, 1, "its reads take no time on loopback")
		require.Greater(t, with.Seconds, without.Seconds)
		require.Zero(t, without.WriteSeconds)
	})
	t.Run("verify waits that long, and repairs nothing", func(t *testing.T) {
		for _, execute := range []bool{false, true} {
			v := newRig(t, server, "", false)
			o := &verifyOptions{
				commonOptions: v.commonOptions, connectionOptions: v.connectionOptions, mappingOptions: v.mappingOptions, outputOption: v.outputOption,
				ledgerOption: r.ledgerOption, rehearsalOption: rehearsalOption{Rehearsal: path}, Settle: time.Second,
				Repair: execute, Execute: execute, Yes: true, console: v.console, connect: dial, openLedger: readLedger,
			}
			err := runVerify(t.Context(), o)
			if execute {
				require.Equal(t, exitUsage, statusOf(err))
				require.ErrorContains(t, err, "experiment text")
				continue
			}
			require.NoError(t, err)
			require.Contains(t, v.stderr.String(), "the settle time is 45s instead of 1s")
			require.Equal(t, 45*time.Second, o.settings(mapping.Mapper{}).Settle)
		}
		require.Equal(t, writes, server.Stats().Conversations.Writes)
	})
	t.Run("undo begins, and says how long it waits", func(t *testing.T) {
		for _, execute := range []bool{false, true} {
			u := newRig(t, server, "", false)
			o := &undoOptions{
				commonOptions: u.commonOptions, connectionOptions: u.connectionOptions, outputOption: u.outputOption, ledgerOption: r.ledgerOption,
				rehearsalOption: rehearsalOption{Rehearsal: path}, Settle: time.Second, Execute: execute, Yes: true,
				console: u.console, connect: dialTarget, openReader: readLedger, openLedger: openLedger,
			}
			require.NoError(t, runUndo(t.Context(), o))
			require.Contains(t, u.stderr.String(), "the settle time is 45s instead of 1s")
		}
		l, err := readLedger(t.Context(), r.Ledger)
		require.NoError(t, err)
		defer l.Close()
		last, _, err := l.LastRun(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.UndoneStatus, last.Status)
		require.Equal(t, 45*time.Second, last.Settle, "whoever comes next waits as long")
	})
	t.Run("a plan says of the run before that it waited longer", func(t *testing.T) {
		again := newRig(t, server, "no\n", true)
		again.ledgerOption, again.Rehearsal = r.ledgerOption, noRehearsal
		require.Error(t, runMigrate(t.Context(), again.migrateOptions))
		require.Contains(t, again.stderr.String(), "Settle time: 45s, as in the run before, whose writes may still land.\n")
		require.NotContains(t, again.stderr.String(), "Rehearsal:")
	})
	t.Run("nothing is said to whoever is quiet", func(t *testing.T) {
		quiet := newRig(t, smallServer(t), "", false)
		quiet.Yes, quiet.Quiet, quiet.Rehearsal = true, true, saved(t, rehearsed(late(0.5)))
		require.NoError(t, runMigrate(t.Context(), quiet.migrateOptions))
		require.NotContains(t, quiet.stderr.String(), "ehearsal")
		require.Contains(t, quiet.stdout.String(), `"settle_seconds": 0.5`)
	})
}

// A verification and a repair wait for what the run before them may have left in
// flight, as long as that run would have.
func TestVerifyWaitsAsLongAsTheRunBefore(t *testing.T) {
	for status, want := range map[string]time.Duration{migrate.Complete: time.Second, migrate.FailedStatus: 45 * time.Second} {
		for _, execute := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, executing %t", status, execute), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "l.db")
				l, err := openLedger(t.Context(), path)
				require.NoError(t, err)
				require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a", Status: status, Settle: 45 * time.Second}))
				require.NoError(t, l.Close())
				o := &verifyOptions{ledgerOption: ledgerOption{path}, openLedger: readLedger, Repair: true, Execute: execute, Settle: time.Second}
				r := verify.Repairer{Verifier: verify.Verifier{Settings: o.settings(mapping.Mapper{})}}
				release, err := o.openRecord(t.Context(), &r, migrate.Fingerprint{})
				require.NoError(t, err)
				defer release()
				require.Equal(t, want, r.Settings.Settle)
				require.NotNil(t, r.Ledger)
				require.Equal(t, execute, r.Record != nil)
			})
		}
	}
}
