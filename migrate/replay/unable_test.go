package replay_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/sidecar"
	"chatbridge/migrate/transport"
)

func TestLaneThatCannotGoOn(t *testing.T) {
	notJSON := func(t *testing.T) fs.FS {
		return rig.WithFile(t, rig.ManyChannels(4).Archive(), rig.MessagesPath(1), func(s string) string {
			return strings.Replace(s, `"body":"three"`, `"body":""`, 1)
		})
	}

	t.Run("stops alone, is said with both SIDs, and holds the webhooks of the service back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: notJSON(t)})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, rig.SidOf("CH", 1), s.Failures[0].SourceSID)
			require.Regexp(t, `^CH[0-9a-f]{32}$`, s.Failures[0].TargetSID)
			require.Contains(t, s.Failures[0].Reason, string(mapping.BodyEmpty))
			require.Contains(t, s.Failures[0].Hint, "--policy "+string(mapping.BodyEmpty))
			require.Equal(t, migrate.KindCount{Source: 4, Written: 3, Failed: 1}, s.Counts[migrate.KindChannels])
			require.EqualValues(t, 2, s.Counts[migrate.KindMessages].Failed)
			cfg, err := r.Target(&transport.Counter{}).Configuration(t.Context(), s.Services[0].TargetSID)
			require.NoError(t, err)
			require.True(t, cfg.Webhooks.Off())
			require.True(t, cfg.Notifications.Off())
		})
	})

	t.Run("goes on when a policy says how, and the original is kept first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: notJSON(t)})
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			r.Settings.Mapper.Policy = mapping.Policy{mapping.BodyEmpty: "skip"}
			side := filepath.Join(ledgertest.Dir(t), "originals.jsonl")
			r.Sidecar = sidecar.New(side)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.NoError(t, r.Sidecar.Close())
			raw, err := os.ReadFile(side)
			require.NoError(t, err)
			var one sidecar.Entry
			require.NoError(t, json.Unmarshal(raw, &one))
			require.Equal(t, mapping.BodyEmpty, one.Code)
			require.Contains(t, one.Original, rig.SidOf("IM", 1002))
			info, err := os.Stat(side)
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})

	t.Run("writes nothing that loses an original which cannot be kept", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: notJSON(t)})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.BodyEmpty: "skip"}
			folder := filepath.Join(ledgertest.Dir(t), "no such folder yet")
			r.Sidecar = sidecar.New(filepath.Join(folder, "originals.jsonl"))
			s, err := r.Migrate(t.Context())
			require.ErrorContains(t, err, "keep originals")
			require.Contains(t, migrate.HintOf(err), "free some space there")
			require.Equal(t, migrate.FailedStatus, s.Status)
			// What follows the message that the policy leaves out would say that
			// it was dealt with.
			bodies := r.BodiesIn(t, s.Services[0].TargetSID, rig.SidOf("CH", 1))
			require.NotContains(t, bodies, "four")

			require.NoError(t, os.Mkdir(folder, 0o700))
			r.Sidecar = sidecar.New(filepath.Join(folder, "originals.jsonl"))
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.NoError(t, r.Sidecar.Close())
			require.Equal(t, []string{"one", "two", "four"}, r.BodiesIn(t, s.Services[0].TargetSID, rig.SidOf("CH", 1)))
			raw, err := os.ReadFile(filepath.Join(folder, "originals.jsonl"))
			require.NoError(t, err)
			require.Contains(t, string(raw), rig.SidOf("IM", 1002))
		})
	})

	// broken is n channels of which each of the first few has a message that no
	// policy decides about. One lane runs at a time.
	broken := func(t *testing.T, n, few int) *rig.Rig {
		in := rig.ManyChannels(n).Archive()
		for i := range few {
			in = rig.WithFile(t, in, rig.MessagesPath(i), func(s string) string {
				return strings.Replace(s, `"body":"three"`, `"body":""`, 1)
			})
		}
		r := rig.NewRig(t, emulator.Config{Archive: in})
		r.Settings.Concurrency = 1
		return r
	}

	t.Run("ends the run when there are as many as allowed, and begins no other", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := broken(t, 12, 2)
			r.Settings.MaxErrors = 2
			s, err := r.Migrate(t.Context())
			require.ErrorContains(t, err, "as many channels failed as --max-errors allows")
			require.Equal(t, migrate.FailedStatus, s.Status)
			require.Len(t, s.Failures, 2)
			require.EqualValues(t, 2, s.Counts[migrate.KindChannels].Failed)
			require.Len(t, r.ConversationsOf(t, s.Services[0].TargetSID), 2)
		})
	})

	t.Run("ends no run while there are fewer than allowed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := broken(t, 6, 2)
			r.Settings.MaxErrors = 3
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 2)
			require.EqualValues(t, 4, s.Counts[migrate.KindChannels].Written)
		})
	})

	t.Run("is stopped by the watchdog when it stands still, and the others go on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hang := func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Host == emulator.ChatHost && strings.Contains(r.URL.Path, rig.SidOf("CH", 2)+"/Messages") {
					<-r.Context().Done()
					panic(http.ErrAbortHandler)
				}
				commit().WriteTo(w)
			}
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(4).Archive(), Intercept: hang})
			r.Settings.Watchdog = 20 * time.Second // less than the deadline of an attempt
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, rig.SidOf("CH", 2), s.Failures[0].SourceSID)
			require.Contains(t, s.Failures[0].Reason, "no progress")
		})
	})

	t.Run("that the target refuses for good is tried again by the next run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var refusing atomic.Bool
			refusing.Store(true)
			refuse := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if refusing.Load() && x.Write() && x.Form.Get("Body") == "four" {
					emulator.Refusal(400, 50503, "refused").WriteTo(w)
					return
				}
				commit().WriteTo(w)
			}
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive(), Intercept: refuse})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 2)
			refusing.Store(false)
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestServiceThatIsDown(t *testing.T) {
	t.Run("ends the run, and running again resumes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var writes atomic.Int64
			var down atomic.Bool
			down.Store(true)
			outage := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() {
					writes.Add(1)
				}
				if down.Load() && writes.Load() > 30 {
					emulator.Reply{Status: http.StatusServiceUnavailable}.WriteTo(w)
					return
				}
				commit().WriteTo(w)
			}
			s := rig.ManyChannels(20)
			s.Concurrency = 1
			r := rig.NewRig(t, emulator.Config{Archive: s.Archive(), Intercept: outage})
			r.Settings.Concurrency = 1
			sum, err := r.Migrate(t.Context())
			require.Error(t, err)
			require.Contains(t, []migrate.Kind{migrate.Unavailable, migrate.InDoubt}, migrate.KindOf(err))
			require.Equal(t, migrate.FailedStatus, sum.Status)
			down.Store(false)
			require.Equal(t, migrate.Complete, r.UntilDone(t).Status)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}
