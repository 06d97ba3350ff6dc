package replay_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// TestBreaker runs lanes one after the other, each of which ends in one way, and
// holds where the run ends. The letters are:
//
//	.  the channel is carried
//	u  the service does not answer; likewise t throttled, d in doubt, c contended
//	r  the service refuses
//	x  the service answers with a record that makes no sense
func TestBreaker(t *testing.T) {
	kinds := map[byte]migrate.Kind{
		'u': migrate.Unavailable, 't': migrate.Throttled, 'd': migrate.InDoubt, 'c': migrate.Contended, 'r': migrate.Refused, 'x': migrate.Unavailable,
	}
	for _, c := range []struct {
		lanes     string
		maxErrors int
		failed    int // lanes that ended before the run did
		kind      migrate.Kind
		goesOn    bool // the run does not end early, nor with an error
		tooMany   bool
	}{
		{lanes: "uuu......", failed: 3, kind: migrate.Unavailable},
		{lanes: "ttt......", failed: 3, kind: migrate.Throttled},
		{lanes: "ddd......", failed: 3, kind: migrate.InDoubt},
		{lanes: "ccc......", failed: 3, kind: migrate.Contended},
		{lanes: "dtu......", failed: 3, kind: migrate.Unavailable},
		{lanes: "..utd....", failed: 3, kind: migrate.InDoubt},
		{lanes: "uu.......", failed: 2, goesOn: true},
		{lanes: "uu.uu.uu.", failed: 6, goesOn: true},
		{lanes: "uuruu....", failed: 5, goesOn: true},
		{lanes: "uurrruuu.", failed: 8, kind: migrate.Unavailable},
		{lanes: "uuxuu....", failed: 5, goesOn: true},
		{lanes: "rrrrrr...", failed: 6, goesOn: true},
		{lanes: "xxxxxx...", failed: 6, goesOn: true},
		{lanes: "u", failed: 1, kind: migrate.Unavailable},
		{lanes: "uu", failed: 2, kind: migrate.Unavailable},
		{lanes: "ru", failed: 2, goesOn: true},
		{lanes: "ur", failed: 2, goesOn: true},
		{lanes: "..u", failed: 1, kind: migrate.Unavailable},
		{lanes: "u..", failed: 1, goesOn: true},
		{lanes: "r", failed: 1, goesOn: true},

		{lanes: "r........", maxErrors: 1, failed: 1, tooMany: true},
		{lanes: ".........", maxErrors: 1, failed: 0, goesOn: true},
		{lanes: "rr.......", maxErrors: 3, failed: 2, goesOn: true},
		{lanes: "r.r.r....", maxErrors: 3, failed: 3, tooMany: true},
		{lanes: "u.r.x....", maxErrors: 3, failed: 3, tooMany: true},
		{lanes: "uuu......", maxErrors: 3, failed: 3, tooMany: true},
		{lanes: "uuu......", maxErrors: 4, failed: 3, kind: migrate.Unavailable},
	} {
		t.Run(fmt.Sprintf("%s, at most %d errors", c.lanes, c.maxErrors), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(len(c.lanes)).Archive()})
				r.Settings.Concurrency, r.Settings.MaxErrors = 1, c.maxErrors
				var last error
				calls := &calls{before: func(one call) error {
					if one.name != "source Channel" {
						return nil
					}
					time.Sleep(time.Second) // so that a run that ended is seen to have
					how := c.lanes[one.nth-1]
					if how == '.' {
						return nil
					}
					why := fmt.Errorf("lane %d", one.nth)
					if how == 'x' {
						why = &chat.Unreadable{Err: why}
					}
					last = &migrate.Error{Op: "read channel", Kind: kinds[how], Err: why}
					return last
				}}
				s, err := calls.run(t.Context(), t, r)
				require.Len(t, s.Failures, c.failed)
				require.EqualValues(t, c.failed, s.Counts[migrate.KindChannels].Failed)
				switch {
				case c.goesOn:
					require.NoError(t, err)
					require.EqualValues(t, len(c.lanes)-c.failed, s.Counts[migrate.KindChannels].Written)
					return
				case c.tooMany:
					require.ErrorContains(t, err, "as many channels failed as --max-errors allows")
					require.ErrorIs(t, err, last)
					require.Equal(t, "to see what stopped: chatbridge status", migrate.HintOf(err))
				default:
					require.Equal(t, c.kind, migrate.KindOf(err))
					require.ErrorIs(t, err, last)
					require.Contains(t, migrate.HintOf(err), "run the same command again later to resume")
				}
				require.Equal(t, migrate.FailedStatus, s.Status)
			})
		})
	}

	t.Run("a wide run is ended by as many as run beside each other", func(t *testing.T) {
		for n, ends := range map[int]bool{4: false, 5: true} {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(12).Archive()})
				r.Settings.Concurrency = 5
				c := &calls{before: func(one call) error {
					if one.name != "source Channel" {
						return nil
					}
					if one.nth > n {
						time.Sleep(time.Minute)
						return nil
					}
					return &migrate.Error{Op: "read channel", Kind: migrate.Unavailable, Err: errors.New("down")}
				}}
				s, err := c.run(t.Context(), t, r)
				if ends {
					require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
					require.Zero(t, s.Counts[migrate.KindChannels].Written)
				} else {
					require.NoError(t, err)
					require.EqualValues(t, 12-n, s.Counts[migrate.KindChannels].Written)
				}
			})
		}
	})
}
