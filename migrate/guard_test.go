package migrate_test

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
	"chatbridge/migrate/transport"
)

// conversationsOf are those of the only service of the target, by the channel
// that their stamp names.
func (r *rig) conversationsOf(t *testing.T, serviceSID string) map[string][]conversations.Conversation {
	t.Helper()
	all := map[string][]conversations.Conversation{}
	for c, err := range r.target(&transport.Counter{}).Conversations(t.Context(), serviceSID) {
		require.NoError(t, err)
		stamp, ours := mapping.ReadStamp(c.Attributes)
		require.True(t, ours)
		all[stamp.SID] = append(all[stamp.SID], c)
	}
	return all
}

// bodiesIn are the messages of the conversation that a channel became, in their
// order.
func (r *rig) bodiesIn(t *testing.T, serviceSID, channelSID string) (bodies []string) {
	t.Helper()
	all := r.conversationsOf(t, serviceSID)[channelSID]
	require.Len(t, all, 1)
	for m, err := range r.target(&transport.Counter{}).Messages(t.Context(), serviceSID, all[0].SID, false) {
		require.NoError(t, err)
		bodies = append(bodies, m.Body)
	}
	return bodies
}

func TestLateConversation(t *testing.T) {
	t.Run("that a create without answer left behind is removed once its channel has another", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// The first create loses its connection. It takes effect when its
			// channel writes messages, so has another conversation already.
			var late func() emulator.Reply
			lose := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				switch last := x.Path[len(x.Path)-1]; {
				case x.Write() && last == "Conversations" && late == nil:
					late = commit
					panic(http.ErrAbortHandler)
				case x.Write() && last == "Messages" && x.Form.Get("Body") == "two":
					require.Equal(t, http.StatusCreated, late().Status)
				}
				commit().WriteTo(w)
			}
			r := newRig(t, emulator.Config{Archive: manyChannels(1).archive(), Intercept: lose})
			s, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Contains(t, r.events.messages(), "removed an empty conversation that a request without answer had left")
			there := r.conversationsOf(t, s.Services[0].TargetSID)
			require.Len(t, there, 1)
			require.Len(t, there[sidOf("CH", 0)], 1)
			_, differences := r.verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestLostInTheTarget(t *testing.T) {
	for _, body := range []string{"two", "four"} {
		t.Run("a confirmed message that is gone by the read-back stops its channel and is said, as "+body, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r *rig
				var lost atomic.Pointer[conversations.Message]
				lose := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					reply := commit()
					reply.WriteTo(w)
					if !x.Write() || x.Form.Get("Body") != "four" {
						return
					}
					target := r.target(&transport.Counter{})
					for m, err := range target.Messages(t.Context(), x.Path[2], x.Path[4], false) {
						require.NoError(t, err)
						if m.Body == body {
							require.NoError(t, target.DeleteMessage(t.Context(), x.Path[2], x.Path[4], m.SID))
							lost.Store(&m)
						}
					}
				}
				r = newRig(t, emulator.Config{Archive: manyChannels(1).archive(), Intercept: lose})
				s, err := r.migrate(t.Context())
				require.NoError(t, err)
				require.NotNil(t, lost.Load())
				require.Equal(t, migrate.Partial, s.Status)
				require.Len(t, s.Failures, 1)
				require.Equal(t, sidOf("CH", 0), s.Failures[0].SourceSID)
				require.Contains(t, s.Failures[0].Reason, "message "+lost.Load().SID)
				require.Contains(t, s.Failures[0].Reason, "is not there any more")
				require.Contains(t, s.Failures[0].Hint, "chatbridge verify")
			})
		})
	}
}

func TestEditedBeforeItWasConfirmed(t *testing.T) {
	t.Run("a message that is found again is brought up to date, and its neighbours stay", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, emulator.Config{Archive: manyChannels(1).archive()})
			first, err := r.migrate(t.Context())
			require.NoError(t, err)
			// The ledger is gone, and with it what was confirmed.
			r.ledger = filepath.Join(t.TempDir(), "new.db")
			require.NoError(t, r.emulator.EditInChannel(sidOf("CH", 0), sidOf("IM", 1), "two, edited"))
			s, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.EqualValues(t, 4, s.Counts[migrate.KindMessages].Existing)

			bodies := r.bodiesIn(t, first.Services[0].TargetSID, sidOf("CH", 0))
			require.Equal(t, []string{"one", "two, edited", "three", "four"}, bodies)
			_, differences := r.verify(t.Context())
			require.Empty(t, differences)
			require.Zero(t, r.emulator.Stats().Pushes)
		})
	})
}
