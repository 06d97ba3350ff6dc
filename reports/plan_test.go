package reports_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/inplace"
	"chatbridge/reports"
)

func auditText(t *testing.T, f reports.Format, a audit.Audit) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.Audit(&b, f, a))
	return b.String()
}

func TestAuditPlan(t *testing.T) {
	t.Run("shows each way with its reason, and the arithmetic of the time", func(t *testing.T) {
		text := auditText(t, reports.Text, sampleAudit())
		require.Contains(t, text, "There already: private already.")
		require.Contains(t, text, "58 writes / 30 a second")
		require.Contains(t, text, "29,280 writes / (16 channels x 30 a second)")
		require.Contains(t, text, "chatbridge migrate --in-place --dry-run")
	})
	t.Run("says under which condition the time holds, in every form", func(t *testing.T) {
		for from, want := range map[string]string{
			audit.LatencyMeasured:  "A request takes 0.1 s, which is the median of the reads of this audit, with at most 32 requests in flight.",
			audit.LatencyGiven:     "A request takes 0.1 s, as --latency says,",
			audit.LatencyRehearsed: "A request takes 0.1 s, as the writes of the rehearsal did,",
			audit.LatencyAssumed:   "A request is assumed to take 0.1 s, because nothing was read from Twilio",
		} {
			a := sampleAudit()
			a.Estimate.LatencySeconds, a.Estimate.LatencyFrom, a.Estimate.InFlight, a.Estimate.Requests = 0.1, from, 32, 1431
			for _, f := range []reports.Format{reports.Text, reports.Markdown, reports.HTML} {
				text := strings.Join(strings.Fields(auditText(t, f, a)), " ")
				require.Contains(t, text, want, f)
				require.Contains(t, text, "1,431 requests x 0.1 s / 32", f)
				require.Contains(t, text, "111,000 writes x 0.1 s, and reads", f)
			}
			require.Contains(t, auditText(t, reports.CSV, a), "estimate,latency_from,value,"+from+"\n")
			require.Contains(t, auditText(t, reports.JSON, a), `"latency_from": "`+from+`"`)
		}
		require.NotContains(t, auditText(t, reports.Text, sampleAudit()), "in flight", "of an audit that knew nothing of it")
	})
	t.Run("does not speak of in place where everything has to be copied", func(t *testing.T) {
		a := sampleAudit()
		a.Plan = a.Plan[2:]
		require.NotContains(t, auditText(t, reports.Text, a), "--in-place")
	})
	t.Run("says of a sample that it is one, before anything else", func(t *testing.T) {
		a := sampleAudit()
		a.Sampled = 5
		for _, f := range []reports.Format{reports.Text, reports.Markdown} {
			text := auditText(t, f, a)
			first, _, _ := strings.Cut(text, "What the source holds")
			require.Contains(t, first, "a SAMPLE of 5 channels a service", f)
			require.Contains(t, first, "ONLY A SAMPLE WAS READ", f)
		}
		var got struct{ Sampled int }
		require.NoError(t, json.Unmarshal([]byte(auditText(t, reports.JSON, a)), &got))
		require.Equal(t, 5, got.Sampled)
		require.NotContains(t, auditText(t, reports.JSON, sampleAudit()), "sampled")
	})
	t.Run("asks nothing of anybody that neither a finding nor a count asks", func(t *testing.T) {
		a := sampleAudit()
		a.Findings, a.Counts = nil, migrate.Counts{}
		require.NotContains(t, auditText(t, reports.Text, a), "By hand")
		a.Findings = []migrate.FindingCount{{Code: mapping.EventWebhook, Severity: mapping.Loss, Count: 2}}
		text := auditText(t, reports.Text, a)
		require.Contains(t, text, "By hand, after a copy")
		require.Contains(t, text, "If single events had their own URLs")
		require.NotContains(t, text, "By hand, before a copy")
		require.NotContains(t, text, "register for push")
	})
	t.Run("counts open invites, and the roles that could invite apart from them", func(t *testing.T) {
		a := sampleAudit()
		a.Findings = []migrate.FindingCount{
			{Code: mapping.InviteLost, Severity: mapping.Skip, Count: 6},
			{Code: mapping.PermissionInvite, Severity: mapping.Loss, Count: 7},
		}
		text := strings.Join(strings.Fields(auditText(t, reports.Text, a)), " ")
		require.Contains(t, text, "somebody who may add participants has to add them. Found 6 times.")
		require.Contains(t, text, "the permission to add participants allows more. Found 7 times.")
	})
}

func TestChannelRows(t *testing.T) {
	row := audit.ChannelRow{
		ServiceSID: serviceSID, SID: channelSID, FriendlyName: hostile, UniqueName: "+1", Type: "public", Members: 2, Messages: 3,
		Route: audit.Promote, Reason: "why", Writes: 6, Findings: []string{"a", "b"},
	}
	write := func(t *testing.T, f reports.Format) string {
		t.Helper()
		var b bytes.Buffer
		w := reports.NewChannelRows(&b, f)
		w.Row(row)
		w.Row(audit.ChannelRow{SID: "CH2"})
		require.NoError(t, w.Close())
		return b.String()
	}
	t.Run("are CSV whose cells begin no formula", func(t *testing.T) {
		rows, err := csv.NewReader(strings.NewReader(write(t, reports.CSV))).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 3)
		require.Equal(t, "sid", rows[0][1])
		require.Equal(t, channelSID, rows[1][1])
		require.True(t, strings.HasPrefix(rows[1][2], "'="))
		require.Equal(t, "'+1", rows[1][3])
		require.Equal(t, "a b", rows[1][10])
	})
	t.Run("are JSON lines that no terminal obeys", func(t *testing.T) {
		text := write(t, reports.JSON)
		require.NotContains(t, text, "\x1b")
		lines := strings.Split(strings.TrimSpace(text), "\n")
		require.Len(t, lines, 2)
		var got audit.ChannelRow
		require.NoError(t, json.Unmarshal([]byte(lines[0]), &got))
		require.Equal(t, row.Findings, got.Findings)
		require.Contains(t, lines[1], `"findings":[]`)
	})
	t.Run("tell of a full disk at the end", func(t *testing.T) {
		for _, f := range []reports.Format{reports.CSV, reports.JSON} {
			w := reports.NewChannelRows(full{}, f)
			w.Row(row)
			require.ErrorIs(t, w.Close(), errFull, f)
		}
	})
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestPolicies(t *testing.T) {
	t.Run("are all there, with every choice", func(t *testing.T) {
		var text, raw bytes.Buffer
		require.NoError(t, reports.Policies(&text, reports.Text))
		require.NoError(t, reports.Policies(&raw, reports.JSON))
		var got struct{ Policies []mapping.Rule }
		require.NoError(t, json.Unmarshal(raw.Bytes(), &got))
		require.Equal(t, mapping.Codes(), got.Policies)
		for _, r := range mapping.Codes() {
			require.Contains(t, "\n"+text.String(), "\n"+string(r.Code)+" (")
			for _, o := range r.Choices {
				require.Contains(t, text.String(), string(r.Code)+"="+string(o.Choice)+": ")
			}
		}
	})
	t.Run("are all on the page and in the table, with the default first", func(t *testing.T) {
		var page, list bytes.Buffer
		require.NoError(t, reports.Policies(&page, reports.HTML))
		require.NoError(t, reports.Policies(&list, reports.CSV))
		rows, err := csv.NewReader(&list).ReadAll()
		require.NoError(t, err)
		choices := 0
		for _, r := range mapping.Codes() {
			choices += max(1, len(r.Choices))
			_, row, ok := strings.Cut(page.String(), ">"+string(r.Code)+"</th>")
			require.True(t, ok, r.Code)
			row, _, _ = strings.Cut(row, "</tr>")
			require.True(t, r.Default == "" || strings.Contains(row, ">"+string(r.Default)+": "), row)
		}
		require.Len(t, rows, 1+choices)
	})
	t.Run("have no other form", func(t *testing.T) {
		require.Error(t, reports.Policies(&bytes.Buffer{}, "yaml"))
	})
}

func TestInPlace(t *testing.T) {
	r := inplace.Result{
		SchemaVersion: 1, Command: "migrate --in-place", Status: migrate.Complete, Executed: true,
		Services: []migrate.SourceService{{SourceSID: serviceSID, FriendlyName: hostile}},
		Channels: 12, Visible: 7, Before: 1, Promoted: 4, Duration: 2,
	}
	text := func(t *testing.T, f reports.Format, r inplace.Result) string {
		t.Helper()
		var b bytes.Buffer
		require.NoError(t, reports.InPlace(&b, f, r))
		return b.String()
	}
	t.Run("says what was done", func(t *testing.T) {
		require.Contains(t, text(t, reports.Text, r), "complete in 2 s; 4 channels were made private.")
		require.NotContains(t, text(t, reports.Text, r), "\x1b")
	})
	t.Run("says of a preview that nothing was changed, and that it cannot be taken back", func(t *testing.T) {
		r := r
		r.Executed, r.Samples = false, []string{channelSID}
		got := text(t, reports.Markdown, r)
		require.Contains(t, got, "nothing was changed")
		require.Contains(t, got, "cannot be undone")
		require.Contains(t, got, channelSID)
		require.NotContains(t, got, "failed")
	})
	t.Run("names what failed", func(t *testing.T) {
		r := r
		r.Status, r.Failed, r.Failures = migrate.Partial, 1, []migrate.FailureLine{{Kind: "channels", SourceSID: channelSID, Reason: "refused"}}
		got := text(t, reports.Text, r)
		require.Contains(t, got, "4 channels were made private, 1 not.")
		require.Contains(t, got, channelSID)
	})
	t.Run("has lists and no null in JSON", func(t *testing.T) {
		got := text(t, reports.JSON, r)
		require.NotContains(t, got, "null")
		require.Contains(t, got, `"promoted": 4`)
	})
	t.Run("has no other form", func(t *testing.T) {
		require.Error(t, reports.InPlace(&bytes.Buffer{}, reports.HTML, r))
	})
}
