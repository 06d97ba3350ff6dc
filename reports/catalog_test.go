package reports_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

var (
	dataElement  = regexp.MustCompile(`(?s)<script type="application/json">(.*?)</script>`)
	worstElement = regexp.MustCompile(`(?s)<tbody class="worst">(.*?)</tbody>`)
)

// dataOf are the texts of the rows that a page has as data, a note behind its text.
func dataOf(t *testing.T, html string) [][]string {
	t.Helper()
	found := dataElement.FindAllStringSubmatch(html, -1)
	require.Len(t, found, 1)
	require.False(t, strings.ContainsAny(found[0][1], "<>&"), "nothing in the data can end its element, or begin another")
	var data struct {
		Words []string `json:"words"`
		Rows  [][]any  `json:"rows"`
	}
	require.NoError(t, json.Unmarshal([]byte(found[0][1]), &data))
	word := func(v any) string {
		if n, ok := v.(float64); ok {
			return data.Words[int(n)]
		}
		return v.(string)
	}
	rows := make([][]string, len(data.Rows))
	for i, r := range data.Rows {
		for _, c := range r {
			text := ""
			if list, ok := c.([]any); ok {
				text = strings.TrimSpace(word(list[0]) + " " + word(list[1]))
			} else {
				text = word(c)
			}
			rows[i] = append(rows[i], text)
		}
	}
	return rows
}

// worstOf counts the rows that stand in the page itself.
func worstOf(t *testing.T, html string) int {
	t.Helper()
	found := worstElement.FindAllStringSubmatch(html, -1)
	require.Len(t, found, 1)
	return strings.Count(found[0][1], "<tr>")
}

// many are so many channels of an audit. Every 50th has a name that tries to get out
// of the page, every 1,000th stops.
func many(n int) *reports.AuditChannels {
	c := &reports.AuditChannels{}
	for i := range n {
		r := audit.ChannelRow{
			ServiceSID: serviceSID, SID: sid("CH", i), FriendlyName: fmt.Sprintf("Order LS-%05d", i), Type: "private",
			Members: int64(i % 7), Messages: int64(i), Route: audit.Replay, Writes: int64(i + 9),
			Findings: []string{string(mapping.CreatedBy), string(mapping.DatePrecision)},
		}
		if i%50 == 0 {
			r.FriendlyName = hostileNames[i/50%len(hostileNames)]
		}
		if i%1000 == 7 {
			r.Findings = append(r.Findings, string(mapping.AttributesNotJSON))
		}
		c.Add(r)
	}
	return c
}

func provenance() reports.Provenance {
	return reports.Provenance{
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Version: "v1.2.3", Machine: "box", Ledger: "support.db",
		Source: &reports.Side{Account: sid("AC", 1), Host: "chat.twilio.com"},
		Target: &reports.Side{Account: sid("AC", 2), Host: "conversations.twilio.com"},
		Settings: []reports.Setting{
			{Name: "policy", Value: "invite=add,media=skip"}, {Name: "identities", Value: "people.csv"}, {Name: "replay", Value: "true"},
		},
	}
}

func auditPage(t testing.TB, a audit.Audit, options ...reports.Option) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.Audit(&b, reports.HTML, a, options...))
	return b.String()
}

func TestAuditChannels(t *testing.T) {
	t.Run("are all in the page, the worst first, and a hundred of them for paper", func(t *testing.T) {
		html := auditPage(t, sampleAudit(), reports.WithAuditChannels(many(150)))
		has(t, html, "150 channels, ")
		rows := dataOf(t, html)
		require.Len(t, rows, 150)
		require.Equal(t, sid("CH", 7), rows[0][7])
		require.Equal(t, "stops until decided", rows[0][1])
		require.Equal(t, sid("CH", 149), rows[1][7])
		require.Equal(t, 100, worstOf(t, html))
		has(t, html, "the first 100 of 150 rows")
	})
	t.Run("of more than the page can have are the worst", func(t *testing.T) {
		html := auditPage(t, sampleAudit(), reports.WithAuditChannels(many(90_000)))
		has(t, html, "20,000 of 90,000 channels")
		has(t, html, "--channels-out channels.csv lists them all")
		rows := dataOf(t, html)
		require.Len(t, rows, 20_000)
		for i, r := range rows {
			require.Equal(t, i < 90, r[1] == "stops until decided", i)
		}
		require.Equal(t, sid("CH", 89_999), rows[90][7])
	})
	t.Run("are the worst by what the policy decides, not by what it leaves", func(t *testing.T) {
		policy, err := mapping.ParsePolicy([]string{string(mapping.AttributesNotJSON) + "=drop"})
		require.NoError(t, err)
		c := reports.NewAuditChannels(policy)
		c.Add(audit.ChannelRow{SID: sid("CH", 0), Route: audit.Replay, Findings: []string{string(mapping.AttributesNotObject)}})
		for i := range 45_000 {
			c.Add(audit.ChannelRow{SID: sid("CH", i+1), Messages: 9, Route: audit.Replay, Findings: []string{string(mapping.AttributesNotJSON)}})
		}
		a := sampleAudit()
		a.Findings = []migrate.FindingCount{
			{Code: mapping.AttributesNotObject, Severity: mapping.Stop, Count: 1}, {Code: mapping.AttributesNotJSON, Severity: mapping.Loss, Count: 45_000},
		}
		rows := dataOf(t, auditPage(t, a, reports.WithAuditChannels(c)))
		require.Equal(t, sid("CH", 0), rows[0][7])
		require.NotEqual(t, "stops until decided", rows[1][1])
	})
	t.Run("that stay where they are come after those to be made private", func(t *testing.T) {
		c := &reports.AuditChannels{}
		c.Add(audit.ChannelRow{SID: sid("CH", 1), Messages: 900, Route: audit.Visible, Findings: []string{string(mapping.AttributesNotJSON)}})
		c.Add(audit.ChannelRow{SID: sid("CH", 2), Messages: 1, Route: audit.Promote})
		rows := dataOf(t, auditPage(t, sampleAudit(), reports.WithAuditChannels(c)))
		require.Equal(t, []string{"make private", "there already"}, []string{rows[0][1], rows[1][1]})
	})
	t.Run("keep names that look like the end of a row", func(t *testing.T) {
		c := &reports.AuditChannels{}
		for i, name := range []string{"a],[b", `a"],["b`, "],[", "a],[b"} {
			c.Add(audit.ChannelRow{SID: sid("CH", i), FriendlyName: name, UniqueName: "u],[v", Route: audit.Visible})
		}
		var names []string
		for _, r := range dataOf(t, auditPage(t, sampleAudit(), reports.WithAuditChannels(c))) {
			names = append(names, r[0])
		}
		require.Equal(t, []string{"a],[b u],[v", `a"],["b u],[v`, "],[ u],[v", "a],[b u],[v"}, names)
	})
	t.Run("with hostile names stay text in the data", func(t *testing.T) {
		rows := dataOf(t, auditPage(t, sampleAudit(), reports.WithAuditChannels(many(1000))))
		var names []string
		for _, r := range rows {
			names = append(names, r[0])
		}
		for _, name := range hostileNames[:len(hostileNames)-1] {
			require.Contains(t, names, reports.Plain(name))
		}
	})
}

func TestAuditBanner(t *testing.T) {
	visible := audit.PlanRoute{Route: audit.Visible, Channels: 20}
	private := audit.PlanRoute{Route: audit.Promote, Channels: 1}
	whole := audit.PlanRoute{Route: audit.Replay, Channels: 21, Seconds: 3725}
	loss := migrate.FindingCount{Code: mapping.ChannelPublic, Severity: mapping.Loss, Count: 3}
	stop := migrate.FindingCount{Code: mapping.AttributesNotJSON, Severity: mapping.Stop, Count: 3}
	for _, c := range []struct {
		name, banner, second string
		plan                 []audit.PlanRoute
		findings             []migrate.FindingCount
		tone                 string
		sampled              int
	}{
		{"nothing at all", "Nothing has to be copied, and nothing has to be done: Conversations shows every channel already.", "", []audit.PlanRoute{visible, whole}, nil, "good", 0},
		{"some private", "Nothing has to be copied: 20 channels are there already, and 1 channel has to be made private.", "Before a copy, 3 things have to be decided.", []audit.PlanRoute{visible, private, whole}, []migrate.FindingCount{stop, loss}, "good", 0},
		{"all private", "Nothing has to be copied: 1 channel has to be made private, and Conversations shows them.", "they can no longer join by themselves.", []audit.PlanRoute{private, whole}, nil, "good", 0},
		{"a copy", "Can be migrated; takes about 1 h 2 min.", "What changes, by kind: people in the chats notice 1.", []audit.PlanRoute{whole}, []migrate.FindingCount{loss}, "good", 0},
		{"a copy with nothing lost", "Can be migrated; takes about 1 h 2 min.", "Everything arrives as it was.", []audit.PlanRoute{whole}, nil, "good", 0},
		{"a copy that is blocked", "Can be migrated once 3 things are decided; takes about 1 h 2 min.", "people in the chats notice 1", []audit.PlanRoute{whole}, []migrate.FindingCount{stop, loss}, "warn", 0},
		{"a sample", "Of a SAMPLE of 5 channels a service: can be migrated; takes about 1 h 2 min.", "Everything arrives as it was.", []audit.PlanRoute{whole}, nil, "warn", 5},
		{"an empty workspace", "There are no channels to migrate.", "Everything arrives as it was.", nil, nil, "good", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := audit.Audit{Plan: c.plan, Findings: c.findings, Sampled: c.sampled, Estimate: audit.Estimate{Seconds: 3725}}
			html := auditPage(t, a)
			has(t, html, "<strong>"+c.banner+"</strong>")
			has(t, html, `class="verdict `+c.tone+`"`)
			if c.second == "" {
				lacks(t, html, `<p class="second">`)
				return
			}
			_, after, _ := strings.Cut(html, `<p class="second">`)
			second, _, _ := strings.Cut(after, "</p>")
			require.Contains(t, second, c.second)
		})
	}
}

func TestVerificationPage(t *testing.T) {
	t.Run("names the gravest of more differences than it can have", func(t *testing.T) {
		var b bytes.Buffer
		v := reports.NewVerification(&b, reports.HTML, reports.From(provenance()))
		for i := range 41_000 {
			class := verify.Foreign
			if i%100 == 99 {
				class = verify.Missing
			}
			v.Difference(verify.Difference{Class: class, Kind: migrate.KindMessages, Channel: channelSID, TargetSID: sid("IM", i)})
		}
		require.NoError(t, v.Close(verify.Verification{Differences: map[verify.Class]int64{verify.Missing: 410, verify.Foreign: 40_590}}))
		html := b.String()
		has(t, html, "20,000 of 41,000 items")
		rows := dataOf(t, html)
		require.Len(t, rows, 20_000)
		for i, r := range rows {
			require.Equal(t, i < 410, r[0] == "missing", i)
		}
		require.Equal(t, sid("IM", 99), rows[0][7], "in the order in which they were found")
		has(t, html, "conversations.twilio.com")
	})
}

func BenchmarkAuditPage(b *testing.B) {
	a, all := sampleAudit(), many(20_000)
	size := 0
	for b.Loop() {
		size = len(auditPage(b, a, reports.WithAuditChannels(all)))
	}
	b.ReportMetric(float64(size)/1e6, "MB")
}

func TestVerificationBanner(t *testing.T) {
	counts := map[string]migrate.KindCount{migrate.KindMessages: {Source: 9, Existing: 7, Failed: 1, LeftOut: 1}}
	for _, c := range []struct {
		found  verify.Verification
		second string
	}{
		{verify.Verification{Counts: counts}, "In the target: 7 messages. Missing there: 1 message. Left out by policies: 1 message."},
		{verify.Verification{Equal: true, Counts: map[string]migrate.KindCount{migrate.KindUsers: {Source: 1, Existing: 1}}}, "On both sides: 1 user."},
		{verify.Verification{Equal: true}, ""},
	} {
		var b bytes.Buffer
		require.NoError(t, reports.NewVerification(&b, reports.HTML).Close(c.found))
		if c.second == "" {
			lacks(t, b.String(), `class="second"`)
			continue
		}
		has(t, b.String(), `<p class="second">`+c.second+`</p>`)
	}
}
