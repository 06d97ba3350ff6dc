package replay_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// writeLog notes when a target was written: by the run, and to keep its claim.
type writeLog struct {
	run, claim atomic.Int64
	last       atomic.Int64 // seconds
	after      func(run int64)
}

func (l *writeLog) intercept(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	reply := commit()
	switch {
	case !x.Write():
	case len(x.Path) == 5 && x.Path[3] == "Conversations" && x.Form.Has("Attributes") && !x.Form.Has("DateUpdated"):
		l.claim.Add(1)
	default:
		l.last.Store(time.Now().Unix())
		n := l.run.Add(1)
		if l.after != nil {
			l.after(n)
		}
	}
	reply.WriteTo(w)
}

func TestPausedRun(t *testing.T) {
	const night = 20 * time.Minute // beyond any watchdog, claim or patience
	t.Run("writes nothing while it is paused, keeps its claim, is not stalled, and goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &migrate.Pause{}
			var paused time.Time
			l := &writeLog{}
			l.after = func(n int64) {
				if n == 40 {
					paused = time.Now()
					p.Set("a file")
					time.AfterFunc(night, func() { p.Set("") })
				}
			}
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(6).Archive(), Intercept: l.intercept})
			var live func() replay.Progress
			var written, renewed int64
			var now replay.Progress
			time.AfterFunc(night/2, func() { written, renewed, now = l.last.Load(), l.claim.Load(), live() })
			s, err := r.Migrate(migrate.WithPause(t.Context(), p), func(m *replay.Migration) {
				m.Began = func(f func() replay.Progress) { live = f }
			})
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.GreaterOrEqual(t, s.Duration, night.Seconds())
			require.EqualValues(t, paused.Unix(), written, "what was in flight ended at once, and nothing else was written")
			require.Greater(t, renewed, int64(night/2/(15*time.Second)), "all the time")
			require.Nil(t, now.SecondsLeft, "nobody knows")
			require.Len(t, now.Waits, 1)
			require.Equal(t, migrate.Paused, now.Waits[0].Cause)
			require.Equal(t, "a file", now.Waits[0].Reason)
			require.Positive(t, now.Waits[0].Channels)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
	t.Run("does not even claim what it is to write, if it is paused from the start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &migrate.Pause{}
			p.Set("other hours")
			l := &writeLog{}
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive(), Intercept: l.intercept})
			written := int64(-1)
			time.AfterFunc(night, func() {
				written = l.run.Load() + l.claim.Load()
				p.Set("")
			})
			s, err := r.Migrate(migrate.WithPause(t.Context(), p))
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.GreaterOrEqual(t, s.Duration, night.Seconds())
			require.Zero(t, written)
		})
	})
	t.Run("ends at a drain, at a cancelled context, and leaves no claim behind", func(t *testing.T) {
		for _, cut := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				p := &migrate.Pause{}
				l := &writeLog{}
				stop := make(chan struct{})
				ctx, cancel := context.WithCancel(migrate.WithPause(t.Context(), p))
				defer cancel()
				l.after = func(n int64) {
					if n != 40 {
						return
					}
					p.Set("a file")
					time.AfterFunc(night, func() {
						if cut {
							cancel()
						} else {
							close(stop)
						}
					})
				}
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(6).Archive(), Intercept: l.intercept})
				began := time.Now()
				s, err := r.Migrate(ctx, func(m *replay.Migration) { m.Drain = stop })
				require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
				require.Equal(t, migrate.InterruptedStatus, s.Status)
				require.Less(t, time.Since(began), night+time.Minute)
				l.after = nil
				again, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, again.Status)
				require.Less(t, again.Duration, time.Minute.Seconds(), "it waits for no claim")
			})
		}
	})
}
