package replay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sidecar"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
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
			side := filepath.Join(t.TempDir(), "originals.jsonl")
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
			folder := filepath.Join(t.TempDir(), "no such folder yet")
			r.Sidecar = sidecar.New(filepath.Join(folder, "originals.jsonl"))
			s, err := r.Migrate(t.Context())
			require.ErrorContains(t, err, "keep originals")
			require.Contains(t, migrate.HintOf(err), "make room there")
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
			// The slot of the last may have been taken before its error ended all.
			require.LessOrEqual(t, len(r.ConversationsOf(t, s.Services[0].TargetSID)), 3)
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

func TestLateCopies(t *testing.T) {
	t.Run("are removed by the read-back when the settle time was too short", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan, err := faults.Parse("nth(conversations POST messages,2)=late,late-within=5s")
			require.NoError(t, err)
			c := rig.ChannelPlan{}
			for i := range 30 {
				c.Messages = append(c.Messages, rig.MsgPlan{Body: fmt.Sprint("message ", i)})
			}
			s := rig.Scenario{Users: 1, Channels: []rig.ChannelPlan{c}}
			// Slow enough that the copy lands while the lane still writes.
			r := rig.NewRig(t, emulator.Config{Archive: s.Archive(), Intercept: plan.Intercept, Latency: 400 * time.Millisecond})
			r.Settings.Settle = time.Millisecond
			sum, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, sum.Status)
			plan.Close()
			require.Contains(t, r.Events.Messages(), "removed a copy that landed late")
			r.Settings.Settle = 10 * time.Second
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestExactTwins(t *testing.T) {
	t.Run("all arrive, also when an answer is lost between them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan, err := faults.Parse("nth(conversations POST messages,2)=after.reset,nth(conversations POST messages,4)=before.reset")
			require.NoError(t, err)
			c := rig.ChannelPlan{}
			for i := range 6 {
				c.Messages = append(c.Messages, rig.MsgPlan{Body: "the same", Twin: i > 0})
			}
			r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 1, Channels: []rig.ChannelPlan{c}}.Archive(), Intercept: plan.Intercept})
			sum, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 6, sum.Counts[migrate.KindMessages].Written)
			plan.Close()
			require.Len(t, plan.Counts(), 2)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestDrain(t *testing.T) {
	t.Run("finishes what is in flight, says interrupted, and running again resumes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(6).Archive(), Latency: 100 * time.Millisecond})
			drain := make(chan struct{})
			c := &calls{before: func(one call) error {
				if one == (call{"target AppendMessage", 4}) {
					close(drain)
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Drain = drain })
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.Equal(t, migrate.InterruptedStatus, s.Status)
			require.NotZero(t, s.Counts[migrate.KindMessages].Written)
			require.Less(t, s.Counts[migrate.KindMessages].Written, int64(24))
			again, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, again.Status)
			// Whatever was written before the drain was confirmed, so that
			// nothing had to be found by reading.
			require.Equal(t, s.Counts[migrate.KindMessages].Written, again.Counts[migrate.KindMessages].Existing)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestMovingTarget(t *testing.T) {
	t.Run("keeps what people write into the new conversations, and everything else arrives in order", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var r *rig.Rig
			var n atomic.Int64
			chat := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				reply := commit()
				if x.Write() && len(x.Path) == 6 && x.Path[5] == "Messages" {
					if n.Add(1)%3 == 0 {
						_, err := r.Emulator.PostAs(x.Path[4], rig.IdentityOf(0), "from the new app")
						require.NoError(t, err)
					}
				}
				reply.WriteTo(w)
			}
			r = rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive(), Intercept: chat})
			r.Killed(t, rig.Kill{Write: 25, After: true})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			v, differences := r.Verify(t.Context())
			require.True(t, v.Equal, "%+v", differences)
			require.NotZero(t, v.Differences[verify.Foreign])
		})
	})
}

func TestMovingSource(t *testing.T) {
	channel := rig.SidOf("CH", 0)

	// moving is a channel that changes once its first message is written: a
	// message is deleted, the one after it edited, and one is added.
	moving := func(t *testing.T, c rig.ChannelPlan, deleted int) (r *rig.Rig, moved *atomic.Bool) {
		moved = &atomic.Bool{}
		move := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			reply := commit()
			if x.Write() && x.Form.Get("Body") == c.Messages[0].Body && moved.CompareAndSwap(false, true) {
				require.NoError(t, r.Emulator.DeleteInChannel(channel, rig.SidOf("IM", deleted)))
				require.NoError(t, r.Emulator.EditInChannel(channel, rig.SidOf("IM", deleted+1), "edited"))
				_, err := r.Emulator.AppendToChannel(channel, rig.IdentityOf(1), "added")
				require.NoError(t, err)
			}
			reply.WriteTo(w)
		}
		r = rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 3, Channels: []rig.ChannelPlan{c}}.Archive(), Intercept: move})
		return r, moved
	}
	numbered := func(n int) (c rig.ChannelPlan) {
		for i := range n {
			c.Messages = append(c.Messages, rig.MsgPlan{Body: fmt.Sprint("message ", i)})
		}
		return c
	}

	t.Run("what is added, edited and deleted before it is read arrives as it is then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// A page is 100 messages: the second is read after the first is written.
			r, moved := moving(t, numbered(120), 110)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.True(t, moved.Load())
			require.Equal(t, migrate.Complete, s.Status)
			bodies := r.BodiesIn(t, s.Services[0].TargetSID, channel)
			require.Len(t, bodies, 120)
			require.NotContains(t, bodies, "message 110")
			require.Equal(t, "edited", bodies[110])
			require.Equal(t, "added", bodies[119])
			_, err = r.Migrate(t.Context()) // the channel has the date of the change since
			require.NoError(t, err)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})

	t.Run("what is edited and deleted after it was read is said by verify, and what is added comes next", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, moved := moving(t, numbered(6), 2)
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.True(t, moved.Load())
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			bodies := r.BodiesIn(t, s.Services[0].TargetSID, channel)
			require.Equal(t, []string{"message 0", "message 1", "message 2", "message 3", "message 4", "message 5", "added"}, bodies)
			_, differences := r.Verify(t.Context())
			said := map[verify.Class]string{}
			for _, d := range differences {
				require.Equal(t, migrate.KindMessages, d.Kind)
				said[d.Class] = d.SourceSID
			}
			require.Equal(t, map[verify.Class]string{verify.Altered: rig.SidOf("IM", 3), verify.Extra: ""}, said)
		})
	})

	t.Run("a second run brings what came since, and nothing twice", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			for _, body := range []string{"five", "six", "six"} {
				_, err := r.Emulator.AppendToChannel(channel, rig.IdentityOf(1), body)
				require.NoError(t, err)
			}
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 3, s.Counts[migrate.KindMessages].Written)
			require.EqualValues(t, 8, s.Counts[migrate.KindMessages].Existing)
			require.Zero(t, r.Emulator.Stats().Pushes)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})

	t.Run("a channel that is deleted while it is read stops alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var r *rig.Rig
			drop := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Host == emulator.ChatHost && strings.HasSuffix(strings.Join(x.Path, "/"), channel+"/Messages") {
					_ = r.Emulator.DeleteChannel(channel)
				}
				commit().WriteTo(w)
			}
			r = rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive(), Intercept: drop})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, channel, s.Failures[0].SourceSID)
			require.EqualValues(t, 2, s.Counts[migrate.KindChannels].Written)
		})
	})
}

func TestIntoAServiceThatIsThere(t *testing.T) {
	t.Run("puts its notifications off and gives them back, and leaves the rest of it alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			target := r.Target(&transport.Counter{})
			there, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "there before"})
			require.NoError(t, err)
			on := conversations.Notifications{NewMessage: conversations.Notification{Enabled: true, Template: "new"}}
			require.NoError(t, target.SetNotifications(t.Context(), there.SID, on))
			require.NoError(t, target.SetWebhooks(t.Context(), there.SID, conversations.Webhooks{PostWebhookURL: "https://example.com/live", Method: "POST"}))
			r.Settings.ToService = there.SID
			r.Killed(t, rig.Kill{Write: 20, After: true})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, there.SID, s.Services[0].TargetSID)
			cfg, err := target.Configuration(t.Context(), there.SID)
			require.NoError(t, err)
			require.True(t, cfg.Notifications.NewMessage.Enabled)
			require.Equal(t, "https://example.com/live", cfg.Webhooks.PostWebhookURL)
			stats := r.Emulator.Stats()
			require.Zero(t, stats.Pushes)
			require.Zero(t, stats.Webhooks)
		})
	})

	t.Run("refuses the source service itself", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Shared: true})
		r.Settings.ToService = rig.ScenarioService
		_, err := r.Migrate(t.Context())
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.NotEmpty(t, migrate.HintOf(err))
	})
}

func TestScope(t *testing.T) {
	run := func(t *testing.T, scope migrate.Scope) (audit.Audit, error) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(4).Archive()})
		counter := &transport.Counter{}
		src := migrate.Scoped(r.Source(counter), scope)
		if err := migrate.CheckScope(t.Context(), src, nil); err != nil {
			return audit.Audit{}, err
		}
		a := audit.Auditor{Source: src, Observer: r.Events, Settings: r.Settings}
		return a.Run(context.Background())
	}

	t.Run("selects channels and leaves channels out", func(t *testing.T) {
		got, err := run(t, migrate.Scope{Channels: []string{"CH000*"}, Exclude: []string{rig.SidOf("CH", 1)}})
		require.NoError(t, err)
		require.EqualValues(t, 3, got.Counts.Channels)
	})
	t.Run("selects messages by date, and members whole", func(t *testing.T) {
		got, err := run(t, migrate.Scope{Channels: []string{rig.SidOf("CH", 0)}, Since: rig.ScenarioStart.Add(30 * time.Second), Until: rig.ScenarioStart.Add(80 * time.Second)})
		require.NoError(t, err)
		require.EqualValues(t, 2, got.Counts.Messages)
		require.EqualValues(t, 2, got.Counts.Members)
	})
	t.Run("a filter that matches nothing is an error", func(t *testing.T) {
		for _, s := range []migrate.Scope{{Channels: []string{"no-such-*"}}, {Exclude: []string{"no-such"}}, {Type: "public"}} {
			_, err := run(t, s)
			require.Equal(t, migrate.Usage, migrate.KindOf(err), "%+v", s)
		}
	})
	t.Run("what cannot be read is an error", func(t *testing.T) {
		for _, s := range []migrate.Scope{{Channels: []string{"["}}, {Type: "open"}, {Since: rig.ScenarioStart, Until: rig.ScenarioStart}} {
			require.Equal(t, migrate.Usage, migrate.KindOf(s.Validate()), "%+v", s)
		}
	})
}

func TestNotAsAsked(t *testing.T) {
	for name, field := range map[string]string{"date": "DateCreated", "author": "Author"} {
		t.Run("a service that stores another "+name+" stops the channel after one message", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ignore := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if x.Write() && x.Form.Has("Body") {
						x.Form.Del(field)
					}
					commit().WriteTo(w)
				}
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: ignore})
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Partial, s.Status)
				require.Len(t, s.Failures, 1)
				require.Contains(t, s.Failures[0].Reason, "stored it")
				require.Zero(t, s.Counts[migrate.KindMessages].Written)
				n := 0
				for _, err := range r.Target(&transport.Counter{}).Messages(t.Context(), s.Services[0].TargetSID, s.Failures[0].TargetSID, false) {
					require.NoError(t, err)
					n++
				}
				require.Equal(t, 1, n)
			})
		})
	}
}

func TestClockSetBack(t *testing.T) {
	t.Run("a run that was killed in the future makes the next one wait the settle time and no longer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			r.Killed(t, rig.Kill{Write: 20, After: true})
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			last, ok, err := l.LastRun(t.Context())
			require.NoError(t, err)
			require.True(t, ok)
			last.HeartbeatAt = time.Now().Add(48 * time.Hour)
			require.NoError(t, l.PutRun(t.Context(), last))
			require.NoError(t, l.Close())
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.GreaterOrEqual(t, s.Duration, r.Settings.Settle.Seconds())
			require.Less(t, s.Duration, 3*r.Settings.Settle.Seconds())
		})
	})
}

func TestNamesThatCollide(t *testing.T) {
	named := func() rig.Scenario {
		s := rig.ManyChannels(2)
		s.Channels[0].Unique, s.Channels[1].Unique = true, true
		return s
	}
	into := func(t *testing.T) *rig.Rig {
		r := rig.NewRig(t, emulator.Config{Archive: named().Archive()})
		target := r.Target(&transport.Counter{})
		there, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "there before"})
		require.NoError(t, err)
		_, err = target.AppendConversation(t.Context(), there.SID, conversations.Conversation{UniqueName: "channel-1"})
		require.NoError(t, err)
		r.Settings.ToService = there.SID
		return r
	}

	t.Run("are found by the audit", func(t *testing.T) {
		r := into(t)
		counter := &transport.Counter{}
		a := audit.Auditor{Source: r.Source(counter), Target: r.Target(counter), Observer: r.Events, Settings: r.Settings}
		got, err := a.Run(t.Context())
		require.NoError(t, err)
		i := slices.IndexFunc(got.Findings, func(f migrate.FindingCount) bool { return f.Code == mapping.UniqueNameTaken })
		require.GreaterOrEqual(t, i, 0)
		require.Equal(t, []string{rig.SidOf("CH", 1)}, got.Findings[i].Samples)
		require.Equal(t, mapping.Stop, got.Findings[i].Severity)
	})

	t.Run("stop their own channel, and a policy goes on without the name", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := into(t)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, rig.SidOf("CH", 1), s.Failures[0].SourceSID)
			r.Settings.Mapper.Policy = mapping.Policy{mapping.UniqueNameTaken: "drop"}
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestWithoutStamp(t *testing.T) {
	t.Run("a conversation whose creation was not confirmed is found again by name, dates and attributes", func(t *testing.T) {
		for write := 3; write < 30; write += 2 {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(4).Archive()})
				r.Settings.Mapper.NoStamp = true
				r.Killed(t, rig.Kill{Write: write, After: true})
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				n := 0
				for c, err := range r.Target(&transport.Counter{}).Conversations(t.Context(), s.Services[0].TargetSID) {
					require.NoError(t, err)
					require.NotContains(t, c.Attributes, "chatbridge")
					n++
				}
				require.Equal(t, 4, n, "killed at write %d", write)
			})
		}
	})
}
