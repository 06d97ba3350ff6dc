package torture

import (
	"context"
	"fmt"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// TestTakeover kills a worker in the middle of a channel, with the times that the command
// has, and measures when its channel is at work again: not before its lease is over, and no
// message before what it sent has landed.
func TestTakeover(t *testing.T) {
	for _, write := range []int{12, 20, 33} {
		t.Run(fmt.Sprint("write ", write), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, uint64(write))
			synctest.Test(t, func(t *testing.T) {
				s := many.story(write)
				s.kills, s.outages, s.faults, s.skewed = []death{{write: write}}, nil, nil, true
				s.Settle = migrate.DefaultSettle
				s.busy()
				w := newWorld(t, s)
				shared := w.share()
				defer func() { require.NoError(t, shared.inner.Close()) }()
				fates := make(chan *death, 1)
				fates <- &w.kills[0]
				ends := make(chan ending, 100)
				ctx, over := context.WithCancel(t.Context())
				for i := range workers {
					go shared.worker(ctx, i, fates, ends)
				}
				dead := <-ends
				require.True(t, dead.killed)
				expired := shared.expiry()
				var next ending
				for next = range ends {
					if next.status() == 0 {
						break
					}
				}
				over()
				for range workers {
					for e := range ends {
						if e.name == "" {
							break
						}
					}
				}
				require.Empty(t, w.unequal(next))
				require.False(t, shared.wrote.IsZero())
				// A lease is renewed right before a kill at the latest.
				require.LessOrEqual(t, shared.again.Sub(expired)+leaseLength, 35*time.Second)
				require.False(t, shared.wrote.Before(expired.Add(migrate.DefaultSettle)))
				t.Logf("killed %s before its lease was over; at work again %s after that, first message after %s", expired.Sub(dead.ended), shared.again.Sub(expired), shared.wrote.Sub(expired))
			})
		})
	}
}

// TestFrozenCreate plays a world in which a worker stands still on its way to create a
// conversation, and wakes when the others have concluded: a later pass removes that.
func TestFrozenCreate(t *testing.T) {
	was := *fault
	defer func() { *fault = was }()
	*fault = "freeze"
	many.tell(t, many.story(43))
}
