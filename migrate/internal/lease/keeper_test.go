package lease_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/lease"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const length = 20 * time.Second

// store grants a lease, and answers renewals as a test says.
type store struct {
	took  time.Duration // that the grant takes
	hangs bool          // until the context of a renewal ends

	mu     sync.Mutex
	answer error
	asked  int
}

func (s *store) answers(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = err
}

func (s *store) renewals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *store) take(t *testing.T) (*lease.Keeper, time.Time) {
	t.Helper()
	began := time.Now()
	k, err := lease.Take(t.Context(), length, func(context.Context) (migrate.Handover, error) {
		time.Sleep(s.took)
		return migrate.Handover{Expired: true}, nil
	}, func(ctx context.Context) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		if s.hangs {
			<-ctx.Done()
			return ctx.Err()
		}
		return s.answer
	})
	require.NoError(t, err)
	t.Cleanup(k.Stop)
	return k, began
}

var errSilent = errors.New("no answer")

func taken() error {
	return &migrate.Error{Op: "renew lease", Kind: migrate.Conflict, Err: errors.New("taken")}
}

func TestKeeper(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"renews three times in a lease, and lasts": func(t *testing.T) {
			s := &store{}
			k, began := s.take(t)
			require.True(t, k.Before().Expired)
			for time.Since(began) < time.Minute {
				require.NoError(t, k.Permit())
				require.NoError(t, k.Ready(t.Context()))
				time.Sleep(100 * time.Millisecond)
			}
			require.GreaterOrEqual(t, s.renewals(), 8)
			require.LessOrEqual(t, s.renewals(), 9)
		},
		"counts from before it asked": func(t *testing.T) {
			s := &store{took: 3 * time.Second, answer: errSilent}
			k, began := s.take(t)
			time.Sleep(length - time.Since(began) - time.Millisecond)
			require.NoError(t, k.Permit())
			time.Sleep(time.Millisecond)
			require.Equal(t, migrate.Unavailable, migrate.KindOf(k.Permit()))
		},
		"cuts off what is under way when it lapses, and what begins then": func(t *testing.T) {
			s := &store{hangs: true}
			k, began := s.take(t)
			during, stop := k.During(t.Context())
			defer stop()
			ended, stopEnded := k.During(t.Context())
			stopEnded()
			require.Error(t, ended.Err())
			<-during.Done()
			require.Equal(t, length, time.Since(began))
			require.ErrorContains(t, context.Cause(during), "could not be renewed in time")
			late, stop := k.During(t.Context())
			defer stop()
			require.Error(t, late.Err())
			require.Empty(t, k.Lost())
		},
		"waits for a lease that lapsed, and goes on with it": func(t *testing.T) {
			s := &store{answer: errSilent}
			k, began := s.take(t)
			time.Sleep(length)
			go func() {
				time.Sleep(time.Minute)
				s.answers(nil)
			}()
			require.NoError(t, k.Ready(t.Context()))
			require.InDelta(t, 80, time.Since(began).Seconds(), 2)
			require.NoError(t, k.Permit())
			during, stop := k.During(t.Context())
			defer stop()
			require.NoError(t, during.Err())
			s.answers(errSilent)
			<-during.Done()
		},
		"has patience, and not for ever": func(t *testing.T) {
			s := &store{answer: errSilent}
			k, began := s.take(t)
			time.Sleep(length)
			err := k.Ready(t.Context())
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.NotEmpty(t, migrate.HintOf(err))
			require.Equal(t, length+lease.Patience, time.Since(began))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.ErrorIs(t, k.Ready(ctx), context.Canceled)
		},
		"is lost for good when another process has it": func(t *testing.T) {
			s := &store{answer: taken()}
			k, began := s.take(t)
			during, stop := k.During(t.Context())
			defer stop()
			<-k.Lost()
			require.Less(t, time.Since(began), length)
			require.Error(t, during.Err())
			require.Equal(t, migrate.Conflict, migrate.KindOf(k.Permit()))
			require.Equal(t, migrate.Conflict, migrate.KindOf(k.Ready(t.Context())))
			asked := s.renewals()
			s.answers(nil)
			time.Sleep(time.Minute)
			require.Equal(t, asked, s.renewals())
			require.Error(t, k.Permit())
		},
		"is lost when the ledger refuses a write": func(t *testing.T) {
			k, _ := (&store{}).take(t)
			k.Lose(taken())
			k.Lose(errSilent)
			<-k.Lost()
			require.Equal(t, migrate.Conflict, migrate.KindOf(k.Permit()))
		},
		"ends a wait when it is lost": func(t *testing.T) {
			s := &store{answer: errSilent}
			k, _ := s.take(t)
			time.Sleep(length)
			go func() {
				time.Sleep(time.Minute)
				s.answers(taken())
			}()
			require.Equal(t, migrate.Conflict, migrate.KindOf(k.Ready(t.Context())))
		},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}

func TestTakeRefused(t *testing.T) {
	_, err := lease.Take(t.Context(), length, func(context.Context) (migrate.Handover, error) { return migrate.Handover{}, taken() }, nil)
	require.Equal(t, migrate.Conflict, migrate.KindOf(err))
}
