package replay_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// ended is how a run ended.
type ended struct {
	summary replay.Summary
	err     error
}

// start begins a run on a ledger, as another process would.
func start(t *testing.T, r *rig.Rig, ledger string, set func(*replay.Migration)) <-chan ended {
	t.Helper()
	done := make(chan ended, 1)
	go func() {
		l, err := sqlite.Open(t.Context(), ledger)
		if err != nil {
			done <- ended{err: err}
			return
		}
		counter := &transport.Counter{}
		m := replay.Migration{Source: r.Source(counter), Target: r.Target(counter), Ledger: l, Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic}
		if set != nil {
			set(&m)
		}
		s, err := m.Run(t.Context())
		_ = l.Close()
		done <- ended{s, err}
	}()
	return done
}

// long is a workspace that takes about 20 s to bring over. services counts those
// that are made.
func long(t *testing.T) (r *rig.Rig, services *atomic.Int64) {
	s := rig.ManyChannels(2)
	for i := range s.Channels {
		s.Channels[i].Messages = nil
		for range 60 {
			s.Channels[i].Messages = append(s.Channels[i].Messages, rig.MsgPlan{Body: "m", Twin: false})
		}
	}
	services = &atomic.Int64{}
	return rig.NewRig(t, emulator.Config{Archive: s.Archive(), Latency: 300 * time.Millisecond,
		Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && len(x.Path) == 2 {
				services.Add(1)
			}
			commit().WriteTo(w)
		}}), services
}

// sound requires that everything is there once, and no claim any more.
func sound(t *testing.T, r *rig.Rig, services int) {
	t.Helper()
	v, differences := r.Verify(t.Context())
	require.True(t, v.Equal, "%+v", differences)
	n := 0
	for s, err := range r.Target(&transport.Counter{}).Services(t.Context()) {
		require.NoError(t, err)
		n++
		for c, err := range r.Target(&transport.Counter{}).Conversations(t.Context(), s.SID) {
			require.NoError(t, err)
			require.NotEqual(t, migrate.ClaimName, c.UniqueName)
		}
	}
	require.Equal(t, services, n)
}

func TestTwoRuns(t *testing.T) {
	for name, apart := range map[string]time.Duration{
		"while the first writes messages":                 5 * time.Second,
		"right after the first made the service":          1300 * time.Millisecond,
		"before the first made the service":               500 * time.Millisecond,
		"at the same moment":                              0,
		"after the first renewed its claim several times": 15 * time.Second,
	} {
		t.Run("with a ledger each, the second "+name+": one goes on, and nothing is doubled", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, services := long(t)
				dir := t.TempDir()
				first := start(t, r, filepath.Join(dir, "a.db"), nil)
				time.Sleep(apart)
				second := start(t, r, filepath.Join(dir, "b.db"), nil)
				a, b := <-first, <-second
				won, lost := a, b
				if a.err != nil {
					won, lost = b, a
				}
				require.NoError(t, won.err)
				require.Equal(t, migrate.Complete, won.summary.Status)
				require.Error(t, lost.err)
				require.Equal(t, migrate.Conflict, migrate.KindOf(lost.err), "%v", lost.err)
				require.ErrorContains(t, lost.err, "another run")
				host, err := os.Hostname()
				require.NoError(t, err)
				require.ErrorContains(t, lost.err, host)
				sound(t, r, 1)
				if apart > time.Second {
					require.EqualValues(t, 1, services.Load(), "who comes later makes none")
				}
			})
		})
	}

	t.Run("on a ledger and a copy of it: the second is told who writes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := long(t)
			dir := t.TempDir()
			path, copied := filepath.Join(dir, "a.db"), filepath.Join(dir, "copy.db")
			first := start(t, r, path, nil)
			time.Sleep(8 * time.Second)
			for _, suffix := range []string{"", "-wal"} {
				raw, err := os.ReadFile(path + suffix)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(copied+suffix, raw, 0o600))
			}
			second := <-start(t, r, copied, nil)
			require.Equal(t, migrate.Conflict, migrate.KindOf(second.err), "%v", second.err)
			require.ErrorContains(t, second.err, "another run writes into it")
			require.NoError(t, (<-first).err)
			sound(t, r, 1)
		})
	})

	t.Run("one after the other, with a ledger each", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := long(t)
			dir := t.TempDir()
			require.NoError(t, (<-start(t, r, filepath.Join(dir, "a.db"), nil)).err)
			began := time.Now()
			require.NoError(t, (<-start(t, r, filepath.Join(dir, "b.db"), nil)).err)
			require.Less(t, time.Since(began), 30*time.Second, "there is no claim to wait for")
			sound(t, r, 1)
		})
	})

	t.Run("whose ledger was removed under the first: it stops, and the second brings the rest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := long(t)
			path := filepath.Join(ledgertest.Dir(t), "chatbridge.db")
			first := start(t, r, path, nil)
			time.Sleep(8 * time.Second)
			for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
				require.NoError(t, os.Remove(path+suffix))
			}
			second := start(t, r, path, nil)
			one := <-first
			require.Equal(t, migrate.Conflict, migrate.KindOf(one.err))
			require.ErrorContains(t, one.err, "while this run was writing it")
			two := <-second
			require.NoError(t, two.err)
			require.Equal(t, migrate.Complete, two.summary.Status)
			sound(t, r, 1)
		})
	})
}

func TestClaimIsGone(t *testing.T) {
	t.Run("after a run that was stopped in good order, or refused, in a service of its own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := long(t)
			stop := make(chan struct{})
			time.AfterFunc(8*time.Second, func() { close(stop) })
			got := <-start(t, r, r.Ledger, func(m *replay.Migration) { m.Drain = stop })
			require.Equal(t, migrate.Interrupted, migrate.KindOf(got.err))
			require.False(t, claimed(t, r, got.summary.Services[0].TargetSID))
		})
	})
	t.Run("not after one that was cut: it expires, and the same ledger takes it at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := long(t)
			r.Killed(t, rig.Kill{Write: 30, Cut: true})
			began := time.Now()
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Less(t, time.Since(began), 50*time.Second)
			require.False(t, claimed(t, r, s.Services[0].TargetSID))
		})
	})
}

// A run that adopted a service with a history leaves it alone, whatever its rival
// does and whatever the lists show.
func TestAnAdoptedServiceIsNotTakenAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		there := s.Services[0]
		r.Ledger += ".new"
		rival := claim.New(claim.Options{Target: r.Target(&transport.Counter{}), Verb: "migrate", Settle: r.Settings.Settle, Observer: r.Events})
		claimed := false
		m.do(func(x exchange) bool {
			if x.Form.Get("UniqueName") == migrate.ClaimName && !claimed {
				claimed = true
				x.aside(func() {
					other, err := r.Target(&transport.Counter{}).AppendService(t.Context(), conversations.Service{FriendlyName: there.FriendlyName})
					require.NoError(t, err)
					require.NoError(t, rival.Take(t.Context(), other.SID, there.SourceSID, nil))
					require.NoError(t, rival.Alone(t.Context(), other))
				})
			}
			if !claimed || x.Write() || len(x.Path) != 4 || x.Path[3] != "Conversations" || x.Path[2] != there.TargetSID {
				return false
			}
			reply := x.commit()
			var all map[string]any
			require.NoError(t, json.Unmarshal(reply.Body, &all))
			all["conversations"] = []any{}
			reply.Body, _ = json.Marshal(all)
			reply.WriteTo(x.w)
			return true
		})
		_, err = r.Migrate(t.Context())
		require.Equal(t, migrate.Conflict, migrate.KindOf(err), "%v", err)
		rival.Release(t.Context())
		m.rest()
		require.Contains(t, servicesOf(t, r), there.TargetSID)
		require.Len(t, r.ConversationsOf(t, there.TargetSID), 2)
	})
}
