package reports_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	serviceSID = "IS00000000000000000000000000000001"
	targetSID  = "IS000000000000000000000000000000f1"
	channelSID = "CH00000000000000000000000000000001"
	messageSID = "IM00000000000000000000000000000001"
)

// hostile is what a stranger may have called a channel.
const hostile = "=cmd|'/c calc'!A1\x1b[31m\n|<b>*x*</b>\u202eevil\u009b2J\xff"

func sampleAudit() audit.Audit {
	return audit.Audit{
		SchemaVersion: migrate.SchemaVersion, Command: "audit",
		Services: []migrate.SourceService{{SourceSID: serviceSID, FriendlyName: "Support & Sales"}, {SourceSID: targetSID, FriendlyName: hostile}},
		Counts:   migrate.Counts{Services: 2, Roles: 11, Users: 1040, Channels: 30, Members: 144, Messages: 1234567, Invites: 6, Credentials: 2},
		Requests: audit.PlanRequests{Reads: 72, Writes: 1359},
		Estimate: audit.Estimate{
			Seconds: 3725, BoundBy: "longest lane", Gate: 1.93, LongestLane: 3700, Concurrency: 61,
			LongestChannel: channelSID, APS: 30,
			GateWrites: 58, LongestLaneWrites: 111000, LaneWrites: 29280, Lanes: 16,
		},
		Plan: []audit.PlanRoute{
			{Route: audit.Visible, Reason: "private already", Channels: 20, Messages: 1200000},
			{Route: audit.Promote, Reason: "one request each", Channels: 10, Messages: 34567, Writes: 10, Seconds: 0.34},
			{Route: audit.Replay, Reason: "only if it must", Channels: 30, Messages: 1234567, Writes: 1359, Seconds: 3725},
		},
		Findings: []migrate.FindingCount{
			{Code: mapping.AttributesNotJSON, Severity: mapping.Stop, Count: 3, Samples: []string{messageSID}},
			{Code: mapping.Media, Severity: mapping.Skip, Count: 1, Samples: nil},
			{Code: mapping.ChannelPublic, Severity: mapping.Loss, Count: 1200, Samples: []string{channelSID, "CH2", "CH3"}},
		},
	}
}

func summary() replay.Summary {
	return replay.Summary{
		SchemaVersion: migrate.SchemaVersion, Command: "migrate", Status: migrate.Partial,
		Services: []migrate.SummaryService{{SourceSID: serviceSID, TargetSID: targetSID, FriendlyName: hostile}, {SourceSID: "IS2"}},
		Counts: map[string]migrate.KindCount{
			migrate.KindMessages: {Source: 970, Written: 968, Existing: 1, Failed: 1},
			migrate.KindServices: {Source: 1, Written: 1},
			"webhooks":           {Source: 1, Written: 1},
		},
		Requests: migrate.Traffic{Reads: 383, Writes: 1353, Throttled: 4, Retried: 5},
		Findings: sampleAudit().Findings,
		Failures: []migrate.FailureLine{{Kind: "channels", SourceSID: channelSID, Reason: "append message: " + hostile, Hint: "try again"}},
		Timeline: []pace.Point{{Seconds: 1, Written: 20, Throttled: 4}, {Seconds: 75.25, Written: 970, Throttled: 4, Retried: 5, Failed: 1}},
		LaneTimes: pace.LaneTimes{
			Stages:  []pace.StageTime{{Stage: "copied", Seconds: 410}},
			Longest: []pace.LaneTime{{SourceSID: channelSID, FriendlyName: hostile, Messages: 900, Seconds: 70.2}},
		},
		Duration: 75.25,
	}
}

func status() reports.Status {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ended := began.Add(100 * time.Second)
	return reports.Status{
		SchemaVersion: migrate.SchemaVersion, Command: "status", Ledger: "chatbridge.db",
		Run: &reports.Run{
			Status: migrate.Partial, PID: 7, Host: "box", StartedAt: began, SeenAt: ended, EndedAt: &ended,
			Done: 1200, Written: 1000, Total: 1300, Requests: summary().Requests, Rate: 10, ThrottledShare: 0.25,
		},
		Services: []reports.ServiceStatus{{
			SourceSID: serviceSID, TargetSID: targetSID, FriendlyName: hostile, Stage: "open",
			Channels: reports.Part{Done: 29, Total: 30}, Messages: reports.Part{Done: 968, Total: 970},
			Stages: map[string]int64{"open": 1, "done": 29},
		}},
		UnderWay: []reports.ChannelStatus{{SourceSID: channelSID, FriendlyName: hostile, Stage: "open", Messages: reports.Part{Done: 2, Total: 4}}},
		Failures: []reports.StatusFailure{{FailureLine: summary().Failures[0], At: ended}},
		Holding: &reports.Holding{
			State: migrate.LeaseGivenBack, Holder: hostile, Host: "box", PID: 7, Since: &began, ExpiresAt: &ended, SecondsLeft: -90,
		},
		Work: &reports.Work{
			Pass: 2, Generation: 3, Stage: migrate.WorkDone, Worker: hostile, Reason: hostile, AskedAt: began, ChangedAt: ended, SeenAt: ended, SecondsUnseen: 90,
		},
		Next: "chatbridge migrate",
	}
}

func verification(t *testing.T, f reports.Format, items ...verify.Difference) []byte {
	t.Helper()
	var b bytes.Buffer
	v := reports.NewVerification(&b, f)
	counts := map[verify.Class]int64{}
	for _, d := range items {
		v.Difference(d)
		counts[d.Class]++
	}
	require.NoError(t, v.Close(verify.Verification{
		SchemaVersion: migrate.SchemaVersion, Command: "verify", Equal: len(items) == 0,
		Services: summary().Services, Compared: map[string]int64{migrate.KindMessages: 970}, Differences: counts, Duration: 1.5,
	}))
	return b.Bytes()
}

func differences() []verify.Difference {
	return []verify.Difference{
		{Class: verify.Missing, Kind: "message", Channel: channelSID, SourceSID: messageSID},
		{Class: verify.Extra, Kind: "message", Channel: channelSID, TargetSID: "IM2"},
		{Class: verify.Altered, Kind: "message", Channel: channelSID, SourceSID: messageSID, TargetSID: "IM2", Field: "body", Detail: hostile},
		{Class: verify.Foreign, Kind: "message", Channel: channelSID, TargetSID: "IM3"},
	}
}

// results are what reports are made of.
type results struct {
	audit        audit.Audit
	channels     *reports.AuditChannels
	options      []reports.Option
	summary      replay.Summary
	migration    *reports.Migration
	verification func(reports.Format) []byte
}

// invented are results with all that a stranger or an odd run could bring in.
func invented(t *testing.T) results {
	return results{
		audit: sampleAudit(), channels: many(len(hostileNames) * 50), summary: summary(), migration: migration(),
		verification: func(f reports.Format) []byte { return verification(t, f, differences()...) },
	}
}

// readResult reads a result of a real run over the emulator, which
// TestResults in migrate/internal/rig makes.
func readResult[T any](t *testing.T, name string) (one T) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "results", name+".json"))
	require.NoError(t, err, "go test ./migrate/internal/rig -update writes it")
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&one), name)
	return one
}

// real are results of a run over the emulator.
func real(t *testing.T) results {
	t.Helper()
	r := results{
		audit: readResult[audit.Audit](t, "audit"), channels: &reports.AuditChannels{}, summary: readResult[replay.Summary](t, "summary"),
		options: []reports.Option{reports.From(provenance())},
	}
	for _, row := range readResult[[]audit.ChannelRow](t, "audit-channels") {
		r.channels.Add(row)
	}
	r.migration = &reports.Migration{Summary: r.summary, Ledger: "chatbridge.db", StartedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	recorded := readResult[struct {
		Channels []migrate.ChannelRecord
		Failures map[string]string
	}](t, "channels")
	for _, c := range recorded.Channels {
		r.migration.Channels.Add(c, recorded.Failures[c.SourceSID])
	}
	compared := readResult[struct {
		Verification verify.Verification
		Items        []verify.Difference
	}](t, "verification")
	r.verification = func(f reports.Format) []byte {
		var b bytes.Buffer
		v := reports.NewVerification(&b, f, r.options...)
		for _, d := range compared.Items {
			v.Difference(d)
		}
		require.NoError(t, v.Close(compared.Verification))
		return b.Bytes()
	}
	return r
}

// rendered is every report in every format it has.
func rendered(t *testing.T, r results) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	put := func(name string, write func(*bytes.Buffer) error) {
		var b bytes.Buffer
		require.NoError(t, write(&b), name)
		all[name] = b.Bytes()
	}
	extension := map[reports.Format]string{reports.Text: "txt", reports.JSON: "json", reports.Markdown: "md", reports.CSV: "csv", reports.HTML: "html"}
	for f, ext := range extension {
		put("audit."+ext, func(b *bytes.Buffer) error {
			return reports.Audit(b, f, r.audit, append(r.options, reports.WithAuditChannels(r.channels))...)
		})
		if f == reports.HTML {
			put("migration.html", func(b *bytes.Buffer) error { return reports.WriteMigration(b, f, r.migration, r.options...) })
		} else {
			put("summary."+ext, func(b *bytes.Buffer) error { return reports.Summary(b, f, r.summary, nil, r.options...) })
		}
		if f != reports.CSV && f != reports.HTML {
			put("status."+ext, func(b *bytes.Buffer) error { return reports.WriteStatus(b, f, status()) })
		}
		if f != reports.Markdown {
			all["verification."+ext] = r.verification(f)
		}
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, got := range rendered(t, real(t)) {
		t.Run(name+" is as it was agreed on", func(t *testing.T) {
			path := filepath.Join("..", "testdata", "golden", name)
			if *update {
				require.NoError(t, os.WriteFile(path, got, 0o644))
				return
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "go test ./reports -update writes it")
			require.Equal(t, string(want), string(got))
		})
	}
}

func TestHostileNames(t *testing.T) {
	for name, got := range rendered(t, invented(t)) {
		t.Run(name+" holds no control character", func(t *testing.T) {
			for _, r := range string(got) {
				if r != '\n' {
					require.False(t, unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r), "%q", r)
				}
			}
			require.Contains(t, string(got), "calc", "the name is still to be recognized")
		})
	}
	t.Run("no cell of a CSV begins a formula", func(t *testing.T) {
		for name, got := range rendered(t, invented(t)) {
			if !strings.HasSuffix(name, ".csv") {
				continue
			}
			rows, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
			require.NoError(t, err)
			for _, row := range rows {
				for _, c := range row {
					require.False(t, strings.HasPrefix(c, "=") || strings.HasPrefix(c, "+") || strings.HasPrefix(c, "@"), c)
				}
			}
		}
	})
	t.Run("every row of a Markdown table has the cells of its heading", func(t *testing.T) {
		for name, got := range rendered(t, invented(t)) {
			if !strings.HasSuffix(name, ".md") {
				continue
			}
			want := 0
			for line := range strings.Lines(string(got)) {
				bars := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
				if bars == 0 {
					want = 0
					continue
				}
				if want == 0 {
					want = bars
				}
				require.Equal(t, want, bars, line)
			}
		}
	})
}

func TestJSON(t *testing.T) {
	fields := map[string][]string{
		"audit.json":        {"schema_version", "command", "services", "counts", "requests", "estimate", "bill", "plan", "new_services", "findings"},
		"summary.json":      {"schema_version", "command", "status", "services", "counts", "requests", "findings", "findings_this_run", "failures", "timeline", "lane_times", "duration_seconds"},
		"status.json":       {"schema_version", "command", "ledger", "run", "services", "under_way", "failures", "holding", "work", "next"},
		"verification.json": {"schema_version", "command", "equal", "services", "compared", "counts", "differences", "findings", "duration_seconds", "items"},
	}
	for name, want := range fields {
		t.Run(name+" is one object with the agreed fields", func(t *testing.T) {
			var got map[string]any
			require.NoError(t, json.Unmarshal(rendered(t, invented(t))[name], &got))
			for _, f := range want {
				require.Contains(t, got, f)
			}
			require.Len(t, got, len(want))
			require.EqualValues(t, migrate.SchemaVersion, got["schema_version"])
		})
	}
	t.Run("empty lists are empty, and not null", func(t *testing.T) {
		var b bytes.Buffer
		require.NoError(t, reports.Audit(&b, reports.JSON, audit.Audit{}))
		require.NoError(t, reports.Summary(&b, reports.JSON, replay.Summary{}, nil))
		require.NotContains(t, strings.ReplaceAll(b.String(), `"counts": null`, ""), "null")
	})
	t.Run("a comparison without differences has no items", func(t *testing.T) {
		var got struct {
			Equal bool  `json:"equal"`
			Items []any `json:"items"`
		}
		require.NoError(t, json.Unmarshal(verification(t, reports.JSON), &got))
		require.True(t, got.Equal)
		require.Empty(t, got.Items)
	})
	t.Run("names survive the escaping", func(t *testing.T) {
		var got audit.Audit
		require.NoError(t, json.Unmarshal(rendered(t, invented(t))["audit.json"], &got))
		require.Equal(t, strings.ToValidUTF8(hostile, "\ufffd"), got.Services[1].FriendlyName)
	})
}
