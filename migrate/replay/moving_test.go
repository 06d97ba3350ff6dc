package replay_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

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
			// A page is 100 messages, and two are read ahead: the fourth is read after the
			// first is written.
			r, moved := moving(t, numbered(320), 310)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.True(t, moved.Load())
			require.Equal(t, migrate.Complete, s.Status)
			bodies := r.BodiesIn(t, s.Services[0].TargetSID, channel)
			require.Len(t, bodies, 320)
			require.NotContains(t, bodies, "message 310")
			require.Equal(t, "edited", bodies[310])
			require.Equal(t, "added", bodies[319])
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
