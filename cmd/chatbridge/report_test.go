package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/replay"
	"chatbridge/reports"
)

// ledgerWith makes a ledger that holds what put puts there.
func ledgerWith(t *testing.T, put func(l migrate.Ledger)) string {
	t.Helper()
	path := filepath.Join(ledgertest.Dir(t), "some.db")
	l, err := openLedger(t.Context(), path)
	require.NoError(t, err)
	put(l)
	require.NoError(t, l.Close())
	return path
}

// report runs the command on a ledger and returns what it printed.
func report(t *testing.T, path string, form reports.Format) (string, error) {
	t.Helper()
	s := newScreen("", false)
	err := runReport(t.Context(), &reportOptions{
		outputOption: outputOption{string(form)}, ledgerOption: ledgerOption{path},
		console: s.console, openLedger: readLedger,
	})
	return s.stdout.String(), err
}

func TestReport(t *testing.T) {
	const (
		service = "IS00000000000000000000000000000001"
		channel = "CH00000000000000000000000000000001"
	)
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	killed := func(l migrate.Ledger) {
		ctx := context.Background()
		progress, err := json.Marshal(replay.Progress{
			Counts:   map[string]migrate.KindCount{migrate.KindMessages: {Source: 10, Written: 7}},
			Traffic:  migrate.Traffic{Reads: 3, Writes: 9, Throttled: 2},
			Timeline: []pace.Point{{Seconds: 1, Written: 3}, {Seconds: 2, Written: 7, Throttled: 2}},
		})
		require.NoError(t, err)
		require.NoError(t, l.PutService(ctx, migrate.ServiceRecord{SourceSID: service, FriendlyName: "Support"}))
		require.NoError(t, l.PutChannel(ctx, migrate.ChannelRecord{SourceSID: channel, ServiceSID: service, FriendlyName: "General", Stage: migrate.Open, MessagesCount: 10, Messages: 7}))
		for n := range int64(7) {
			require.NoError(t, l.PutMessage(ctx, channel, migrate.MessageRecord{SourceIndex: n, TargetIndex: n}))
		}
		require.NoError(t, l.PutFailure(ctx, migrate.Failure{Kind: migrate.KindChannels, SourceSID: channel, ServiceSID: service, Reason: "it was refused", At: began}))
		require.NoError(t, l.PutRun(ctx, migrate.RunRecord{
			ID: "one", StartedAt: began, HeartbeatAt: began.Add(2 * time.Second), Status: migrate.RunningStatus, Progress: progress,
		}))
	}

	t.Run("of a run that was killed shows what was noted last", func(t *testing.T) {
		path := ledgerWith(t, killed)
		raw, err := report(t, path, reports.JSON)
		require.NoError(t, err)
		var s replay.Summary
		require.NoError(t, json.Unmarshal([]byte(raw), &s))
		require.Equal(t, migrate.RunningStatus, s.Status)
		require.EqualValues(t, 7, s.Counts[migrate.KindMessages].Written)
		require.Equal(t, "Support", s.Services[0].FriendlyName)
		require.Equal(t, "it was refused", s.Failures[0].Reason)
		require.InDelta(t, 2, s.Duration, 0)
		require.Len(t, s.Timeline, 2)

		page, err := report(t, path, reports.HTML)
		require.NoError(t, err)
		require.Contains(t, page, "it still runs, or it was killed")
		require.Contains(t, page, "General")
		require.Contains(t, page, "it was refused")
		require.Contains(t, page, "some.db")
		require.NotContains(t, page, filepath.Dir(path), "where the ledger lies is nobody's business")
	})
	t.Run("of a ledger without a run says what to do first", func(t *testing.T) {
		out, err := report(t, ledgerWith(t, func(migrate.Ledger) {}), reports.Text)
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		require.Equal(t, "to begin: chatbridge migrate", migrate.HintOf(err))
		require.Empty(t, out)
	})
	t.Run("has every form", func(t *testing.T) {
		path := ledgerWith(t, killed)
		for _, form := range reportForms {
			out, err := report(t, path, form)
			require.NoError(t, err, form)
			require.NotEmpty(t, out, form)
		}
	})
}
