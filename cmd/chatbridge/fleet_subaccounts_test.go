package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/reports"
)

// subs runs a command for the subaccounts of the town's parent.
func (w *town) subs(t *testing.T, env []string, args ...string) (fleetResult, screen, int) {
	t.Helper()
	env = append(env,
		"TWILIO_ACCOUNT_SID="+emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN="+emulator.DefaultAuthToken, "CHATBRIDGE_API_URL="+w.server.APIURL)
	sc := w.screen("", false, env...)
	status := run(t.Context(), sc.console, append(args, "--subaccounts", "--ledger-dir", w.path(), "--output", "json"))
	var got fleetResult
	if sc.stdout.Len() > 0 {
		require.NoError(t, json.Unmarshal(sc.stdout.Bytes(), &got))
	}
	return got, sc, status
}

func TestFleetOfSubaccounts(t *testing.T) {
	t.Parallel()
	t.Run("each is migrated with its own token; what is not active is named and not touched", func(t *testing.T) {
		w := newTown(t, 6, func(i int, c *emulator.Config) {
			c.FriendlyName = "customer-" + string(rune('0'+i))
			switch i {
			case 2:
				c.Status = emulator.Suspended
			case 4:
				c.Status = emulator.Closed
			case 5:
				c.Generate = emulator.Generate{} // it has no Chat
			}
		})
		got, sc, status := w.subs(t, nil, "migrate", "--yes")
		require.Equal(t, exitIncomplete, status, sc.stderr.String())
		states := map[string]string{}
		for _, a := range got.Accounts {
			require.Equal(t, a.SourceSID, a.Name)
			states[a.FriendlyName] = a.State
		}
		require.Equal(t, map[string]string{
			"customer-1": reports.FleetWhole, "customer-2": reports.FleetSuspended, "customer-3": reports.FleetWhole,
			"customer-4": reports.FleetClosed, "customer-5": reports.FleetEmpty, "customer-6": reports.FleetWhole,
		}, states)
		require.Contains(t, sc.stderr.String(), "2 of 6 accounts are not whole")
		for _, n := range []int{2, 4} {
			stats := w.server.Account(memberSID(n)).Stats()
			require.Zero(t, stats.Chat.Reads+stats.Conversations.Reads+stats.Conversations.Writes)
		}
		for _, sid := range w.server.Accounts() {
			require.Zero(t, w.server.Account(sid).Stats().Foreign)
		}
		require.Zero(t, w.server.Stats().Chat.Reads+w.server.Stats().Conversations.Reads, "the parent's own Chat is not read")

		_, sc, status = w.subs(t, nil, "verify", "--exclude-account", "customer-[24]")
		require.Equal(t, exitDone, status, sc.stderr.String())

		got, _, status = w.subs(t, []string{"TWILIO_AUTH_TOKEN=", "CHATBRIDGE_API_URL="}, "status")
		require.Equal(t, exitDone, status, "it asks nobody, and reads every ledger of the folder")
		require.Len(t, got.Accounts, 3)

		require.NoError(t, filepath.WalkDir(w.path(), func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(path)
			require.False(t, bytes.Contains(raw, []byte("token-of-")), path)
			return err
		}))
		require.NotContains(t, sc.stdout.String()+sc.stderr.String(), "token-of-")
	})
	t.Run("what becomes of one between the list and its use stops no other, and the next run lists again", func(t *testing.T) {
		w := newTown(t, 8, func(i int, c *emulator.Config) {
			if i == 0 {
				c.Unkind.TokensRotated, c.Unkind.SuspendedLate, c.Unkind.AccountsShuffled, c.Unkind.AccountsRepeated, c.Unkind.Seed = 0.3, 0.2, true, true, 5
			}
		})
		got, sc, status := w.subs(t, nil, "migrate", "--yes")
		require.Equal(t, exitIncomplete, status, sc.stderr.String())
		require.EqualValues(t, 8, got.Totals.Accounts)
		lost := got.Totals.States[reports.FleetNoAccess]
		require.Positive(t, lost)
		require.Positive(t, got.Totals.Whole)
		require.EqualValues(t, 8, lost+got.Totals.Whole)
		require.Contains(t, sc.stderr.String(), "run the same command again, which lists the tokens again")

		again, _, _ := w.subs(t, nil, "migrate", "--yes")
		require.Greater(t, again.Totals.Whole, got.Totals.Whole)
		require.Zero(t, again.Totals.States[reports.FleetNoAccess])
	})
	t.Run("one whose token is not shown, and one that another parent owns, are named", func(t *testing.T) {
		w := newTown(t, 2, func(i int, c *emulator.Config) {
			if i == 0 {
				c.Unkind.TokensWithheld, c.Unkind.AccountOfAnother = 1, true
			}
		})
		got, _, status := w.subs(t, nil, "audit", "--account", memberSID(1), "--account", "*")
		require.Equal(t, exitIncomplete, status)
		require.EqualValues(t, 3, got.Totals.Accounts)
		require.EqualValues(t, 2, got.Totals.States[reports.FleetNoAccess])
		require.EqualValues(t, 1, got.Totals.States[reports.FleetFailed])
		for _, sid := range w.server.Accounts() {
			require.Zero(t, w.server.Account(sid).Stats().Chat.Reads)
		}
	})
	t.Run("a profile that a variable names opens the parent, and no subaccount; addresses and time are of all together", func(t *testing.T) {
		sc := newScreen("", false, "CHATBRIDGE_PROFILE=work", "CHATBRIDGE_METRICS_ADDR=:0", "CHATBRIDGE_MAX_DURATION=1h")
		sc.console.next = &nextCommands{}
		root := wholeRoot(sc.console, &commonOptions{})
		o := &fleetOptions{console: sc.console, common: &commonOptions{}, LedgerDir: "fleet"}
		for _, cmd := range root.Commands() {
			if cmd.Name() == "migrate" {
				o.cmd = cmd
			}
		}
		require.NoError(t, o.cmd.ParseFlags(nil))
		r, stop := relayed(sc.console, 0)
		defer stop()
		one, err := o.turnOf(t.Context(), account{name: "a1"}, r)
		require.NoError(t, err)
		require.Empty(t, one.errand.connection.Profile)
		require.Empty(t, one.console.given, "no setting is other than by default")
		parent, err := o.parent(t.Context(), sc.console)
		require.NoError(t, err)
		require.Equal(t, "work", parent.Profile)
	})
	for name, c := range map[string]struct {
		env    []string // put before what is there
		args   []string
		status int
		says   string
	}{
		"credentials of a target":      {[]string{"CHATBRIDGE_TARGET_ACCOUNT_SID=" + memberSID(1)}, nil, exitUsage, "credentials of a target are set"},
		"wrong credentials":            {[]string{"TWILIO_AUTH_TOKEN=wrong"}, nil, exitCredentials, "credentials were refused"},
		"no credentials":               {[]string{"TWILIO_AUTH_TOKEN="}, nil, exitCredentials, "TWILIO_AUTH_TOKEN is not set"},
		"those of a subaccount":        {[]string{"TWILIO_ACCOUNT_SID=" + memberSID(1), "TWILIO_AUTH_TOKEN=token-of-1"}, nil, exitCredentials, "is itself a subaccount"},
		"an account that is not there": {nil, []string{"--account", "nobody"}, exitUsage, "names no account"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			w := newTown(t, 1, nil)
			_, sc, status := w.subs(t, c.env, append([]string{"audit"}, c.args...)...)
			require.Equal(t, c.status, status, sc.stderr.String())
			require.Contains(t, sc.stderr.String(), c.says)
			require.NoDirExists(t, w.path())
		})
	}
}
