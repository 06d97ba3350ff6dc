package replay_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// putLedger keeps the stage of each record of a channel that is put, from when its
// messages are read until it is done.
type putLedger struct {
	migrate.Ledger
	reads bool
	put   []migrate.Stage
}

func (p *putLedger) PutChannel(ctx context.Context, r migrate.ChannelRecord) error {
	if p.reads {
		p.put = append(p.put, r.Stage)
	}
	p.reads = p.reads && r.Stage != migrate.Done
	return p.Ledger.PutChannel(ctx, r)
}

// Before its first write a lane notes that it writes, whatever the one before left, and
// each stage once: what was copied and not read back is no more than copied.
func TestWhatAResumedLaneNotes(t *testing.T) {
	const opened, copied, checked, done = migrate.Open, migrate.Copied, migrate.Checked, migrate.Done
	for name, c := range map[string]struct {
		ended func(t *testing.T, r *rig.Rig)
		came  bool // another message, to the source
		want  []migrate.Stage
	}{
		"after one that was killed at its second message": {func(t *testing.T, r *rig.Rig) { cutOff(t, r, call{"target AppendMessage", 2}, true) }, false,
			[]migrate.Stage{copied, checked, done}},
		"after one that stopped at its second message": {func(t *testing.T, r *rig.Rig) {
			_, err := (&calls{before: func(one call) error {
				if one == (call{"target AppendMessage", 2}) {
					return refused("append message")
				}
				return nil
			}}).run(t.Context(), t, r)
			require.NoError(t, err)
		}, false, []migrate.Stage{opened, copied, checked, done}},
		"after one that was killed when it had copied all": {func(t *testing.T, r *rig.Rig) { cutOff(t, r, call{"ledger PutChannel", 4}, false) }, false,
			[]migrate.Stage{checked, done}},
		"and more came": {func(t *testing.T, r *rig.Rig) { cutOff(t, r, call{"ledger PutChannel", 4}, false) }, true,
			[]migrate.Stage{opened, copied, checked, done}},
		"after one that was killed when it had read back, and more came": {func(t *testing.T, r *rig.Rig) { cutOff(t, r, call{"target SetConversation", 1}, false) }, true,
			[]migrate.Stage{opened, copied, checked, done}},
		"after one that was done, and more came": {func(t *testing.T, r *rig.Rig) { pass(t, r, migrate.Complete) }, true,
			[]migrate.Stage{opened, copied, checked, done}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: oneChannel(four...).Archive()})
				c.ended(t, r)
				want := four
				if c.came {
					_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "five")
					require.NoError(t, err)
					want = append(four[:4:4], "five")
				}
				put := &putLedger{}
				between := &calls{before: func(one call) error {
					switch one {
					case call{"source Messages", 1}:
						put.reads = true
					case call{"target AppendMessage", 1}:
						rec, _, err := put.Ledger.Channel(t.Context(), rig.SidOf("CH", 0))
						require.NoError(t, err)
						require.Equal(t, migrate.Open, rec.Stage)
						require.True(t, rec.Writing)
						require.False(t, rec.Alone, "others may write meanwhile")
					}
					return nil
				}}
				s, err := between.run(t.Context(), t, r, func(m *replay.Migration) { put.Ledger, m.Ledger = m.Ledger, put })
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Equal(t, c.want, put.put)
				require.Equal(t, want, bodies(t, r))
			})
		})
	}
}

// A message that comes to a channel that is done, and that a policy leaves out, is
// counted in what the source shows, though nothing is written and the source's own
// count lags.
func TestLeftOutOfAChannelThatIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.BodyEmpty: "skip"}
		r.PassFrom(t, oneChannel(four...).Archive())
		require.Equal(t, migrate.Listed{Known: true, Members: 2, Messages: 4}, channelOf(t, r, 0).Listed)
		more := rig.WithFile(t, oneChannel(append(four[:4:4], "")...).Archive(), archive.ChannelsPath(rig.ScenarioService), func(text string) string {
			return strings.Replace(text, `"messages_count":5`, `"messages_count":4`, 1)
		})
		s := r.PassFrom(t, more)
		require.Zero(t, s.Counts[migrate.KindMessages].Written)
		require.Equal(t, migrate.Listed{Known: true, Members: 2, Messages: 5, LeftOutMessages: 1}, channelOf(t, r, 0).Listed)
	})
}

// A message that the ledger does not take ends the run before the next one is sent.
func TestMessageThatTheLedgerDoesNotTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		full := errors.New("the disk is full")
		c := &calls{before: func(one call) error {
			if one == (call{"ledger PutMessage", 2}) {
				return full
			}
			return nil
		}}
		_, err := c.run(t.Context(), t, r)
		require.ErrorIs(t, err, full)
		require.Equal(t, 2, c.times("target AppendMessage"))
		pass(t, r, migrate.Complete)
		require.Equal(t, four, bodies(t, r))
	})
}

// So does a ledger that cannot say what an earlier run brought over.
func TestMessagesThatTheLedgerDoesNotShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		cutOff(t, r, call{"target AppendMessage", 3}, true)
		broke := errors.New("the disk is gone")
		c := &calls{before: func(one call) error {
			if one.name == "ledger Messages" {
				return broke
			}
			return nil
		}}
		_, err := c.run(t.Context(), t, r)
		require.ErrorIs(t, err, broke)
		require.Equal(t, 1, c.times("ledger Messages"))
		require.Zero(t, c.times("target Messages"))
		require.Zero(t, c.times("target AppendMessage"))
		pass(t, r, migrate.Complete)
		require.Equal(t, four, bodies(t, r))
	})
}
