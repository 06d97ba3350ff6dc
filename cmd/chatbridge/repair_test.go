package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/twilio"
)

// damaged is a migration that was finished and then damaged.
type damaged struct {
	rig
	server  *emulator.Server
	target  *twilio.Target
	service string
}

func newDamaged(t *testing.T) *damaged {
	t.Helper()
	server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t)})
	r := newRig(t, server, "", false)
	r.Yes, r.Settle = true, 10*time.Millisecond
	require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
	r.stdout.Reset()
	target, err := twilio.NewTarget(twilio.Config{
		BaseURL: server.ConversationsURL, ChatURL: server.ChatURL, AccountSID: emulator.DefaultAccountSID,
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken, HTTP: http.RoundTripper(r.base),
	})
	require.NoError(t, err)
	d := &damaged{rig: r, server: server, target: target}
	for s, err := range target.Services(t.Context()) {
		require.NoError(t, err)
		if s.FriendlyName == "small" && s.SID != smallService {
			d.service = s.SID
		}
	}
	return d
}

// messages are those of the first conversation, and its SID.
func (d *damaged) messages(t *testing.T) (string, []conversations.Message) {
	for c, err := range d.target.Conversations(t.Context(), d.service) {
		require.NoError(t, err)
		var all []conversations.Message
		for m, err := range d.target.Messages(t.Context(), d.service, c.SID, false) {
			require.NoError(t, err)
			all = append(all, m)
		}
		return c.SID, all
	}
	require.FailNow(t, "there is no conversation")
	return "", nil
}

func (d *damaged) loseTail(t *testing.T) {
	conversation, all := d.messages(t)
	for _, m := range all[smallMessages-2:] {
		require.NoError(t, d.target.DeleteMessage(t.Context(), d.service, conversation, m.SID))
	}
}

func (d *damaged) loseMiddle(t *testing.T) {
	conversation, all := d.messages(t)
	require.NoError(t, d.target.DeleteMessage(t.Context(), d.service, conversation, all[1].SID))
}

// repair runs verify --repair.
func (d *damaged) repair(t *testing.T, form string, execute, yes bool) error {
	t.Helper()
	d.stdout.Reset()
	return runVerify(t.Context(), &verifyOptions{
		commonOptions: d.commonOptions, connectionOptions: d.connectionOptions, mappingOptions: d.mappingOptions,
		outputOption: outputOption{form}, ledgerOption: d.ledgerOption, Settle: d.Settle, Repair: true, Execute: execute, Yes: yes,
		console: d.screen.console, connect: dial, openLedger: readLedger,
	})
}

func (d *damaged) writes() int64 { return d.server.Stats().Conversations.Writes }

func TestRepairPreview(t *testing.T) {
	t.Run("says what can be brought back, ends with 3, and writes nothing, into no ledger either", func(t *testing.T) {
		d := newDamaged(t)
		d.loseTail(t)
		writes := d.writes()
		before, err := os.ReadFile(d.Ledger)
		require.NoError(t, err)
		err = d.repair(t, "text", false, false)
		require.Equal(t, exitIncomplete, statusOf(err))
		require.Contains(t, hintOf(err), "--execute")
		require.Regexp(t, `(?m)^- missing: messages IM\w+ -> none in CH\w+ "Channel \d"; can be brought back$`, d.stdout.String())
		require.Contains(t, d.stdout.String(), "nothing was written")
		require.Equal(t, writes, d.writes())
		now, err := os.ReadFile(d.Ledger)
		require.NoError(t, err)
		require.Equal(t, before, now)
	})
	t.Run("of equal sides is done and clean", func(t *testing.T) {
		d := newDamaged(t)
		require.NoError(t, d.repair(t, "text", false, false))
		require.Contains(t, d.stdout.String(), "both sides are equal")
	})
}

func TestRepairExecute(t *testing.T) {
	t.Parallel()
	t.Run("brings back what is missing at the end, and the next migration finds nothing to do", func(t *testing.T) {
		d := newDamaged(t)
		d.loseTail(t)
		require.NoError(t, d.repair(t, "csv", true, true))
		require.Contains(t, d.stdout.String(), "missing,not in target,messages,")
		require.Contains(t, d.stdout.String(), ",brought back,")
		require.True(t, d.verify(t).Equal)
		writes, began := d.writes(), time.Now()
		require.NoError(t, runMigrate(t.Context(), d.migrateOptions))
		onlyClaims(t, 1, began, d.writes()-writes)
		require.Zero(t, d.server.Stats().Pushes)
	})
	t.Run("repairs without a ledger too", func(t *testing.T) {
		d := newDamaged(t)
		d.loseTail(t)
		d.Ledger = filepath.Join(ledgertest.Dir(t), "none.db")
		require.NoError(t, d.repair(t, "json", true, true))
		require.NoFileExists(t, d.Ledger)
		require.True(t, d.verify(t).Equal)
	})
	t.Run("ends with 3 and a reason where something cannot be brought back", func(t *testing.T) {
		d := newDamaged(t)
		d.loseMiddle(t)
		err := d.repair(t, "text", true, true)
		require.Equal(t, exitIncomplete, statusOf(err))
		require.Regexp(t, `(?m)^- missing: messages IM\w+ -> none in CH\w+ "Channel \d"; stays: it cannot be brought back in its place`, d.stdout.String())
	})
	t.Run("asks, and writes nothing when the answer is no", func(t *testing.T) {
		d := newDamaged(t)
		d.loseTail(t)
		writes := d.writes()
		d.console.terminal = func(any) bool { return true }
		require.Equal(t, exitUsage, statusOf(d.repair(t, "text", true, false)))
		require.Contains(t, d.stderr.String(), "Begin? [y/N]")
		require.Equal(t, writes, d.writes())
	})
	t.Run("wants --yes where nobody can be asked", func(t *testing.T) {
		d := newDamaged(t)
		err := d.repair(t, "text", true, false)
		require.Equal(t, exitUsage, statusOf(err))
		require.Contains(t, hintOf(err), "--execute --yes")
	})
	t.Run("refuses a ledger of other settings, but may take fewer services", func(t *testing.T) {
		d := newDamaged(t)
		d.loseTail(t)
		d.Stamp = false
		require.Equal(t, exitLedger, statusOf(d.repair(t, "text", true, true)))
		d.Stamp, d.Services = true, []string{smallService}
		require.NoError(t, d.repair(t, "text", true, true))
	})
	t.Run("refuses a ledger that a migration has", func(t *testing.T) {
		d := newDamaged(t)
		l, err := openLedger(context.Background(), d.Ledger)
		require.NoError(t, err)
		defer l.Close()
		err = d.repair(t, "text", true, true)
		require.Equal(t, exitLedger, statusOf(err))
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
	})
}
