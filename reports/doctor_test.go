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
	"chatbridge/migrate/doctor"
	"chatbridge/reports"
)

func diagnosis() doctor.Diagnosis {
	return doctor.Diagnosis{
		SchemaVersion: migrate.SchemaVersion, Command: "doctor", SameAccount: true,
		Probes: []doctor.Probe{
			{ID: "chat-v1", Assumed: "Chat v1 answers for this account", Seen: "it answers", Verdict: migrate.AsAssumed, Requests: 2},
			{ID: "dates", Assumed: "dates are ISO 8601, to the second", Seen: "12 RFC 2822, such as " + hostile, Verdict: migrate.Harmless, Advice: "nothing to do: chatbridge reads both forms"},
			{
				ID: "default-timers", Assumed: "the target account has no timers that close conversations",
				Seen: `inactive "P1D", closed "": migrated conversations would be closed for good`, Verdict: migrate.Dangerous,
				Advice: "clear the default timers in the Twilio Console (Conversations, Defaults); migrate refuses to start until then", Requests: 1,
			},
			{ID: "media", Assumed: "v1 shows a message with a file as one with an empty body", Seen: "no file", Verdict: migrate.NotSeen, Requests: 4},
		},
		Verdicts: map[migrate.Verdict]int{migrate.AsAssumed: 1, migrate.Harmless: 1, migrate.Dangerous: 1, migrate.NotSeen: 1},
		Requests: 7, Duration: 1.25,
	}
}

func doctorReport(t *testing.T, f reports.Format, g doctor.Diagnosis) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.Doctor(&b, f, g))
	return b.String()
}

func TestDoctor(t *testing.T) {
	for f, name := range map[reports.Format]string{reports.Text: "doctor.txt", reports.JSON: "doctor.json", reports.Markdown: "doctor.md"} {
		t.Run(name+" is as it was agreed on", func(t *testing.T) {
			got := doctorReport(t, f, readResult[doctor.Diagnosis](t, "doctor"))
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
			for _, r := range doctorReport(t, f, diagnosis()) {
				require.False(t, r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)), "%q", r)
			}
		})
	}
	t.Run("what is dangerous comes first, for people", func(t *testing.T) {
		for _, f := range []reports.Format{reports.Text, reports.Markdown} {
			got := doctorReport(t, f, diagnosis())
			require.Less(t, strings.Index(got, "timers"), strings.Index(got, "it answers"))
		}
	})
	t.Run("nothing dangerous is said in the first line", func(t *testing.T) {
		require.Contains(t, doctorReport(t, reports.Text, doctor.Diagnosis{Sound: true}), "nothing dangerous was seen.")
	})
	t.Run("no probes are an empty list, and not null", func(t *testing.T) {
		var got map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(doctorReport(t, reports.JSON, doctor.Diagnosis{})), &got))
		require.Equal(t, "[]", string(got["probes"]))
	})
	t.Run("there is no other form", func(t *testing.T) {
		require.Error(t, reports.Doctor(&bytes.Buffer{}, reports.CSV, diagnosis()))
	})
}
