package replay_test

import (
	"flag"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

var everyCall = flag.Bool("sweep", false, "break, drain and cancel every call of a run, and not only some of each name")

// callsOf is what a run in a world asks, one after the other. What it does as time
// passes, beside its work, is left out.
func callsOf(t *testing.T, w world) (made []call) {
	synctest.Test(t, func(t *testing.T) {
		r := w.make(t)
		c := &calls{after: w.after}
		s, err := c.run(t.Context(), t, r)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		made = c.all()
		beats := c.times("ledger PutRun") - 1 // the first and the last say more than that the run lives
		made = slices.DeleteFunc(made, func(one call) bool {
			return one.name == "claim SetConversation" || one.name == "ledger PutRun" && one.nth > 1 && one.nth <= beats
		})
	})
	if i := slices.Index(made, call{w.from, 1}); i > 0 {
		made = made[i:]
	}
	if i := slices.Index(made, call{w.to, 1}); i > 0 {
		made = made[:i+1]
	}
	return made
}

// sweep goes through the calls of world after world: all of them, or else the
// first of each name and every 24th of the others.
type sweep struct {
	seen   map[string]bool
	others int
}

func (s *sweep) of(made []call) []call {
	if *everyCall {
		return made
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	var part []call
	for _, one := range made {
		if s.seen[one.name] {
			s.others++
		}
		if !s.seen[one.name] || s.others%24 == 0 {
			part = append(part, one)
		}
		s.seen[one.name] = true
	}
	return part
}
