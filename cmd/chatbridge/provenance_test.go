package main

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/sqlite"
	"chatbridge/reports"
)

// provenanceIn is where a report in JSON says that it comes from; nil if it does not.
func provenanceIn(t *testing.T, raw string) *reports.Provenance {
	t.Helper()
	var k kept
	require.NoError(t, json.Unmarshal([]byte(raw), &k), raw)
	return k.Provenance
}

func TestProvenance(t *testing.T) {
	t.Parallel()
	server := sampleServer(t, nil)
	dir := ledgertest.Dir(t)
	ledger, people := filepath.Join(dir, "support.db"), filepath.Join(dir, "people.csv")
	require.NoError(t, os.WriteFile(people, []byte("nobody,somebody\n"), 0o600))
	config := filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("settle: 10ms\npolicy:\n  invite: skip\n"), 0o600))
	env := []string{
		"TWILIO_ACCOUNT_SID=" + emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN=" + emulator.DefaultAuthToken,
		"CHATBRIDGE_CHAT_URL=" + server.ChatURL, "CHATBRIDGE_CONVERSATIONS_URL=" + server.ConversationsURL,
		"CHATBRIDGE_REPLAY=true",
	}
	command := func(t *testing.T, line string) string {
		t.Helper()
		s := newScreen("", false, env...)
		require.Equal(t, exitDone, run(t.Context(), s.console, strings.Fields(line)), s.stderr.String())
		require.NotContains(t, s.stdout.String()+s.stderr.String(), emulator.DefaultAuthToken)
		return s.stdout.String()
	}
	host := func(address string) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		return u.Host
	}
	source := &reports.Side{Account: emulator.DefaultAccountSID, Host: host(server.ChatURL)}
	target := &reports.Side{Account: emulator.DefaultAccountSID, Host: host(server.ConversationsURL)}
	at := time.Date(2020, 3, 1, 12, 0, 0, 0, time.UTC)
	none := &migrate.Rehearsed{Reason: "there is no rehearsal.json in this folder"}

	t.Run("of an audit has no target, and the settings of the environment and the file", func(t *testing.T) {
		got := provenanceIn(t, command(t, "audit -q -o json --config "+config+" --identities "+people))
		require.Equal(t, &reports.Provenance{At: at, Version: "v1.2.3", Machine: "box", Source: source, Settings: []reports.Setting{
			{Name: "identities", Value: "people.csv"}, {Name: "policy", Value: "invite=skip"}, {Name: "replay", Value: "true"},
		}, Rehearsal: none}, got)
	})
	migrated := provenanceIn(t, command(t, "migrate -q -y -o json --aps 0 --ledger "+ledger+" --config "+config))
	t.Run("of a migration has both sides, and its ledger without the folder", func(t *testing.T) {
		require.Equal(t, &reports.Provenance{At: at, Version: "v1.2.3", Machine: "box", Source: source, Target: target, Ledger: "support.db", Settings: []reports.Setting{
			{Name: "aps", Value: "0"}, {Name: "policy", Value: "invite=skip"}, {Name: "replay", Value: "true"}, {Name: "settle", Value: "10ms"},
		}, Rehearsal: none}, migrated)
	})
	t.Run("is the same in its report, which asks nobody", func(t *testing.T) {
		require.Equal(t, migrated, provenanceIn(t, command(t, "report -o json --ledger "+ledger)))
		page := command(t, "report -o html --ledger "+ledger)
		require.Contains(t, page, source.Host)
		require.Contains(t, page, "<code>--policy invite=skip</code>")
		require.NotContains(t, page, dir)
	})
	t.Run("of an archive has its name without the folder", func(t *testing.T) {
		got := provenanceIn(t, command(t, "audit -q -o json --from-archive "+sampleFolder+" --config "+config))
		require.Equal(t, filepath.Base(sampleFolder), got.Source.Archive)
	})
	t.Run("stands in every page and every JSON", func(t *testing.T) {
		for _, line := range []string{"verify -q -o html", "audit -q -o html", "migrate -q -y -o html", "report -o html"} {
			if !strings.HasPrefix(line, "audit") {
				line += " --ledger " + ledger
			}
			if !strings.HasPrefix(line, "report") {
				line += " --config " + config
			}
			html := command(t, line)
			require.Contains(t, html, `class="facts"`, line)
			require.Contains(t, html, "v1.2.3", line)
			require.Contains(t, html, source.Host, line)
		}
		for _, line := range []string{"verify -q -o json", "verify --repair -q -o json", "undo -q -o json", "report -o json"} {
			require.NotNil(t, provenanceIn(t, command(t, line+" --ledger "+ledger)), line)
		}
		require.NotNil(t, provenanceIn(t, command(t, "doctor -q -o json")))
	})
	t.Run("of a command that ended before its run began stays with the run before", func(t *testing.T) {
		l, err := sqlite.Open(t.Context(), ledger)
		require.NoError(t, err)
		defer l.Close()
		s := newScreen("", false)
		s.console.from = &reports.Provenance{At: time.Now().Add(time.Hour), Version: "another"}
		require.NoError(t, s.console.keep(t.Context(), l))
		last, _, err := l.LastRun(t.Context())
		require.NoError(t, err)
		require.NotContains(t, string(last.Summary), "another")
	})
	t.Run("of a run that was killed is what its ledger is bound to", func(t *testing.T) {
		s := newScreen("", false)
		began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		require.NoError(t, s.console.remembered(migrate.RunRecord{StartedAt: began, Host: "far"}, migrate.Fingerprint{
			"source account": "AC1", "target account": "AC2", servicesSetting: "all", "--to-service": newService, "--policy": "invite=skip",
			"--stamp": "false", "filters": allSelected, "--identities": "none",
		}, ledger))
		require.Equal(t, &reports.Provenance{
			At: began, Version: "v1.2.3", Machine: "far", Ledger: "support.db", Source: &reports.Side{Account: "AC1"}, Target: &reports.Side{Account: "AC2"},
			Settings: []reports.Setting{{Name: "policy", Value: "invite=skip"}, {Name: "stamp", Value: "false"}},
		}, s.console.from)
	})
}

func TestHostOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://chat.twilio.com":                "chat.twilio.com",
		"https://user:secret@chat.twilio.com/v1": "chat.twilio.com",
		"http://127.0.0.1:80?token=secret":       "127.0.0.1:80",
		"https://[::1]:80":                       "[::1]:80",
		"%":                                      "",
	} {
		require.Equal(t, want, hostOf(address), address)
	}
}
