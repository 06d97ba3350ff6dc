package reports_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/reports"
)

func TestHolding(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lease := func(state migrate.HoldState, left time.Duration) migrate.Holding {
		return migrate.Holding{State: state, Holder: "worker-2", Host: "box", PID: 7, Since: at, Expires: at.Add(left), Left: left}
	}
	work := func(stage migrate.WorkStage, generation int64, worker, reason string) *migrate.Work {
		return &migrate.Work{Pass: 2, Generation: generation, Stage: stage, Worker: worker, Reason: reason, Changed: at, Unseen: 3 * time.Second}
	}
	unnamed := lease(migrate.LeaseHeld, 14*time.Second)
	unnamed.Holder = unnamed.Host
	for name, c := range map[string]struct {
		holding    migrate.Holding
		work       *migrate.Work
		text, line []string
		goesOn     bool
	}{
		"nobody ever held it": {
			holding: migrate.Holding{State: migrate.NeverLeased},
			text:    []string{"Nobody has held it yet."},
		},
		"one that is held": {
			holding: lease(migrate.LeaseHeld, 14*time.Second),
			text:    []string{"Held by worker-2 (process 7 on box) since 2026-03-01 12:00:00 UTC. Its lease runs out in 14 s if it is not renewed."},
			line:    []string{"held by worker-2 (process 7 on box)"},
			goesOn:  true,
		},
		"one that a process without a name holds": {
			holding: unnamed,
			text:    []string{"Held by process 7 on box since"},
			line:    []string{"held by process 7 on box"},
			goesOn:  true,
		},
		"one that was given back, and waits": {
			holding: lease(migrate.LeaseGivenBack, -2*time.Minute), work: work(migrate.WorkWaiting, 2, "", ""),
			text:   []string{"Nobody holds it. It was given back 2 min ago by worker-2 (process 7 on box).", "Pass 2 waits for a worker since 2026-03-01 12:00:00 UTC, attempt 2."},
			line:   []string{"pass 2 waits for a worker"},
			goesOn: true,
		},
		"one whose lease ran out": {
			holding: lease(migrate.LeaseExpired, -12*time.Second),
			text:    []string{"Nobody holds it. The lease of worker-2 (process 7 on box) ran out 12 s ago; the next run takes over."},
			line:    []string{"the lease of worker-2 (process 7 on box) ran out 12 s ago"},
		},
		"one whose worker waits for the lease of another": {
			holding: lease(migrate.LeaseExpired, -time.Second), work: work(migrate.Working, 1, "worker-3", ""),
			text:   []string{"Pass 2 is worked by worker-3 since 2026-03-01 12:00:00 UTC, last seen 3 s ago."},
			goesOn: true,
		},
		"one that no worker can work": {
			holding: lease(migrate.LeaseGivenBack, 0), work: work(migrate.WorkFailed, 1, "worker-3", "Authenticate"),
			text: []string{"Pass 2 cannot be worked since 2026-03-01 12:00:00 UTC: Authenticate."},
			line: []string{"pass 2 cannot be worked: Authenticate"},
		},
		"one whose pass is over": {
			holding: lease(migrate.LeaseGivenBack, 0), work: work(migrate.WorkDone, 1, "worker-3", "exit status 3"),
			text: []string{"Pass 2 ended 2026-03-01 12:00:00 UTC: exit status 3."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := status()
			s.Work, c.holding.Work = nil, c.work
			s.Held(c.holding)
			text := strings.Join(strings.Fields(statusText(t, s)), " ")
			for _, want := range c.text {
				require.Contains(t, text, want)
			}
			for _, want := range c.line {
				require.Contains(t, reports.StatusLine(s), ", "+want+", ")
			}
			if c.line == nil && c.work == nil {
				require.NotContains(t, reports.StatusLine(s), "worker-2")
			}
			require.Equal(t, c.goesOn, s.GoesOn())
		})
	}
	t.Run("a run that was killed is resumed by who has its pass", func(t *testing.T) {
		s := running()
		s.Run.Alive = false
		h := lease(migrate.LeaseExpired, -time.Second)
		h.Work = work(migrate.WorkWaiting, 2, "", "")
		s.Held(h)
		require.Contains(t, statusText(t, s), "no longer running; a worker resumes it.")
	})
	t.Run("a file says nothing of it", func(t *testing.T) {
		s := status()
		s.Holding, s.Work = nil, nil
		require.NotContains(t, statusText(t, s), "holds it")
		require.NotContains(t, statusText(t, s), "Work")
	})
}
