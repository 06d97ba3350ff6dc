package reports_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// running is a status in the middle of a run.
func running() reports.Status {
	s := status()
	left := 30.0
	s.Failures = nil
	s.Run.Status, s.Run.EndedAt, s.Run.Alive = migrate.RunningStatus, nil, true
	s.Run.Lanes, s.Run.Rate, s.Run.ThrottledShare, s.Run.SecondsLeft = 16, 3.36, 0.004, &left
	return s
}

func statusText(t *testing.T, s reports.Status) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.WriteStatus(&b, reports.Text, s))
	return b.String()
}

func TestStatus(t *testing.T) {
	t.Run("a run that goes on tells its pace and what is under way", func(t *testing.T) {
		text := strings.Join(strings.Fields(statusText(t, running())), " ")
		require.Contains(t, text, "Migration in chatbridge.db: running. ")
		for _, part := range []string{"3.4 a second", "below 1% of requests throttled", "30 s left", "16 channels at work", "Under way", "2 of 4"} {
			require.Contains(t, text, part)
		}
	})
	t.Run("a run that ended tells neither", func(t *testing.T) {
		text := statusText(t, status())
		require.NotContains(t, text, "at work")
		require.NotContains(t, text, "Under way")
	})
	t.Run("a run that was killed is not called running", func(t *testing.T) {
		s := running()
		s.Run.Alive = false
		require.Contains(t, statusText(t, s), "chatbridge.db: no longer running; it was killed")
	})
	t.Run("an undo, and channels made private where they are, are told as such", func(t *testing.T) {
		s := running()
		s.Run.Command = reports.UndoRun
		require.Contains(t, statusText(t, s), "chatbridge.db: being undone.")
		require.Equal(t, "12:01:40 being undone, 1,200 of 1,300 (92%)", reports.StatusLine(s), "it has no lanes whose pace would tell how long the rest takes")
		s.Run.Alive = false
		require.Contains(t, statusText(t, s), "chatbridge.db: not undone yet; the undo was killed, and running it again goes on.")
		s.Run.EndedAt, s.Run.Status = &s.Run.SeenAt, migrate.UndoneStatus
		for outcome, want := range map[string]string{
			"": "partly undone; what was kept is still in the target.", migrate.Partial: "partly undone; what was kept is still in the target.",
			migrate.InterruptedStatus: "not undone yet; the undo was interrupted, and running it again goes on.",
			migrate.FailedStatus:      "not undone yet; the undo failed, and running it again goes on.",
		} {
			s.Run.Outcome = outcome
			require.Contains(t, statusText(t, s), "chatbridge.db: "+want)
		}
		s.Run.Outcome = migrate.FailedStatus
		require.Contains(t, reports.StatusLine(s), " not undone yet; the undo failed,")
		s.Run.EndedAt, s.Run.Status, s.Run.Outcome = nil, migrate.RunningStatus, ""
		s.Run.Command = reports.InPlaceRun
		require.Contains(t, statusText(t, s), "chatbridge.db: no longer running; it was killed")
		s.Run.Alive = true
		require.NotContains(t, statusText(t, s), "In the last minute")
	})
	t.Run("time left is unknown where nothing moves", func(t *testing.T) {
		s := running()
		s.Run.Rate, s.Run.SecondsLeft = 0, nil
		require.Contains(t, reports.StatusLine(s), "0.0 a second, below 1% of requests throttled, time left unknown")
	})
}

func TestStatusLine(t *testing.T) {
	t.Run("tells how far, how fast, and what failed last", func(t *testing.T) {
		require.Equal(t, "12:01:40 running, 1,200 of 1,300 (92%), 3.4 a second, below 1% of requests throttled, 30 s left, 16 channels at work",
			reports.StatusLine(running()))
		s := status()
		s.Failures[0].Reason = "too long"
		require.Equal(t, "12:01:40 partial, 1,200 of 1,300 (92%), 1 not carried, the last one "+channelSID+": too long", reports.StatusLine(s))
		require.Equal(t, "no migration recorded yet", reports.StatusLine(reports.Status{}))
	})
	t.Run("is one harmless line, as text and as JSON", func(t *testing.T) {
		for _, f := range []reports.Format{reports.Text, reports.JSON} {
			var b bytes.Buffer
			require.NoError(t, reports.WriteStatusLine(&b, f, status()))
			require.Equal(t, 1, bytes.Count(b.Bytes(), []byte("\n")))
			require.NotContains(t, b.String(), "\x1b")
			require.NotContains(t, b.String(), "\u009b")
			if f == reports.JSON {
				var got reports.Status
				require.NoError(t, json.Unmarshal(b.Bytes(), &got))
				require.Equal(t, time.UTC, got.Failures[0].At.Location())
			}
		}
	})
	t.Run("other forms are refused", func(t *testing.T) {
		require.Error(t, reports.WriteStatusLine(&bytes.Buffer{}, reports.Markdown, status()))
	})
}
