package replay_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// Of two sends without an answer one was found. The other one is looked for by
// later runs, and is the copy that goes when it lands.
func TestASecondSendStaysInDoubt(t *testing.T) {
	for _, young := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			plan := oneChannel(four...)
			r, m := between(t, emulator.Config{Archive: plan.Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
			body := "two"
			want := four
			if young {
				body, want = "new", append(four[:4:4], "new")
				pass(t, r, migrate.Complete)
				_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "new")
				require.NoError(t, err)
			}
			sent := 0
			var land func() emulator.Reply
			m.do(func(x exchange) bool {
				if !x.appends(body) {
					return false
				}
				switch sent++; sent {
				case 1:
					land = x.commit
				case 2:
					x.commit()
				}
				x.lose()
				return true
			})
			s := pass(t, r, migrate.Complete)
			require.Equal(t, 2, sent)
			require.Zero(t, times(s, mapping.MessageThere), "nobody else wrote it")
			all := doubts(t, r)
			require.Len(t, all, 1)
			require.Equal(t, 1, all[0].Sends)
			m.rest()
			land()
			require.Len(t, bodies(t, r), len(want)+1)
			_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "newest")
			require.NoError(t, err)
			pass(t, r, migrate.Complete)
			require.Equal(t, append(want[:len(want):len(want)], "newest"), bodies(t, r))
			require.Equal(t, 1, said(r, "removed a copy that landed late"))
			require.Empty(t, doubts(t, r))
		})
	}
}

// A run that was told to stop leaves one message in doubt. One reading that lacks
// it is not believed.
func TestOneDoubtIsReadTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
		drain := make(chan struct{})
		m.do(func(x exchange) bool {
			if x.appends("three") {
				x.commit()
				time.AfterFunc(time.Second, func() { close(drain) })
				x.lose()
			}
			return false
		})
		require.Equal(t, migrate.InterruptedStatus, ran(t, t.Context(), r, drain).Status)
		require.Len(t, doubts(t, r), 1)
		time.Sleep(time.Hour)
		hidden := false
		m.do(func(x exchange) bool {
			if !x.lists() || hidden {
				return false
			}
			hidden = hideNewest(x, 1)
			return hidden
		})
		pass(t, r, migrate.Complete)
		require.True(t, hidden)
		require.Equal(t, four, bodies(t, r))
		require.Zero(t, said(r, "removed a copy that landed late"), "it was not written again")
	})
}

// A channel of more messages than a feed holds is compared to its end, and then
// read again from where it goes on.
func TestMoreMessagesThanAFeedHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		_, err := r.Emulator.PostAs(only(t, r).Conversation, rig.IdentityOf(1), "hello")
		require.NoError(t, err)
		want := append([]string{}, four...)
		for i := range 1010 {
			want = append(want, fmt.Sprint("message ", i))
			_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), want[4+i])
			require.NoError(t, err)
		}
		time.Sleep(time.Hour)
		pass(t, r, migrate.Complete)
		var got []string
		for _, body := range bodies(t, r) {
			if body != "hello" {
				got = append(got, body)
			}
		}
		require.Equal(t, want, got)
	})
}

// noNewest is a ledger that fails when it is asked for the newest message for the
// n-th time.
type noNewest struct {
	migrate.Ledger
	n int
}

var errNewest = errors.New("the ledger is gone")

func (l *noNewest) Newest(ctx context.Context, channelSID string) (migrate.MessageRecord, bool, error) {
	if l.n--; l.n == 0 {
		return migrate.MessageRecord{}, false, errNewest
	}
	return l.Ledger.Newest(ctx, channelSID)
}

func TestLedgerThatLosesTheNewest(t *testing.T) {
	for n := 1; n <= 3; n++ {
		synctest.Test(t, func(t *testing.T) {
			r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Latency: 300 * time.Millisecond})
			require.True(t, r.Killed(t, rig.Kill{Write: 14, After: true}))
			there := bodies(t, r)
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			counter := &transport.Counter{}
			m := replay.Migration{Source: r.Source(counter), Target: r.Target(counter), Ledger: &noNewest{l, n}, Observer: r.Events, Settings: r.Settings}
			_, err = m.Run(t.Context())
			require.NoError(t, l.Close())
			require.ErrorIs(t, err, errNewest, "%d", n)
			require.Equal(t, there, bodies(t, r), "nothing is written")
			pass(t, r, migrate.Complete)
			require.Equal(t, four, bodies(t, r))
		})
	}
}
