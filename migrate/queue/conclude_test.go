package queue

import (
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"
)

// TestConcludedTwice has the result of a generation be kept twice, as when the database
// did so and nobody heard it: the second time changes nothing, neither of what came next.
func TestConcludedTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome Outcome
		state   string
		rows    []string
	}{
		"handed over": {HandOver, "waiting 1 2", []string{"acme 1 1 completed 2 1", "acme 1 2 available 1 1"}},
		"done":        {Done, "done 1 1 a first", []string{"acme 1 1 completed 2 1"}},
		"failed":      {Failed, "failed 1 1 a first", []string{"acme 1 1 completed 2 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "acme")
			a := w.queue("a")
			kept := make(chan error, 1)
			a.does = func(r *run) Result {
				job := &river.Job[pass]{JobRow: &rivertype.JobRow{State: rivertype.JobStateRunning}, Args: pass{Name: "acme", Pass: 1, Generation: 1}}
				err := w.pool.QueryRow(r, `SELECT migration_id, job_id FROM chatbridge.work`).Scan(&job.Args.ID, &job.ID)
				if err == nil {
					err = a.conclude(r, job, Result{Outcome: c.outcome, Reason: "first"})
				}
				kept <- err
				select {
				case <-a.drain: // nothing more is fetched
				case <-r.Done():
				}
				return Result{Outcome: c.outcome, Reason: "second"}
			}
			a.work(1, "acme")
			a.ask("acme")
			require.NoError(t, receive(t, kept, "the first result"))
			require.Equal(t, c.state, a.state("acme"))
			require.Equal(t, c.rows, w.rows())
			a.stopping()
			a.stopped()
			require.Equal(t, c.state, a.state("acme"))
			require.Equal(t, c.rows, w.rows())
		})
	}
}
