package replay_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

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

// A run dies before it has noted a message, and the twin before that is in doubt.
func TestATwinOfWhatIsInDoubtIsNoCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c rig.ChannelPlan
		for i := range 6 {
			c.Messages = append(c.Messages, rig.MsgPlan{Body: "the same", Twin: i > 0})
		}
		m := rig.Migrated(t, rig.Scenario{Users: 1, Channels: []rig.ChannelPlan{c}})
		sid := rig.SidOf("CH", 0)
		m.InLedger(t, func(l migrate.Ledger) {
			var all []migrate.MessageRecord
			for r, err := range l.Messages(t.Context(), sid, migrate.All) {
				require.NoError(t, err)
				all = append(all, r)
			}
			require.Len(t, all, 6)
			require.NoError(t, l.ForgetMessages(t.Context(), sid, all[2].SourceIndex))
			for _, r := range all[4:] {
				require.NoError(t, l.PutMessage(t.Context(), sid, r))
			}
			require.NoError(t, l.PutDoubt(t.Context(), sid, migrate.DoubtRecord{
				SourceIndex: all[2].SourceIndex, After: all[1].TargetIndex, Sends: 1, At: time.Now(),
			}))
		})
		before := m.Messages(t)
		_, err := m.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, m.Messages(t))
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
