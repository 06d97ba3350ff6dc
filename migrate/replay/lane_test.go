package replay_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

func TestStoppedLane(t *testing.T) {
	t.Run("counts what it left, says why in the ledger too, and the next run forgets that", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
			r.Settings.Concurrency = 1
			c := &calls{before: func(one call) error {
				if one == (call{"target AppendMessage", 7}) { // the third of the second channel
					return refused("append message")
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Equal(t, migrate.KindCount{Source: 3, Written: 2, Failed: 1}, s.Counts[migrate.KindChannels])
			require.Equal(t, migrate.KindCount{Source: 6, Written: 6}, s.Counts[migrate.KindMembers])
			require.EqualValues(t, 10, s.Counts[migrate.KindMessages].Written)
			require.EqualValues(t, 2, s.Counts[migrate.KindMessages].Failed)
			failed := failuresOf(t, r)
			require.Len(t, failed, 1)
			stopped := channelOf(t, r, 1)
			require.Equal(t, migrate.Failure{
				Kind: migrate.KindChannels, SourceSID: rig.SidOf("CH", 1), ServiceSID: rig.ScenarioService, TargetSID: stopped.TargetSID,
				Reason: "carry message " + rig.SidOf("IM", 1002) + ": append message: no", At: failed[0].At,
				Hint: "choose what to do with it: --policy message-refused=…; to list the choices: chatbridge policies",
			}, failed[0])
			require.Equal(t, migrate.Open, stopped.Stage)
			require.EqualValues(t, 2, stopped.Members)
			require.EqualValues(t, 2, stopped.Messages)
			require.Contains(t, r.Events.Messages(), "not carried")

			carried(t, r, "again")
			require.Empty(t, failuresOf(t, r))
		})
	})

	t.Run("counts members that did not get in, and never fewer than none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// The list of channels says that there is one member; there are two.
			in := rig.WithFile(t, rig.ManyChannels(2).Archive(), archive.ChannelsPath(rig.ScenarioService), func(s string) string {
				return strings.ReplaceAll(strings.ReplaceAll(s, `"members_count":2`, `"members_count":1`), `"messages_count":4`, `"messages_count":1`)
			})
			r := rig.NewRig(t, emulator.Config{})
			r.Settings.Concurrency = 1
			c := &calls{before: func(one call) error {
				if one == (call{"target AppendMessage", 3}) || one == (call{"target EnsureParticipant", 3}) {
					return refused("write")
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r, from(t, in))
			require.NoError(t, err)
			require.Len(t, s.Failures, 2)
			require.EqualValues(t, 2, s.Counts[migrate.KindMembers].Written)
			require.EqualValues(t, 2, s.Counts[migrate.KindMembers].Failed)
			require.EqualValues(t, 2, s.Counts[migrate.KindMessages].Written)
			require.EqualValues(t, 6, s.Counts[migrate.KindMessages].Failed)
		})
	})

	t.Run("that the mapping blocks is said with the setting that helps, and nothing of it is written", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := rig.WithFile(t, rig.ManyChannels(1).Archive(), archive.ChannelsPath(rig.ScenarioService), func(s string) string {
				return strings.Replace(s, "Channel 0", strings.Repeat("x", 300), 1)
			})
			r := rig.NewRig(t, emulator.Config{Archive: in})
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, rig.SidOf("CH", 0), s.Failures[0].SourceSID)
			require.Contains(t, s.Findings, migrate.FindingCount{
				Code: mapping.NameTooLong, Severity: mapping.Stop, Count: 1, Samples: []string{rig.SidOf("CH", 0)},
			})
			require.Contains(t, s.Failures[0].Reason, "map channel "+rig.SidOf("CH", 0))
			require.Contains(t, s.Failures[0].Hint, "--policy "+string(mapping.NameTooLong)+"=")
			require.Zero(t, c.times("target AppendConversation"))
			require.Zero(t, s.Counts[migrate.KindMembers].Written)
			require.Equal(t, migrate.KindCount{Source: 1, Failed: 1}, s.Counts[migrate.KindChannels])
		})
	})

	t.Run("whose conversation turns out to be another's has none, and gets its own in the next run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			r.Settings.Concurrency = 1
			var taken error
			c := &calls{}
			c.before = func(one call) error {
				// The two of the plan come first.
				if one == (call{"ledger PutChannel", 3}) {
					taken = migrate.TargetTaken(rig.SidOf("CH", 0), "CHx", rig.SidOf("CH", 9))
					return taken
				}
				return nil
			}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, taken.Error(), s.Failures[0].Reason)
			require.Equal(t, migrate.HintOf(taken), s.Failures[0].Hint)
			require.Empty(t, s.Failures[0].TargetSID)
			rec := channelOf(t, r, 0)
			require.Empty(t, rec.TargetSID)
			require.Equal(t, migrate.Planned, rec.Stage)
			require.EqualValues(t, 1, s.Counts[migrate.KindChannels].Written)
			require.Equal(t, migrate.Complete, r.UntilDone(t).Status)
		})
	})

	t.Run("is recorded as far as it came: every stage is in the ledger", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			stages := &stagedLedger{}
			_, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) { stages.Ledger, m.Ledger = m.Ledger, stages })
			require.NoError(t, err)
			require.Equal(t, []migrate.Stage{migrate.Planned, migrate.Open, migrate.Copied, migrate.Checked, migrate.Done}, stages.seen)
			rec := channelOf(t, r, 0)
			require.NotZero(t, rec.Digest)
			require.Equal(t, rig.ScenarioStart.Add(48*time.Hour), rec.DateUpdated)
			require.EqualValues(t, 2, rec.Messages)
			require.EqualValues(t, 2, rec.Members)
			stages.seen = nil
			_, err = (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) { stages.Ledger, m.Ledger = m.Ledger, stages })
			require.NoError(t, err)
			require.Empty(t, stages.seen, "nothing to note when nothing is new")
		})
	})

	t.Run("that was read back already is not read back again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			reads := func(at call) int {
				r := littleRig(t, little(t))
				cutOff(t, r, at, false)
				c := &calls{}
				_, err := c.run(t.Context(), t, r)
				require.NoError(t, err)
				return c.times("ledger Messages")
			}
			checked := reads(call{"target SetConversation", 1})
			require.Equal(t, checked+1, reads(call{"ledger PutChannel", 4}), "as Checked is noted")
		})
	})
}

// stagedLedger keeps the stages that a channel is put at, each once in a row.
type stagedLedger struct {
	migrate.Ledger
	seen []migrate.Stage
}

func (s *stagedLedger) PutChannel(ctx context.Context, r migrate.ChannelRecord) error {
	if len(s.seen) == 0 || s.seen[len(s.seen)-1] != r.Stage {
		s.seen = append(s.seen, r.Stage)
	}
	return s.Ledger.PutChannel(ctx, r)
}

func TestDoubtThatTheLedgerDoesNotTake(t *testing.T) {
	t.Run("leaves the channel as one that somebody was writing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			c := &calls{
				before: func(one call) error {
					if one.name == "ledger PutDoubt" {
						return &migrate.Error{Op: "put doubt", Kind: migrate.Failed, Err: errors.New("no space")}
					}
					return nil
				},
				after: func(one call) error {
					if one == (call{"target AppendMessage", 2}) {
						return inDoubt("append message")
					}
					return nil
				},
			}
			_, err := c.run(t.Context(), t, r)
			require.ErrorContains(t, err, "no space")
			require.True(t, channelOf(t, r, 0).Writing)
			began := time.Now()
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.GreaterOrEqual(t, time.Since(began), r.Settings.Settle, "two readings")
			require.Len(t, r.BodiesIn(t, s.Services[0].TargetSID, rig.SidOf("CH", 0)), 4)
		})
	})
}
