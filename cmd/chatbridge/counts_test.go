package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// census is edge-cases in an emulator, and what each command says of it.
type census struct {
	t      *testing.T
	server *emulator.Server
	ledger string
	// signal interrupts a run at that write; 0 none.
	signal atomic.Int64
	writes atomic.Int64
	screen screen
}

func countEdgeCases(t *testing.T) *census {
	c := &census{t: t, ledger: filepath.Join(ledgertest.Dir(t), "l.db")}
	c.server = newTestServer(t, emulator.Config{Archive: os.DirFS(edgeCases), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Write() && c.writes.Add(1) == c.signal.Load() {
			c.screen.interrupts <- os.Interrupt
		}
		commit().WriteTo(w)
	}})
	return c
}

// says is what a command prints as JSON.
func (c *census) says(into any, status int, args ...string) {
	c.t.Helper()
	c.screen = newScreen("", false,
		"TWILIO_ACCOUNT_SID="+emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN="+emulator.DefaultAuthToken,
		"CHATBRIDGE_CHAT_URL="+c.server.ChatURL, "CHATBRIDGE_CONVERSATIONS_URL="+c.server.ConversationsURL, "NO_PROXY=*")
	got := run(c.t.Context(), c.screen.console, append(args, "--output", "json", "-q"))
	require.Equal(c.t, status, got, "%v: %s", args, c.screen.stderr.String())
	require.NoError(c.t, json.Unmarshal(c.screen.stdout.Bytes(), into))
}

func (c *census) migrate(status int, policies ...string) (s replay.Summary) {
	c.t.Helper()
	c.says(&s, status, append([]string{"migrate", "--yes", "--aps", "0", "--settle", "200ms", "--ledger", c.ledger}, policies...)...)
	return s
}

// parts are a count without what only a run knows: how much of it is new.
func parts(counts map[string]migrate.KindCount, kinds ...string) map[string][4]int64 {
	all := map[string][4]int64{}
	for _, kind := range kinds {
		k := counts[kind]
		all[kind] = [4]int64{k.Source, k.Target(), k.LeftOut, k.Failed}
	}
	return all
}

var (
	laneKinds = []string{migrate.KindChannels, migrate.KindMembers, migrate.KindMessages}
	compared  = append([]string{migrate.KindServices, migrate.KindRoles, migrate.KindUsers, migrate.KindInvites}, laneKinds...)
)

// kept requires that status and report say what the last run said.
func (c *census) kept(s replay.Summary) {
	c.t.Helper()
	var status reports.Status
	c.says(&status, exitDone, "status", "--ledger", c.ledger)
	require.Equal(c.t, parts(s.Counts, laneKinds...), parts(status.Services[0].Counts, laneKinds...))
	messages := s.Counts[migrate.KindMessages]
	require.Equal(c.t, reports.Part{Done: messages.Target(), Total: messages.Source}, status.Services[0].Messages)
	channels := s.Counts[migrate.KindChannels]
	require.Equal(c.t, reports.Part{Done: channels.Target(), Total: channels.Source}, status.Services[0].Channels)

	var again replay.Summary
	c.says(&again, exitDone, "report", "--ledger", c.ledger)
	require.Equal(c.t, s.Counts, again.Counts)
	require.Equal(c.t, s.Findings, again.Findings)
}

// agree requires that audit and verify say what the last run said, with the same
// policies.
func (c *census) agree(s replay.Summary, policies ...string) audit.Audit {
	c.t.Helper()
	c.kept(s)
	var a audit.Audit
	c.says(&a, exitDone, append([]string{"audit", "--replay"}, policies...)...)
	for kind, n := range map[string]int64{
		migrate.KindServices: a.Counts.Services, migrate.KindRoles: a.Counts.Roles, migrate.KindUsers: a.Counts.Users,
		migrate.KindChannels: a.Counts.Channels, migrate.KindMembers: a.Counts.Members, migrate.KindMessages: a.Counts.Messages,
		migrate.KindInvites: a.Counts.Invites, migrate.KindCredentials: a.Counts.Credentials,
	} {
		k := s.Counts[kind]
		require.Equal(c.t, n, k.Source, "%s: the audit and the run", kind)
		require.Equal(c.t, k.Source, k.Target()+k.LeftOut+k.Failed, "%s: each has one fate", kind)
	}
	var v verify.Verification
	status := exitDone
	if s.Status != migrate.Complete {
		status = exitIncomplete
	}
	c.says(&v, status, append([]string{"verify", "--settle", "200ms", "--ledger", c.ledger}, policies...)...)
	require.Equal(c.t, parts(s.Counts, compared...), parts(v.Counts, compared...), "the run and the comparison")
	return a
}

// undecided are policies that stop nothing.
func undecided() []string {
	var all []string
	for _, code := range mapping.Codes() {
		if len(code.Choices) == 0 || code.Choices[0].Severity != mapping.Stop {
			continue
		}
		for _, choice := range code.Choices {
			text := code.Code == mapping.BodyEmpty || code.Code == mapping.BodyTooLong // skipped already
			if choice.Severity != mapping.Stop && (!text || choice.Severity == mapping.Skip) {
				all = append(all, string(code.Code)+"="+string(choice.Choice))
				break
			}
		}
	}
	return []string{"--policy", strings.Join(all, ",")}
}

// TestCountsAgree holds what the commands say against each other: a manager who
// reads two of them reads one number.
func TestCountsAgree(t *testing.T) {
	t.Parallel()
	c := countEdgeCases(t)

	c.signal.Store(300)
	cut := c.migrate(exitInterrupted)
	require.Equal(t, migrate.InterruptedStatus, cut.Status)
	c.kept(cut)

	partial := c.migrate(exitIncomplete)
	c.agree(partial)
	require.NotZero(t, partial.Counts[migrate.KindMessages].Failed, "what is in channels that were stopped stays in the total")
	require.NotZero(t, partial.Counts[migrate.KindMembers].LeftOut)

	third := c.migrate(exitIncomplete)
	c.agree(third)
	require.Equal(t, partial.Findings, third.Findings, "losses are of the migration, not of the last run")
	require.Equal(t, parts(partial.Counts, compared...), parts(third.Counts, compared...))

	some := []string{"--policy", "empty-body=skip,body-too-long=skip"}
	better := c.migrate(exitIncomplete, append(some, "--accept-settings")...)
	c.agree(better, some...)
	require.NotZero(t, better.Counts[migrate.KindMessages].LeftOut)
	require.Less(t, better.Counts[migrate.KindMessages].Failed, third.Counts[migrate.KindMessages].Failed)

	whole := c.migrate(exitDone, append(undecided(), "--accept-settings")...)
	for _, kind := range compared {
		require.Zero(t, whole.Counts[kind].Failed, kind)
	}
	again := c.migrate(exitDone, undecided()...)
	require.Equal(t, whole.Findings, again.Findings)
	require.Equal(t, parts(whole.Counts, compared...), parts(again.Counts, compared...))
	a := c.agree(again, undecided()...)
	require.Equal(t, a.Findings, again.Findings, "what the audit announced is what was found, with the same samples")
}

// TestCountsAgreeAboutListedMessages lists every third message, those that would stop
// their channel too, and then one more that was written already.
func TestCountsAgreeAboutListedMessages(t *testing.T) {
	t.Parallel()
	c := countEdgeCases(t)
	var sids []string
	files, err := filepath.Glob(filepath.Join(edgeCases, "services", "*", "channels", "*", "messages.jsonl"))
	require.NoError(t, err)
	for _, name := range files {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		for line := range strings.Lines(string(raw)) {
			var m struct{ SID string }
			if json.Unmarshal([]byte(line), &m) == nil && m.SID != "" {
				sids = append(sids, m.SID)
			}
		}
	}
	list := func(every int) []string {
		var lines []string
		for i := 0; i < len(sids); i += every {
			lines = append(lines, sids[i])
		}
		name := filepath.Join(ledgertest.Dir(t), "list.txt")
		require.NoError(t, os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600))
		return append(undecided(), "--skip-messages", name)
	}
	thirds := list(3)
	whole := c.migrate(exitDone, thirds...)
	require.GreaterOrEqual(t, whole.Counts[migrate.KindMessages].LeftOut, int64(len(sids)/3))
	require.Empty(t, whole.Unmatched)
	c.agree(whole, thirds...)
	again := c.migrate(exitDone, thirds...)
	require.Equal(t, whole.Findings, again.Findings)
	require.Equal(t, parts(whole.Counts, compared...), parts(again.Counts, compared...))
	require.Empty(t, again.Unmatched, "an earlier run left them out")
	c.agree(again, thirds...)

	all := append(list(1), "--accept-settings")
	late := c.migrate(exitDone, all...)
	for _, u := range late.Unmatched {
		require.LessOrEqual(t, u.Count, 2, "what another policy had left out before is not read again")
	}
	require.Equal(t, parts(again.Counts, compared...), parts(late.Counts, compared...), "what is there is not left out")
	c.kept(late)
	var v verify.Verification
	c.says(&v, exitIncomplete, append([]string{"verify", "--settle", "200ms", "--ledger", c.ledger}, all[:len(all)-1]...)...)
	require.Equal(t, parts(late.Counts, migrate.KindMessages), parts(v.Counts, migrate.KindMessages))
	require.Equal(t, late.Counts[migrate.KindMessages].Target(), v.Differences[verify.Extra])
}

func TestUndoForgetsLosses(t *testing.T) {
	t.Parallel()
	c := &census{t: t, ledger: filepath.Join(ledgertest.Dir(t), "l.db"), server: sampleServer(t, nil)}
	s := c.migrate(exitDone)
	require.Greater(t, len(s.Findings), 5)
	var undone struct{}
	c.says(&undone, exitDone, "undo", "--execute", "--yes", "--ledger", c.ledger)
	l, err := readLedger(t.Context(), c.ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	left, err := l.Findings(t.Context())
	require.NoError(t, err)
	for _, f := range left {
		require.Equal(t, mapping.CredentialSecret, f.Code, "credentials belong to the account, and to no service")
	}
}
