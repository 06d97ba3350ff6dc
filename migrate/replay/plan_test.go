package replay_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

func TestPlan(t *testing.T) {
	t.Run("notes what a channel is called and holds, and what it holds when that changes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			rec := channelOf(t, r, 0)
			require.Equal(t, "Channel 0", rec.FriendlyName)
			require.Equal(t, rig.ScenarioService, rec.ServiceSID)
			require.EqualValues(t, 2, rec.MembersCount)
			require.EqualValues(t, 2, rec.MessagesCount)
			_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(1), "four")
			require.NoError(t, err)
			// The plan notes it before any lane runs.
			c := &calls{before: func(one call) error {
				if one.name == "source Channel" || one.name == "source Members" {
					return refused("read")
				}
				return nil
			}}
			_, err = c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.EqualValues(t, 3, channelOf(t, r, 0).MessagesCount)
		})
	})

	t.Run("notes the members where they alone changed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, nil)
			r.Once(t, little(t))
			more := rig.WithFile(t, little(t), archive.ChannelsPath(rig.ScenarioService), func(s string) string {
				return strings.Replace(s, `"members_count":2`, `"members_count":3`, 1)
			})
			c := &calls{}
			_, err := c.run(t.Context(), t, r, from(t, more))
			require.NoError(t, err)
			require.EqualValues(t, 3, channelOf(t, r, 0).MembersCount)
			require.Equal(t, 2, c.times("ledger PutChannel"))
			require.Zero(t, len(writesOf(c)))
		})
	})

	t.Run("is the unique name where there is no friendly one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, rig.WithFile(t, little(t), archive.ChannelsPath(rig.ScenarioService), func(s string) string {
				return strings.Replace(strings.Replace(s, `"friendly_name":"Channel 0"`, `"friendly_name":""`, 1), "{", `{"unique_name":"one",`, 1)
			}))
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, "one", channelOf(t, r, 0).FriendlyName)
		})
	})

	t.Run("of failures alone leaves the rest out, and does not take it for done", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(4).Archive()})
			r.Settings.Concurrency = 1
			c := &calls{before: func(one call) error {
				if one.name == "source Channel" && one.nth == 2 {
					return refused("read channel")
				}
				if one.name == "source Channel" && one.nth == 3 {
					return &migrate.Error{Op: "read channel", Kind: migrate.Credentials}
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r)
			require.Error(t, err)
			r.Settings.OnlyFailed = true
			held := &heldEvents{Observer: r.Events}
			s, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) { m.Observer = held })
			require.NoError(t, err)
			require.Equal(t, []int64{2}, held.open)
			require.Equal(t, migrate.KindCount{Source: 4, Written: 1, Existing: 1}, s.Counts[migrate.KindChannels])
			require.Equal(t, migrate.Open, serviceOf(t, r, rig.ScenarioService).Stage, "two channels were never begun")
			r.Settings.OnlyFailed = false
			carriedMany(t, r)
			require.Equal(t, migrate.Done, serviceOf(t, r, rig.ScenarioService).Stage)
			r.Settings.OnlyFailed = true
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Zero(t, s.Counts[migrate.KindChannels].Written, "none is tried")
		})
	})
}

// heldEvents keeps how many channels each event says that a service waits for.
type heldEvents struct {
	migrate.Observer
	open []int64
}

func (h *heldEvents) Event(e migrate.Event) {
	if e.Message == saidHeld {
		h.open = append(h.open, e.Fields[3].(int64))
	}
	h.Observer.Event(e)
}
