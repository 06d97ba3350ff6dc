package replay_test

import (
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

func TestLedgerFileThatIsGone(t *testing.T) {
	// removing is a target that removes the ledger when it is written to for the
	// nth time, and counts what it is sent from a second later on.
	removing := func(t *testing.T, nth int64, hang bool) (r *rig.Rig, late *atomic.Int64) {
		var writes atomic.Int64
		var removed atomic.Pointer[time.Time]
		late = &atomic.Int64{}
		r = rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(6).Archive(), Latency: 100 * time.Millisecond,
			Intercept: func(w http.ResponseWriter, req *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Host == emulator.ConversationsHost && x.Write() {
					if at := removed.Load(); at != nil && time.Since(*at) > 1200*time.Millisecond {
						late.Add(1)
					}
					if writes.Add(1) == nth {
						require.NoError(t, os.Remove(r.Ledger))
						now := time.Now()
						removed.Store(&now)
					}
					if removed.Load() != nil && hang {
						<-req.Context().Done()
						panic(http.ErrAbortHandler)
					}
				}
				commit().WriteTo(w)
			}})
		return r, late
	}
	run := func(t *testing.T, r *rig.Rig) (replay.Summary, error) {
		l, err := sqlite.Open(t.Context(), r.Ledger)
		require.NoError(t, err)
		counter := &transport.Counter{}
		m := replay.Migration{Source: r.Source(counter), Target: r.Target(counter), Ledger: l, Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic}
		s, err := m.Run(t.Context())
		require.Error(t, l.Close())
		return s, err
	}
	for name, hang := range map[string]bool{"while lanes write": false, "while lanes wait for an answer": true} {
		t.Run("ends the run at once "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, late := removing(t, 30, hang)
				began := time.Now()
				s, err := run(t, r)
				require.ErrorContains(t, err, "it was removed or renamed while this run was writing it")
				require.Equal(t, migrate.Conflict, migrate.KindOf(err))
				require.Equal(t, migrate.FailedStatus, s.Status)
				require.Zero(t, late.Load(), "writes after the ledger was gone")
				require.Less(t, time.Since(began), 20*time.Second)
			})
		})
	}
}
