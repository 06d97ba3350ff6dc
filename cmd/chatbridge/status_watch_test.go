package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// looks gives one status after another, and the last one for ever.
type looks struct {
	all   []reports.Status
	times []time.Time
}

func (l *looks) read(context.Context) (reports.Status, error) {
	s := l.all[min(len(l.times), len(l.all)-1)]
	l.times = append(l.times, time.Now())
	return s, nil
}

// watched is a status of a run that has done so much of 100.
func watched(done int64, status string) reports.Status {
	r := &reports.Run{Status: status, Done: done, Total: 100, StartedAt: time.Unix(0, 0), SeenAt: time.Unix(done, 0)}
	if status == migrate.RunningStatus {
		r.Alive = true
	} else {
		r.EndedAt = &r.SeenAt
	}
	return reports.Status{SchemaVersion: 1, Command: "status", Ledger: "l.db", Run: r, Next: "chatbridge verify"}
}

func TestWatch(t *testing.T) {
	t.Run("appends a line each time, until the run ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			l := &looks{all: []reports.Status{watched(10, migrate.RunningStatus), watched(50, migrate.RunningStatus), watched(100, migrate.Complete)}}
			w := &watcher{read: l.read, every: 2 * time.Second, form: reports.Text, out: &out}
			require.NoError(t, w.watch(t.Context()))
			require.Len(t, l.times, 3)
			require.Equal(t, 4*time.Second, l.times[2].Sub(l.times[0]))
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			require.Len(t, lines, 3)
			require.True(t, strings.HasPrefix(lines[0], "00:00:10 running, 10 of 100 (10%)"), lines[0])
			require.Equal(t, "00:01:40 complete, 100 of 100 (100%)", lines[2])
			require.NotContains(t, out.String(), "\x1b")
		})
	})
	t.Run("writes an object a line for programs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			l := &looks{all: []reports.Status{watched(10, migrate.RunningStatus), watched(100, migrate.Complete)}}
			w := &watcher{read: l.read, every: time.Second, form: reports.JSON, out: &out}
			require.NoError(t, w.watch(t.Context()))
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			require.Len(t, lines, 2)
			for _, line := range lines {
				require.True(t, json.Valid([]byte(line)))
			}
		})
	})
	t.Run("draws in place on a terminal, and leaves the last status on it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			l := &looks{all: []reports.Status{watched(10, migrate.RunningStatus), watched(100, migrate.Complete)}}
			w := &watcher{read: l.read, every: time.Second, form: reports.Text, out: &out, size: func() (int, int) { return 20, 5 }}
			require.NoError(t, w.watch(t.Context()))
			drawn, left, ok := strings.Cut(strings.TrimPrefix(out.String(), screenOpen), screenClose)
			require.True(t, ok)
			frames := strings.Split(drawn, screenHome)
			require.Len(t, frames, 3)
			require.Equal(t, "Migration in l.db:"+lineRest, strings.Split(frames[1], "\r\n")[0])
			require.Equal(t, 4, strings.Count(frames[1], "\r\n"), "it fits the terminal")
			require.True(t, strings.HasPrefix(left, "Migration in l.db: complete.\n"), left)
		})
	})
	t.Run("an interrupt ends it with the terminal as it was", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			l := &looks{all: []reports.Status{watched(10, migrate.RunningStatus)}}
			w := &watcher{read: l.read, every: time.Second, form: reports.Text, out: &out, size: func() (int, int) { return 80, 24 }}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(2500*time.Millisecond, cancel)
			err := w.watch(ctx)
			require.Equal(t, exitInterrupted, statusOf(err))
			require.Contains(t, hintOf(err), "chatbridge status --watch")
			require.Len(t, l.times, 3)
			require.Equal(t, 1, strings.Count(out.String(), screenClose))
		})
	})
	t.Run("goes on while a worker is to take the migration up, or has its lease", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			first, killed, resumed := reports.Status{Ledger: "l.db"}, watched(10, migrate.RunningStatus), watched(10, migrate.RunningStatus)
			killed.Run.Alive, resumed.Run.Alive = false, false
			first.Held(migrate.Holding{State: migrate.NeverLeased, Work: &migrate.Work{Pass: 1, Stage: migrate.WorkWaiting}})
			killed.Held(migrate.Holding{State: migrate.LeaseExpired, Holder: "w1", Host: "box", Work: &migrate.Work{Pass: 1, Stage: migrate.Working}})
			resumed.Held(migrate.Holding{State: migrate.LeaseHeld, Holder: "w2", Host: "box"})
			l := &looks{all: []reports.Status{first, killed, resumed, watched(100, migrate.Complete)}}
			w := &watcher{read: l.read, every: time.Second, form: reports.Text, out: &out}
			require.NoError(t, w.watch(t.Context()))
			require.Len(t, l.times, 4)
			require.Contains(t, out.String(), "no migration recorded yet, pass 1 waits for a worker\n")
			require.Contains(t, out.String(), "held by w2 (process 0 on box)")
		})
	})
	t.Run("an error of the ledger is not taken for the end of the run", func(t *testing.T) {
		fails := errors.New("disk is gone")
		w := &watcher{
			read:  func(context.Context) (reports.Status, error) { return reports.Status{}, fails },
			every: time.Second, form: reports.Text, out: &bytes.Buffer{},
		}
		require.ErrorIs(t, w.watch(t.Context()), fails)
	})
}

func TestWatchMeaning(t *testing.T) {
	killed := watched(10, migrate.RunningStatus)
	killed.Run.Alive = false
	unworkable := reports.Status{}
	unworkable.Held(migrate.Holding{State: migrate.NeverLeased, Work: &migrate.Work{Pass: 1, Stage: migrate.WorkFailed, Reason: "Authenticate"}})
	undone := func(outcome string) reports.Status {
		s := watched(100, migrate.UndoneStatus)
		s.Run.Command, s.Run.Outcome = reports.UndoRun, outcome
		return s
	}
	for name, one := range map[string]struct {
		status reports.Status
		exit   int
	}{
		"undone":                       {undone(migrate.Complete), exitDone},
		"undone once":                  {undone(""), exitDone},
		"partly undone":                {undone(migrate.Partial), exitIncomplete},
		"interrupted as it was undone": {undone(migrate.InterruptedStatus), exitInterrupted},
		"failing as it was undone":     {undone(migrate.FailedStatus), exitFailed},
		"complete":                     {watched(100, migrate.Complete), exitDone},
		"partial":                      {watched(100, migrate.Partial), exitIncomplete},
		"interrupted":                  {watched(10, migrate.InterruptedStatus), exitInterrupted},
		"failed":                       {watched(10, migrate.FailedStatus), exitFailed},
		"killed":                       {killed, exitInterrupted},
		"unworkable":                   {unworkable, exitFailed},
		"never begun":                  {reports.Status{}, exitUsage},
	} {
		t.Run("a run that was "+name+" ends it with its exit status", func(t *testing.T) {
			w := &watcher{read: (&looks{all: []reports.Status{one.status}}).read, every: time.Second, form: reports.Text, out: &bytes.Buffer{}}
			err := w.watch(t.Context())
			require.Equal(t, one.exit, statusOf(err))
			if err != nil {
				require.NotEmpty(t, hintOf(err))
			}
		})
	}
}

func TestFrame(t *testing.T) {
	t.Run("wide characters take the room they take", func(t *testing.T) {
		require.Equal(t, screenHome+"日…"+lineRest+screenRest, frame("日本語\n", 4, 1))
	})
}
