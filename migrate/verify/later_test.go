package verify

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// What differs is looked at twice, a settle time apart, and however many channels differ,
// they wait together.
func TestChannelsThatDifferWaitTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		looks := map[string][]time.Time{}
		world := &crowd{n: n, renamed: true, last: func() {}}
		var found []Difference
		set := migrate.Settings{Mapper: world.mapper(), Concurrency: 4, Settle: 10 * time.Second}
		source := &timedSource{crowdSource: crowdSource{crowd: world}, looks: looks}
		v := &Verifier{Source: source, Target: crowdTarget{crowd: world}, Settings: set}
		c := newComparison(v, "verify", func(d Difference) error { found = append(found, d); return nil })
		c.agreed = agreedBy(c.set.Mapper, v.found(t.Context()))
		s := &verifiedService{comparison: c, source: chat.Service{SID: "IS1"}, target: "IS2"}
		began := time.Now()
		require.NoError(t, s.listConversations(t.Context()))
		require.NoError(t, c.channels(t.Context(), s))
		require.Equal(t, set.Settle, time.Since(began))
		require.Len(t, found, n)
		require.Len(t, looks, n)
		for sid, at := range looks {
			require.Len(t, at, 2, sid)
			require.Equal(t, set.Settle, at[1].Sub(at[0]), sid)
		}
	})
}

// timedSource notes when each channel is read.
type timedSource struct {
	crowdSource
	mu    sync.Mutex
	looks map[string][]time.Time
}

func (s *timedSource) Channel(ctx context.Context, service, sid string) (chat.Channel, error) {
	s.mu.Lock()
	s.looks[sid] = append(s.looks[sid], time.Now())
	s.mu.Unlock()
	return s.crowdSource.Channel(ctx, service, sid)
}

func TestLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l later[int]
		began := time.Now()
		for i := range 3 {
			l.add(i)
			time.Sleep(4 * time.Second)
		}
		at := map[int]time.Duration{}
		require.NoError(t, l.each(t.Context(), 1, 10*time.Second, func(_ context.Context, i int) error {
			at[i] = time.Since(began)
			return nil
		}))
		require.Equal(t, map[int]time.Duration{0: 12 * time.Second, 1: 14 * time.Second, 2: 18 * time.Second}, at)
		require.ErrorIs(t, l.each(t.Context(), 1, 0, func(context.Context, int) error { return context.Canceled }), context.Canceled)
	})
}
