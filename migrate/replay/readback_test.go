package replay_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// lateAtReadBack is a run that appends messages of today, of which those in again
// are sent twice. When the conversation is read back, somebody has edited what was
// sent second, and of what was sent first the last one lands.
func lateAtReadBack(t *testing.T, fresh, again []string, late func(r *rig.Rig, sids []string)) *rig.Rig {
	r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
	pass(t, r, migrate.Complete)
	var sids []string
	for _, body := range fresh {
		sid, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), body)
		require.NoError(t, err)
		sids = append(sids, sid)
	}
	there := only(t, r)
	last := fresh[len(fresh)-1]
	var land func() emulator.Reply
	sent := map[string]int{}
	m.do(func(x exchange) bool {
		body := x.Form.Get("Body")
		switch {
		case x.appends(""):
			sent[body]++
			if count(again, body) == 1 && sent[body] == 1 {
				land = x.commit
				x.lose()
			}
		case x.lists() && land != nil && sent[last] == 1+count(again, last):
			lands := land
			land = nil
			for _, body := range again {
				require.NoError(t, r.Emulator.EditAs(there.Conversation, messageOf(t, there, body).SID, body+", edited"))
			}
			if late != nil {
				late(r, sids)
			}
			lands()
		}
		return false
	})
	pass(t, r, migrate.Complete)
	require.Nil(t, land)
	m.rest()
	return r
}

// Of the source the read-back looks at what is in doubt: that tells what landed late
// from what people wrote, though the message in its place says something else by now.
func TestReadBackKnowsWhatIsInDoubt(t *testing.T) {
	for name, c := range map[string]struct {
		fresh, again, want []string
		late               func(r *rig.Rig, sids []string)
	}{
		"one": {
			fresh: []string{"five", "six"}, again: []string{"five"},
			want: []string{"five, edited", "six"},
		},
		"two in a row": {
			fresh: []string{"five", "six", "seven"}, again: []string{"five", "six"},
			want: []string{"five, edited", "six, edited", "seven"},
		},
		"the last one, after one that was deleted in the source since": {
			fresh: []string{"five", "six"}, again: []string{"five", "six"},
			want: []string{"five, edited", "six, edited"},
			late: func(r *rig.Rig, sids []string) {
				require.NoError(t, r.Emulator.DeleteInChannel(rig.SidOf("CH", 0), sids[0]))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := lateAtReadBack(t, c.fresh, c.again, c.late)
				require.Equal(t, append(four[:4:4], c.want...), bodies(t, r))
			})
		})
	}
}

// The source that cannot be read when the conversation is read back stops the run.
func TestReadBackThatCannotReadTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &migrate.Error{Op: "read messages", Kind: migrate.Credentials, Err: errors.New("no more")}
		reads := 0
		for at := 0; ; at = reads {
			r := littleRig(t, little(t))
			c := &calls{before: func(one call) error {
				switch one {
				case call{"target AppendMessage", 1}:
					return inDoubt("append message")
				case call{"source Messages", at}:
					return broken
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r)
			if at > 0 {
				require.ErrorIs(t, err, broken)
				carried(t, r, at)
				return
			}
			require.NoError(t, err)
			require.Len(t, doubts(t, r), 1)
			reads = c.times("source Messages")
		}
	})
}
