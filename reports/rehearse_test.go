package reports_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/rehearse"
	"chatbridge/reports"
)

// rehearsal is one with every verdict, and hostile text.
func rehearsal() migrate.Rehearsal {
	return migrate.Rehearsal{
		SchemaVersion: migrate.SchemaVersion, Command: "rehearse", AccountSID: "AC1", Region: "ie1", Host: "conversations.ie1.twilio.com",
		ServiceSID: "IS1", Removed: true,
		Experiments: []migrate.Experiment{
			{Name: "clock", Assumed: "one clock", Seen: "they agree", Verdict: migrate.AsAssumed, Requests: 4},
			{Name: "author", Assumed: "as sent", Seen: "stored as " + hostile, Verdict: migrate.Dangerous, Follows: "do not migrate", Stops: "authors are lost", Requests: 3},
			{Name: "late-append", Assumed: "within 10 s", Seen: "after 20 s", Verdict: migrate.Dangerous, Follows: "wait longer", Settle: 40},
			{Name: "role-names", Assumed: "two of a name", Seen: "refused", Verdict: migrate.Harmless, Follows: "nothing"},
			{Name: "media-twice", Assumed: "refused", Seen: "no host", Verdict: migrate.NotSeen},
		},
		Verdicts:   map[migrate.Verdict]int{migrate.AsAssumed: 1, migrate.Harmless: 1, migrate.Dangerous: 2, migrate.NotSeen: 1},
		WriteTimes: map[string]float64{"messages": 0.12}, Requests: 7, Duration: 610,
	}
}

func rehearsalReport(t *testing.T, f reports.Format, r migrate.Rehearsal) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.Rehearse(&b, f, r))
	return b.String()
}

var rehearsalForms = map[reports.Format]string{
	reports.Text: "rehearsal.txt", reports.JSON: "rehearsal.json", reports.Markdown: "rehearsal.md", reports.HTML: "rehearsal.html",
}

func TestRehearse(t *testing.T) {
	for f, name := range rehearsalForms {
		t.Run(name+" is as it was agreed on", func(t *testing.T) {
			got := rehearsalReport(t, f, readResult[migrate.Rehearsal](t, "rehearsal"))
			path := filepath.Join("..", "testdata", "golden", name)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
				return
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "go test ./reports -update writes it")
			require.Equal(t, string(want), got)
		})
		t.Run(name+" holds no control character", func(t *testing.T) {
			for _, r := range rehearsalReport(t, f, rehearsal()) {
				require.False(t, r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)), "%q", r)
			}
		})
	}
	t.Run("what speaks against a migration is said in the first line", func(t *testing.T) {
		for _, f := range []reports.Format{reports.Text, reports.Markdown, reports.HTML} {
			got := strings.ReplaceAll(rehearsalReport(t, f, rehearsal()), `\`, "")
			require.Contains(t, strings.ToLower(got), "do not migrate into this account: 1 experiment speaks against it (author)")
			require.Contains(t, got, "40 s")
		}
	})
	t.Run("a service that is left has the command that removes it", func(t *testing.T) {
		left := rehearsal()
		left.Removed = false
		require.Contains(t, rehearsalReport(t, reports.Text, left), "was not removed")
		require.Contains(t, rehearsalReport(t, reports.Text, left), "chatbridge rehearse --clean")
		require.NotContains(t, rehearsalReport(t, reports.Text, rehearsal()), "--clean")
	})
	t.Run("no experiments are an empty list, and not null", func(t *testing.T) {
		var got map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(rehearsalReport(t, reports.JSON, migrate.Rehearsal{})), &got))
		require.Equal(t, "[]", string(got["experiments"]))
	})
	t.Run("there is no other form", func(t *testing.T) {
		require.Error(t, reports.Rehearse(&bytes.Buffer{}, reports.CSV, rehearsal()))
		require.Error(t, reports.RehearseClean(&bytes.Buffer{}, reports.CSV, rehearse.Nothing()))
	})
}

func TestRehearseClean(t *testing.T) {
	for _, c := range []struct {
		name  string
		clean rehearse.Cleaned
		says  string
	}{
		{"what was removed is named", rehearse.Cleaned{Recorded: true, Removed: []string{"IS1"}}, "service IS1 was deleted, and is gone."},
		{"a service that was not there is no news", rehearse.Cleaned{Recorded: true}, "the recorded service is not there; nothing was deleted."},
		{"nothing recorded means nothing deleted", rehearse.Nothing(), "no rehearsal is recorded here; nothing was deleted."},
		{"those of others are named, and left", rehearse.Cleaned{Others: []string{"IS2"}}, "IS2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, reports.RehearseClean(&b, reports.Text, c.clean))
			require.Contains(t, b.String(), c.says)
		})
	}
}
