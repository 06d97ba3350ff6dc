package drain_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"chatbridge/migrate/internal/drain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errList = errors.New("the list broke")
	errJob  = errors.New("a job failed")
)

// numbers lists 0 to n-1 and then breaks, where it is to.
func numbers(n int, end error) func(context.Context) iter.Seq2[int, error] {
	return func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			if end != nil {
				yield(0, end)
			}
		}
	}
}

func TestEach(t *testing.T) {
	// slow is a job that takes its time, also to end when it is told to.
	slow := func(running *atomic.Int64) func(int) drain.Job {
		return func(int) drain.Job {
			return func(ctx context.Context) error {
				running.Add(1)
				defer running.Add(-1)
				<-ctx.Done()
				time.Sleep(time.Second)
				return ctx.Err()
			}
		}
	}

	t.Run("cancels and waits for what it started when the list breaks, and says why it broke", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var running atomic.Int64
			err := drain.Each(t.Context(), 4, numbers(3, errList), slow(&running))
			require.Equal(t, errList, err)
			require.Zero(t, running.Load())
		})
	})
	t.Run("ends the reading and the others when a job fails, and returns its error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var running atomic.Int64
			held := func(ctx context.Context) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					for i := range 3 {
						if !yield(i, nil) {
							return
						}
					}
					<-ctx.Done() // as a request does
					yield(0, ctx.Err())
				}
			}
			others := slow(&running)
			err := drain.Each(t.Context(), 4, held, func(i int) drain.Job {
				if i < 2 {
					return others(i)
				}
				return func(context.Context) error { return errJob }
			})
			require.Equal(t, errJob, err)
			require.Zero(t, running.Load())
		})
	})
	t.Run("begins nothing more once a job failed", func(t *testing.T) {
		begun := 0
		err := drain.Each(t.Context(), 1, numbers(9, nil), func(int) drain.Job {
			begun++
			return func(context.Context) error { return errJob }
		})
		require.Equal(t, errJob, err)
		require.LessOrEqual(t, begun, 2)
	})
	t.Run("is no success when the context ended before the list did", func(t *testing.T) {
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		err := drain.Each(ctx, 1, numbers(2, nil), func(int) drain.Job {
			cancel(why)
			return nil
		})
		require.Equal(t, why, err)
	})
	t.Run("runs no more at a time than the limit, and starts them in order", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var running, most int
			var order []int
			began := time.Now()
			require.NoError(t, drain.Each(t.Context(), 3, numbers(9, nil), func(i int) drain.Job {
				order = append(order, i)
				return func(context.Context) error {
					mu.Lock()
					running++
					most = max(most, running)
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					running--
					mu.Unlock()
					return nil
				}
			}))
			require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, order)
			require.Equal(t, 3, most)
			require.Equal(t, 3*time.Second, time.Since(began))
		})
	})
	t.Run("returns the error of a job that fails when the list has ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			err := drain.Each(t.Context(), 2, numbers(2, nil), func(i int) drain.Job {
				return func(context.Context) error {
					time.Sleep(time.Duration(i+1) * time.Second)
					if i == 1 {
						return errJob
					}
					return nil
				}
			})
			require.Equal(t, errJob, err)
		})
	})
	t.Run("says what the list says, though the context ended meanwhile", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		err := drain.Each(ctx, 1, numbers(1, errList), func(int) drain.Job {
			return func(context.Context) error { return nil }
		})
		require.Equal(t, errList, err)
		breaks := func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				cancel(errors.New("why"))
				yield(0, errList)
			}
		}
		require.Equal(t, errList, drain.Each(ctx, 1, breaks, func(int) drain.Job { return nil }))
	})
	t.Run("leaves nothing running: the context of the jobs ends with it", func(t *testing.T) {
		var given []context.Context
		list := func(ctx context.Context) iter.Seq2[int, error] {
			given = append(given, ctx)
			return numbers(1, nil)(ctx)
		}
		require.NoError(t, drain.Each(t.Context(), 1, list, func(int) drain.Job {
			return func(ctx context.Context) error { given = append(given, ctx); return ctx.Err() }
		}))
		require.Len(t, given, 2)
		for _, ctx := range given {
			require.Error(t, ctx.Err())
		}
	})
	t.Run("waits for what it started before a panic goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var running atomic.Int64
			require.Panics(t, func() {
				_ = drain.Each(t.Context(), 4, numbers(3, nil), func(i int) drain.Job {
					if i == 2 {
						synctest.Wait() // the others have begun
						panic("a mistake")
					}
					return func(context.Context) error {
						running.Add(1)
						time.Sleep(time.Second)
						running.Add(-1)
						return nil
					}
				})
			})
			require.Zero(t, running.Load())
			synctest.Wait()
			require.Zero(t, running.Load())
		})
	})
	t.Run("has done all when it returns, and no work is no work", func(t *testing.T) {
		var sum atomic.Int64
		require.NoError(t, drain.Each(t.Context(), 2, numbers(5, nil), func(i int) drain.Job {
			if i%2 == 1 {
				return nil
			}
			return func(context.Context) error { sum.Add(int64(i)); return nil }
		}))
		require.EqualValues(t, 6, sum.Load())
	})
}
