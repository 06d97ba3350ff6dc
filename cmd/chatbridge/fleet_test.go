package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
	"chatbridge/reports"
)

// town is a parent account with subaccounts, in an emulator, and a file that lists them.
type town struct {
	server *emulator.Server
	dir    string
	file   string
	env    []string
}

// townAPS are the writes a second of the accounts: so many that a test does not take
// long.
const townAPS = 300

func memberSID(n int) string { return fmt.Sprintf("AC%032x", n) }

// newTown makes n small subaccounts, named a1 and so on; change may make one of them
// different, or as number 0 their parent.
func newTown(t *testing.T, n int, change func(i int, c *emulator.Config)) *town {
	t.Helper()
	w := &town{dir: ledgertest.Dir(t)}
	parent := emulator.Config{}
	if change != nil {
		change(0, &parent)
	}
	var file strings.Builder
	file.WriteString("accounts:\n")
	for i := 1; i <= n; i++ {
		c := emulator.Config{
			AccountSID: memberSID(i), AuthToken: fmt.Sprintf("token-of-%d", i),
			Generate: emulator.Generate{Channels: 2, Messages: 10, Seed: uint64(i)},
		}
		if change != nil {
			change(i, &c)
		}
		parent.Subaccounts = append(parent.Subaccounts, c)
		fmt.Fprintf(&file, "- name: a%d\n  source:\n    account_sid: %s\n    auth_token_env: TOKEN_%d\n", i, c.AccountSID, i)
		w.env = append(w.env, fmt.Sprintf("TOKEN_%d=token-of-%d", i, i))
	}
	w.server = newTestServer(t, parent)
	w.file = w.write(t, "fleet.yaml", file.String())
	w.env = append(w.env,
		"CHATBRIDGE_CHAT_URL="+w.server.ChatURL, "CHATBRIDGE_CONVERSATIONS_URL="+w.server.ConversationsURL, "CHATBRIDGE_MEDIA_URL="+w.server.MediaURL,
		"CHATBRIDGE_REPLAY=true", "CHATBRIDGE_SETTLE=100ms", fmt.Sprintf("CHATBRIDGE_APS=%d", townAPS), "CHATBRIDGE_REHEARSAL=none")
	return w
}

func (w *town) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (w *town) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir, "fleet"}, parts...)...)
}

// screen is a console for a run in this town.
func (w *town) screen(stdin string, terminal bool, env ...string) screen {
	sc := newScreen(stdin, terminal, append(w.env, env...)...)
	sc.console.next = &nextCommands{}
	return sc
}

// on runs a command on a screen.
func (w *town) on(t *testing.T, sc screen, args ...string) int {
	t.Helper()
	return run(t.Context(), sc.console, append(args, "--accounts", w.file, "--ledger-dir", w.path()))
}

// fleetResult is the JSON of a fleet.
type fleetResult struct {
	reports.Fleet
	Accounts fleetAccounts `json:"accounts"`
}

// fleetAccounts are in the order in which they stand.
type fleetAccounts []struct {
	reports.FleetAccount
	Result json.RawMessage `json:"result"`
	key    string
}

func (all *fleetAccounts) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		one := make(fleetAccounts, 1)
		if err := d.Decode(&one[0]); err != nil {
			return err
		}
		one[0].key = key.(string)
		*all = append(*all, one[0])
	}
	return nil
}

func (w *town) run(t *testing.T, args ...string) (fleetResult, screen, int) {
	t.Helper()
	sc := w.screen("", false)
	status := w.on(t, sc, append(args, "--output", "json")...)
	var got fleetResult
	if sc.stdout.Len() > 0 {
		require.NoError(t, json.Unmarshal(sc.stdout.Bytes(), &got))
	}
	return got, sc, status
}

// TestFleet is one machine that works for 40 accounts, three of which it cannot serve.
func TestFleet(t *testing.T) {
	t.Parallel()
	const many = 40
	w := newTown(t, many, func(i int, c *emulator.Config) {
		c.Concurrency, c.APS = 60, townAPS // an account by itself has 50 requests in flight at most
		switch i {
		case 7:
			c.AuthToken = "changed since"
		case 11:
			c.Status = emulator.Suspended
		}
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.ConversationsURL+"/v1/Configuration", strings.NewReader("DefaultClosedTimer=PT20M"))
	require.NoError(t, err)
	req.SetBasicAuth(memberSID(23), "token-of-23")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)

	got, sc, status := w.run(t, "migrate", "--yes")
	require.Equal(t, exitIncomplete, status, sc.stderr.String())
	require.Len(t, got.Accounts, many)
	satisfies(t, "fleet", sc.stdout.Bytes())
	bad := map[string]string{"a7": reports.FleetNoAccess, "a11": reports.FleetNoAccess, "a23": reports.FleetFailed}
	for i, a := range got.Accounts {
		require.Equal(t, a.SourceSID, a.key)
		require.Equal(t, fmt.Sprintf("a%d", i+1), a.Name)
		require.Equal(t, memberSID(i+1), a.SourceSID)
		if state, ok := bad[a.Name]; ok {
			require.Equal(t, state, a.State, a.Name)
			require.NotEmpty(t, a.Error)
			require.Equal(t, "chatbridge migrate --accounts "+w.file+" --ledger-dir "+w.path()+" --account "+a.Name, a.Next)
			require.Contains(t, sc.stderr.String(), a.Name+": error: ")
			require.Zero(t, w.server.Account(a.SourceSID).Stats().Conversations.Writes-int64(map[string]int{"a23": 1}[a.Name]))
			continue
		}
		require.Equal(t, reports.FleetWhole, a.State, "%s: %s", a.Name, a.Error)
		require.Equal(t, reports.Part{Done: 10, Total: 10}, a.Messages)
		require.FileExists(t, w.path(a.Name+".db"))
		for _, ext := range []string{"json", "txt", "html"} {
			require.FileExists(t, w.path("reports", a.Name, "migrate."+ext))
		}
		alone, err := os.ReadFile(w.path("reports", a.Name, "migrate.json"))
		require.NoError(t, err)
		require.JSONEq(t, string(alone), string(a.Result))
		satisfies(t, "migrate", alone)
		var whose struct {
			Provenance struct{ Source, Target struct{ Account string } }
		}
		require.NoError(t, json.Unmarshal(a.Result, &whose))
		require.Equal(t, []string{memberSID(i + 1), memberSID(i + 1)}, []string{whose.Provenance.Source.Account, whose.Provenance.Target.Account})
	}
	require.EqualValues(t, many-3, got.Totals.Whole)
	require.Contains(t, sc.stderr.String(), `"error":"3 of 40 accounts are not whole: a7, a11, a23"`)
	for _, sid := range w.server.Accounts() {
		stats := w.server.Account(sid).Stats()
		require.Zero(t, stats.Foreign, "a credential of one account reached another")
		require.Zero(t, stats.Chat.Throttled+stats.Conversations.Throttled+stats.Media.Throttled, "limits are held for each account")
		require.Zero(t, stats.RefusedSourceWrites)
	}
	require.Zero(t, w.server.Stats().Chat.Reads, "nothing was asked of the parent")

	t.Run("status and report read the folder, without credentials", func(t *testing.T) {
		for _, command := range []string{"status", "report"} {
			sc := newScreen("", false)
			status := run(t.Context(), sc.console, []string{command, "--accounts", w.file, "--ledger-dir", w.path()})
			require.Equal(t, exitIncomplete, status, sc.stderr.String())
			require.Contains(t, sc.stdout.String(), "37 of 40 whole")
		}
	})
	t.Run("the page leads to that of each account", func(t *testing.T) {
		page, err := os.ReadFile(w.path("reports", "migrate.html"))
		require.NoError(t, err)
		require.Contains(t, string(page), `<a href="a1/migrate.html">a1</a>`)
		require.NotContains(t, string(page), `<a href="a7/`)
	})
	t.Run("both sides are compared, and those that were not migrated are named again", func(t *testing.T) {
		got, _, status := w.run(t, "verify", "--exclude-account", "a7", "--exclude-account", memberSID(11), "--exclude-account", "a23")
		require.Equal(t, exitDone, status)
		require.Len(t, got.Accounts, many-3)
		require.FileExists(t, w.path("reports", "a1", "verify.json"))
	})
	t.Run("no secret is in any file", func(t *testing.T) {
		require.NoError(t, filepath.WalkDir(w.path(), func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(path)
			require.False(t, bytes.Contains(raw, []byte("token-of-")), path)
			info, statErr := d.Info()
			require.NoError(t, statErr)
			require.Zero(t, info.Mode().Perm()&0o077, path)
			return err
		}))
	})
}

func TestFleetIsTheCommandItself(t *testing.T) {
	w := newTown(t, 1, nil)
	sc := newScreen("", false, append(w.env, "TWILIO_ACCOUNT_SID="+memberSID(1), "TWILIO_AUTH_TOKEN=token-of-1")...)
	require.Equal(t, exitDone, run(t.Context(), sc.console, []string{"audit", "--output", "json"}), sc.stderr.String())
	got, _, status := w.run(t, "audit")
	require.Equal(t, exitDone, status)
	steady := func(raw []byte) map[string]any {
		var v map[string]any
		require.NoError(t, json.Unmarshal(raw, &v))
		delete(v, "estimate") // depends on how long requests took
		delete(v, "plan")
		return v
	}
	require.Equal(t, steady(sc.stdout.Bytes()), steady(got.Accounts[0].Result))
}

func TestFleetInterrupted(t *testing.T) {
	t.Parallel()
	t.Run("every account finishes what is in flight, none begins, and all resume", func(t *testing.T) {
		var writes atomic.Int64
		var sc screen
		w := newTown(t, 6, func(_ int, c *emulator.Config) {
			c.Intercept = func(rw http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() && writes.Add(1) == 20 {
					sc.interrupts <- os.Interrupt
				}
				commit().WriteTo(rw)
			}
		})
		sc = w.screen("", false)
		require.Equal(t, exitInterrupted, w.on(t, sc, "migrate", "--yes", "--accounts-at-once", "2", "--output", "json"))
		require.Equal(t, 1, strings.Count(sc.stderr.String(), finishing), "said once for all")
		var got fleetResult
		require.NoError(t, json.Unmarshal(sc.stdout.Bytes(), &got))
		require.Equal(t, "interrupted", got.Status)
		require.Positive(t, got.Totals.States[reports.FleetNotBegun])

		got, again, status := w.run(t, "migrate", "--yes")
		require.Equal(t, exitDone, status, again.stderr.String())
		require.EqualValues(t, 6, got.Totals.Whole)
		_, _, status = w.run(t, "verify")
		require.Equal(t, exitDone, status)
	})
	t.Run("the second signal ends all at once", func(t *testing.T) {
		var sc screen
		var held atomic.Bool
		w := newTown(t, 3, func(_ int, c *emulator.Config) {
			c.Intercept = func(rw http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() && x.Path[len(x.Path)-1] == "Messages" {
					if held.CompareAndSwap(false, true) {
						sc.interrupts <- os.Interrupt
						sc.interrupts <- os.Interrupt
					}
					<-r.Context().Done()
					panic(http.ErrAbortHandler)
				}
				commit().WriteTo(rw)
			}
		})
		sc = w.screen("", false)
		require.Equal(t, exitInterrupted, w.on(t, sc, "migrate", "--yes"))
		require.Equal(t, 1, strings.Count(sc.stderr.String(), "stopping at once"))
	})
	t.Run("a signal between two parts of the work is not missed", func(t *testing.T) {
		sc := newScreen("", false)
		r, stop := relayed(sc.console, 0)
		defer stop()
		sc.interrupts <- os.Interrupt
		<-r.first
		late, release := r.signals()
		defer release()
		require.Len(t, late, 1)
	})
	t.Run("--max-duration is for all together", func(t *testing.T) {
		w := newTown(t, 2, func(_ int, c *emulator.Config) {
			c.Intercept = func(rw http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() {
					time.Sleep(20 * time.Millisecond) // the time has to be up before the work is done
				}
				commit().WriteTo(rw)
			}
		})
		sc := w.screen("", false, "CHATBRIDGE_MAX_DURATION=50ms")
		require.Equal(t, exitInterrupted, w.on(t, sc, "migrate", "--yes"))
		require.Equal(t, 1, strings.Count(sc.stderr.String(), timeIsUp))
		require.Contains(t, sc.stderr.String(), "error: run: the time of --max-duration 50ms is up")
	})
}

func TestFleetAsksOnce(t *testing.T) {
	t.Run("for all, with the amounts of each and of all", func(t *testing.T) {
		w := newTown(t, 3, func(i int, c *emulator.Config) {
			if i == 2 {
				c.AuthToken = "changed since"
			}
		})
		sc := w.screen("yes\n", true)
		require.Equal(t, exitIncomplete, w.on(t, sc, "migrate"))
		said := sc.stderr.String()
		require.Equal(t, 1, strings.Count(said, "Begin? [y/N]"))
		require.Contains(t, said, "  a1 ("+memberSID(1)+"): 2 channels, 10 messages, ")
		require.Contains(t, said, "  a2 ("+memberSID(2)+"): not migrated: ")
		require.Contains(t, said, "In all, 4 channels, 20 messages, ")
		require.FileExists(t, w.path("a3.db"))
		require.NoFileExists(t, w.path("a2.db"))
	})
	t.Run("and changes nothing when the answer is no", func(t *testing.T) {
		w := newTown(t, 2, nil)
		sc := w.screen("no\n", true)
		require.Equal(t, exitUsage, w.on(t, sc, "migrate"))
		require.NoDirExists(t, w.path())
		for _, sid := range w.server.Accounts() {
			require.Zero(t, w.server.Account(sid).Stats().Conversations.Writes)
		}
	})
	t.Run("and refuses without a terminal", func(t *testing.T) {
		w := newTown(t, 1, nil)
		sc := w.screen("", false)
		require.Equal(t, exitUsage, w.on(t, sc, "migrate"))
		require.Zero(t, w.server.Account(memberSID(1)).Stats().Chat.Reads)
	})
}

func TestFleetEnds(t *testing.T) {
	t.Parallel()
	t.Run("with 4 if no account can be opened", func(t *testing.T) {
		w := newTown(t, 2, func(_ int, c *emulator.Config) { c.AuthToken = "changed since" })
		got, sc, status := w.run(t, "audit")
		require.Equal(t, exitCredentials, status)
		require.EqualValues(t, 2, got.Totals.States[reports.FleetNoAccess])
		require.Contains(t, sc.stderr.String(), "check account_sid and auth_token_env of source of a1 in "+w.file)
	})
	t.Run("with 3 if something of one is not carried, and the others are whole", func(t *testing.T) {
		w := newTown(t, 2, func(i int, c *emulator.Config) {
			if i == 2 {
				c.Generate, c.Archive = emulator.Generate{}, os.DirFS(edgeCases)
			}
		})
		got, _, status := w.run(t, "migrate", "--yes")
		require.Equal(t, exitIncomplete, status)
		require.Equal(t, reports.FleetWhole, got.Accounts[0].State)
		require.Equal(t, reports.FleetNotWhole, got.Accounts[1].State)
		require.Positive(t, got.Accounts[1].NotCarried)
		require.Regexp(t, "^chatbridge status .* --account a2 --all$", got.Accounts[1].Next)
		require.Empty(t, got.Next)
	})
}

func TestFleetSettings(t *testing.T) {
	w := newTown(t, 2, nil)
	raw, err := os.ReadFile(w.file)
	require.NoError(t, err)
	w.write(t, "fleet.yaml", string(raw)+"  limit: 1\n  concurrency: 3\n") // of a2
	messages := func(env []string, args ...string) (all []int64) {
		sc := w.screen("", false, env...)
		require.Equal(t, exitDone, w.on(t, sc, append([]string{"audit", "--output", "json"}, args...)...), sc.stderr.String())
		var got fleetResult
		require.NoError(t, json.Unmarshal(sc.stdout.Bytes(), &got))
		for _, a := range got.Accounts {
			all = append(all, a.Channels.Total)
		}
		return all
	}
	require.Equal(t, []int64{2, 1}, messages(nil), "an entry has settings of its own")
	require.Equal(t, []int64{2, 1}, messages([]string{"CHATBRIDGE_LIMIT=2"}), "which win over a variable")
	require.Equal(t, []int64{2, 2}, messages(nil, "--limit", "2"), "and not over a flag")
}

func TestFleetMetrics(t *testing.T) {
	t.Parallel()
	var url <-chan string
	var seen string
	var failed error
	var writes atomic.Int64
	w := newTown(t, 2, func(_ int, c *emulator.Config) {
		c.Intercept = func(rw http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && writes.Add(1) == 60 {
				seen, failed = scrape(<-url)
			}
			commit().WriteTo(rw)
		}
	})
	sc := w.screen("", false)
	sc.console.err, url = announced(sc.console.err)
	require.Equal(t, exitDone, w.on(t, sc, "migrate", "--yes", "--metrics-addr", ":0"), sc.stderr.String())
	require.NoError(t, failed)
	require.Contains(t, seen, `chatbridge_requests_total{account="a1",`)
	require.Contains(t, seen, `chatbridge_requests_total{account="a2",`)
}
