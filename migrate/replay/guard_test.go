package replay_test

import (
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

func TestLateConversation(t *testing.T) {
	t.Run("that a create without answer left behind is removed once its channel has another", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// The first create loses its connection. It takes effect when its
			// channel writes messages, so has another conversation already.
			var late func() emulator.Reply
			lose := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				switch last := x.Path[len(x.Path)-1]; {
				case x.Write() && last == "Conversations" && x.Form.Get("UniqueName") != migrate.ClaimName && late == nil:
					late = commit
					panic(http.ErrAbortHandler)
				case x.Write() && last == "Messages" && x.Form.Get("Body") == "two":
					require.Equal(t, http.StatusCreated, late().Status)
				}
				commit().WriteTo(w)
			}
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: lose})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Contains(t, r.Events.Messages(), "removed an empty conversation that an unanswered request had left")
			there := r.ConversationsOf(t, s.Services[0].TargetSID)
			require.Len(t, there, 1)
			require.Len(t, there[rig.SidOf("CH", 0)], 1)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestLostInTheTarget(t *testing.T) {
	for _, body := range []string{"two", "four"} {
		t.Run("a confirmed message that somebody deleted is said, and never written again, as "+body, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r *rig.Rig
				var lost atomic.Pointer[conversations.Message]
				lose := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					reply := commit()
					reply.WriteTo(w)
					if !x.Write() || x.Form.Get("Body") != "four" {
						return
					}
					target := r.Target(&transport.Counter{})
					for m, err := range target.Messages(t.Context(), x.Path[2], x.Path[4], false) {
						require.NoError(t, err)
						if m.Body == body {
							require.NoError(t, target.DeleteMessage(t.Context(), x.Path[2], x.Path[4], m.SID))
							lost.Store(&m)
						}
					}
				}
				r = rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: lose})
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.NotNil(t, lost.Load())
				require.Equal(t, migrate.Complete, s.Status)
				require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.MessageDeleted])

				require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "edited"))
				s, err = r.Migrate(t.Context())
				require.NoError(t, err)
				require.Zero(t, rig.TimesFound(s.ThisRun)[mapping.MessageDeleted], "once")
				require.Len(t, r.BodiesIn(t, s.Services[0].TargetSID, rig.SidOf("CH", 0)), 3)
			})
		})
	}
}

func TestEditedBeforeItWasConfirmed(t *testing.T) {
	t.Run("a message that is found again is brought up to date, and its neighbours stay", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			first, err := r.Migrate(t.Context())
			require.NoError(t, err)
			// The ledger is gone, and with it what was confirmed.
			r.Ledger = filepath.Join(t.TempDir(), "new.db")
			require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.EqualValues(t, 4, s.Counts[migrate.KindMessages].Existing)

			bodies := r.BodiesIn(t, first.Services[0].TargetSID, rig.SidOf("CH", 0))
			require.Equal(t, []string{"one", "two, edited", "three", "four"}, bodies)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
			require.Zero(t, r.Emulator.Stats().Pushes)
		})
	})
}
