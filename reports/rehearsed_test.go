package reports_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/reports"
)

func TestRehearsed(t *testing.T) {
	taken := migrate.Rehearsed{
		Used: true, File: "rehearsal.json", Began: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Version: "v1", Warnings: []string{"It is 40 days old."},
		Experiments: 29, NotSeen: 2, Settle: 45, Write: 0.25,
	}
	stopping := taken
	stopping.Stops = []migrate.Stop{{Name: "text", Seen: "<b>cut\x1b[31m", Reason: "messages change", Follows: "ask Twilio"}}
	const line = "rehearsal.json of 2026-03-01, 29 experiments (2 without a result); settle time at least 45 s; a write takes 0.25 s"
	const stops = "chatbridge migrate would not begin in this account:"
	render := func(t *testing.T, f reports.Format, r *migrate.Rehearsed, more ...reports.Option) string {
		t.Helper()
		p := provenance()
		p.Rehearsal = r
		var b bytes.Buffer
		require.NoError(t, reports.Audit(&b, f, sampleAudit(), append(more, reports.From(p))...))
		return b.String()
	}
	unfolded := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, `\`, "")), " ") }

	for name, more := range map[string][]reports.Option{"whole": nil, "brief": {reports.Brief()}} {
		t.Run("is told by a text, "+name, func(t *testing.T) {
			got := unfolded(render(t, reports.Text, &taken, more...))
			require.Contains(t, got, "By "+line+".")
			require.Contains(t, got, "It is 40 days old.")
			require.NotContains(t, got, stops)
			got = unfolded(render(t, reports.Text, &stopping, more...))
			require.Contains(t, got, "; 1 experiment stops a run.")
			require.Contains(t, got, stops)
			require.Contains(t, got, "messages change")
			require.NotContains(t, got, "\x1b")
			got = unfolded(render(t, reports.Text, &migrate.Rehearsed{File: "r.json", Reason: "it is of another"}, more...))
			require.Contains(t, got, "No rehearsal is used: it is of another.")
			got = unfolded(render(t, reports.Text, &migrate.Rehearsed{Reason: "there is none"}, more...))
			require.Equal(t, more == nil, strings.Contains(got, "No rehearsal is used: there is none."))
			require.NotContains(t, render(t, reports.Text, nil, more...), "ehearsal")
		})
	}
	t.Run("is told by a page and by Markdown, also where they say what they come from", func(t *testing.T) {
		for _, f := range []reports.Format{reports.HTML, reports.Markdown} {
			got := unfolded(render(t, f, &stopping))
			require.Equal(t, 2, strings.Count(got, line), f)
			require.Contains(t, got, stops)
			require.NotContains(t, render(t, f, &stopping), " <b>cut")
			require.NotContains(t, render(t, f, &stopping), "\x1b")
			require.Contains(t, unfolded(render(t, f, &migrate.Rehearsed{Reason: "there is none"})), "none: there is none")
		}
	})
	t.Run("is in the rows of a CSV", func(t *testing.T) {
		got := render(t, reports.CSV, &stopping)
		for _, row := range []string{"used,true", "settle_seconds,45", "write_seconds,0.25"} {
			require.Contains(t, got, "rehearsal,rehearsal.json,"+row+"\n")
		}
		require.Contains(t, got, "rehearsal,text,stops,messages change\n")
		require.Contains(t, render(t, reports.CSV, &migrate.Rehearsed{Reason: "there is none"}), "rehearsal,,reason,there is none\n")
		require.NotContains(t, render(t, reports.CSV, nil), "rehearsal")
	})
	t.Run("makes an estimate that says what a write takes", func(t *testing.T) {
		a := sampleAudit()
		a.Estimate.WriteSeconds = 0.25
		var b bytes.Buffer
		require.NoError(t, reports.Audit(&b, reports.Text, a))
		got := unfolded(b.String())
		require.Contains(t, got, "A write takes 0.25 s in the account of the target, as its rehearsal measured")
		require.Contains(t, got, " x 0.25 s")
		require.Contains(t, got, " x 0.25 s / ")
		require.Equal(t, audit.BoundByLane, a.Estimate.BoundBy)
	})
}
