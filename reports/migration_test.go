package reports_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/replay"
	"chatbridge/reports"
)

// hostileNames try to get out of wherever they stand on a page.
var hostileNames = []string{
	hostile,
	`</script><script>document.title="broken"</script>`,
	`</title></style><img src="https://attacker.example/x.png" onerror="document.title='broken'">`,
	`" onmouseover="document.title='broken'" x="`,
	"' autofocus onfocus=document.title='broken' '",
	"{{.Policy}} ${document.title='broken'} `backtick`",
	"<!-- <svg/onload=document.title='broken'>",
	"javascript:document.title='broken'",
	"\u202egnp.exe\u2066\u200f\x00\x07\x1b]0;title\x07",
	"عربي עברית 12 abc",
	strings.Repeat("Donaudampfschifffahrtsgesellschaft", 6),
	"",
}

func sid(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n) }

func timeline() []pace.Point {
	var points []pace.Point
	written, throttled, retried := 0.0, int64(0), int64(0)
	for i := 1; i <= 75; i++ {
		written += 13 + 8*math.Sin(float64(i)/9)
		if i > 30 && i < 34 {
			throttled += int64(i - 29)
		}
		if i == 32 || i == 60 {
			retried += 3
		}
		points = append(points, pace.Point{
			Seconds: float64(i), Written: int64(written), Throttled: throttled, Retried: retried, Failed: int64(i / 70),
		})
	}
	return append(points, pace.Point{Seconds: 75.25, Written: int64(written) + 1, Throttled: throttled, Retried: retried, Failed: 1})
}

func laneTimes() pace.LaneTimes {
	return pace.LaneTimes{
		Stages: []pace.StageTime{{Stage: "open", Seconds: 12.5}, {Stage: "copied", Seconds: 410}, {Stage: "checked", Seconds: 31}, {Stage: "done", Seconds: 22}, {Stage: "stopped", Seconds: 1.5}},
		Longest: []pace.LaneTime{
			{SourceSID: channelSID, FriendlyName: hostile, Messages: 900, Seconds: 70.2},
			{SourceSID: sid("CH", 2), FriendlyName: "General", Messages: 400, Seconds: 31},
			{SourceSID: sid("CH", 3), Messages: 3, Seconds: 0.4},
		},
	}
}

func migration() *reports.Migration {
	m := &reports.Migration{Summary: summary(), Ledger: "chatbridge.db", StartedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	m.Summary.Timeline, m.Summary.LaneTimes = timeline(), laneTimes()
	m.Summary.Counts[migrate.KindChannels] = migrate.KindCount{Source: 14, Written: 13, Failed: 1}
	m.Summary.Counts[migrate.KindUsers] = migrate.KindCount{Source: 40, Written: 12, Existing: 28}
	m.Summary.Counts[migrate.KindInvites] = migrate.KindCount{Source: 6}
	m.Summary.Findings = append(m.Summary.Findings,
		migrate.FindingCount{Code: mapping.CredentialSecret, Severity: mapping.Skip, Count: 2, Samples: []string{sid("CR", 1)}},
		migrate.FindingCount{Code: mapping.WebhookPayload, Severity: mapping.Info, Count: 1, Samples: []string{serviceSID}},
	)
	for i, name := range hostileNames {
		m.Channels.Add(channel(i+1, name, int64(i*i*i)), "")
	}
	failed := channel(99, "Zeta", 12)
	failed.Stage, failed.Messages = migrate.Open, 5
	m.Channels.Add(failed, "append message: "+hostileNames[1])
	return m
}

func channel(n int, name string, messages int64) migrate.ChannelRecord {
	return migrate.ChannelRecord{
		SourceSID: sid("CH", n), TargetSID: sid("CH", 1000+n), ServiceSID: serviceSID, FriendlyName: name, Stage: migrate.Done,
		MembersCount: int64(n), Members: int64(n), MessagesCount: messages, Messages: messages,
	}
}

func page(t *testing.T, m *reports.Migration) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.WriteMigration(&b, reports.HTML, m))
	return b.String()
}

// has and lacks do not print a page whole where they fail.
func has(t *testing.T, html, part string) {
	t.Helper()
	require.True(t, strings.Contains(html, part), "the page lacks %s", part)
}

func lacks(t *testing.T, html, part string) {
	t.Helper()
	require.False(t, strings.Contains(html, part), "the page has %s", part)
}

func TestPage(t *testing.T) {
	t.Run("names what was not carried, then the largest channels, and says how many there are", func(t *testing.T) {
		const all = 45_000
		m := &reports.Migration{Summary: summary()}
		for i := range all {
			reason := ""
			if i == 1 {
				reason = "it was refused"
			}
			m.Channels.Add(channel(i+1, "", int64(i)), reason)
		}
		html := page(t, m)
		has(t, html, "20,000 of 45,000 channels")
		rows := dataOf(t, html)
		require.Len(t, rows, 20_000)
		require.Equal(t, sid("CH", 2), rows[0][6])
		require.Equal(t, "not carried it was refused", rows[0][1])
		require.Equal(t, sid("CH", all), rows[1][6])
		require.Equal(t, sid("CH", all-19_998), rows[19_999][6])
		require.Equal(t, 100, worstOf(t, html))
		require.Less(t, len(html), 4<<20)
	})
	t.Run("counts every channel in a class of its size", func(t *testing.T) {
		m := &reports.Migration{Summary: summary()}
		for i, messages := range []int64{0, 1, 9, 10, 99, 100, 100_000, math.MaxInt32} {
			m.Channels.Add(channel(i, "", messages), "")
		}
		html := page(t, m)
		for name, channels := range map[string]string{"0": "1", "1 – 9": "2", "10 – 99": "2", "100 – 999": "1", "100,000 and more": "2"} {
			has(t, html, `<th scope="row">`+name+`</th><td class="n">`+channels+`</td>`)
		}
	})
	t.Run("has no time line of a run without one", func(t *testing.T) {
		m := &reports.Migration{Summary: summary()}
		m.Summary.Timeline = []pace.Point{{Seconds: 0.4, Written: 3}}
		html := page(t, m)
		has(t, html, "too short for a time line")
		lacks(t, html, "<figure")
	})
	t.Run("does not take the last moment of a run for a rate", func(t *testing.T) {
		m := &reports.Migration{Summary: summary()}
		m.Summary.Timeline = []pace.Point{{Seconds: 1, Written: 10}, {Seconds: 2, Written: 20}, {Seconds: 3, Written: 30}, {Seconds: 3.001, Written: 40}}
		has(t, page(t, m), "20 at most")
	})
	t.Run("says of a run without an end that it has none", func(t *testing.T) {
		m := &reports.Migration{Summary: replay.Summary{Status: migrate.RunningStatus, Duration: 12}}
		html := page(t, m)
		has(t, html, "it still runs, or it was killed")
		lacks(t, html, "everything arrives as it was")
	})
	t.Run("loads nothing and holds no handler", func(t *testing.T) {
		for name, got := range rendered(t, invented(t)) {
			if !strings.HasSuffix(name, ".html") {
				continue
			}
			html := string(got)
			require.Equal(t, 1, strings.Count(html, "<script>"), name)
			require.Equal(t, 1, strings.Count(html, "<style>"), name)
			for _, forbidden := range []string{"src=", "@import", "url(", "<img", "<iframe", "style=\"", "<form"} {
				lacks(t, strings.NewReplacer("&lt;img src=", "", `\u003cimg src=`, "").Replace(html), forbidden)
			}
		}
	})
	t.Run("has headings in order", func(t *testing.T) {
		for name, got := range rendered(t, invented(t)) {
			if !strings.HasSuffix(name, ".html") {
				continue
			}
			level := 0
			for _, part := range strings.Split(string(got), "<h")[1:] {
				next := int(part[0] - '0')
				if next < 1 || next > 6 {
					continue
				}
				require.LessOrEqual(t, next, level+1, name)
				level = next
			}
			require.Equal(t, 1, strings.Count(string(got), "<h1"), name)
		}
	})
}
