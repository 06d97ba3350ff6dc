package ahead_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/ahead"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBroken = errors.New("broken")

// slow is a list of n pages, each of which takes a second, and then an error.
func slow(n int, last error) func(context.Context) iter.Seq2[int, error] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
					yield(0, context.Cause(ctx))
					return
				}
				if !yield(i, nil) {
					return
				}
			}
			if last != nil {
				yield(0, last)
			}
		}
	}
}

func one(int) int64 { return 1 }

func TestPages(t *testing.T) {
	read := func(ctx context.Context, room int64, pages func(context.Context) iter.Seq2[int, error]) (got []int, took time.Duration, failed error) {
		began := time.Now()
		for p, err := range ahead.Pages(ctx, ahead.NewRoom(room), pages, one) {
			if err != nil {
				failed = err
				break
			}
			got = append(got, p)
			time.Sleep(time.Second)
		}
		return got, time.Since(began), failed
	}
	for name, c := range map[string]struct {
		room int64
		took time.Duration
	}{
		"one page is read while the one before is dealt with": {1, 6 * time.Second},
		"without room, each is read when it is wanted":        {0, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, took, err := read(t.Context(), c.room, slow(5, nil))
				require.NoError(t, err)
				require.Equal(t, []int{0, 1, 2, 3, 4}, got)
				require.Equal(t, c.took, took)
			})
		})
	}
	t.Run("what follows a page of negative size is read when it is wanted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			asked := time.Time{}
			pages := func(context.Context) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					if yield(0, nil) {
						asked = time.Now()
					}
				}
			}
			began := time.Now()
			for range ahead.Pages(t.Context(), ahead.NewRoom(10), pages, func(int) int64 { return -1 }) {
				time.Sleep(time.Minute)
			}
			require.Equal(t, began.Add(time.Minute), asked)
		})
	})
	t.Run("an error comes after what was read before it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, room := range []int64{0, 1} {
				got, _, err := read(t.Context(), room, slow(2, errBroken))
				require.ErrorIs(t, err, errBroken)
				require.Equal(t, []int{0, 1}, got)
			}
		})
	})
	t.Run("whoever stops waits for nothing, and leaves the room as it was", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			room := ahead.NewRoom(1)
			for range 3 {
				began := time.Now()
				for p, err := range ahead.Pages(t.Context(), room, slow(5, nil), one) {
					require.NoError(t, err)
					if p == 1 {
						break
					}
					time.Sleep(2 * time.Second)
				}
				require.Equal(t, 3*time.Second, time.Since(began), "the second page was read meanwhile")
			}
		})
	})
	t.Run("ends with the context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(1500*time.Millisecond, func() { cancel(errBroken) })
			for _, room := range []int64{0, 1} {
				got, _, err := read(ctx, room, slow(5, nil))
				require.ErrorIs(t, err, errBroken, "and not the end of the list")
				require.LessOrEqual(t, len(got), 1)
			}
		})
	})
}

func TestList(t *testing.T) {
	read := func(l *ahead.List[int]) (got []int, failed error) {
		for v, err := range l.All() {
			if err != nil {
				return got, err
			}
			got = append(got, v)
		}
		return got, nil
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		first, second := ahead.Begin(t.Context(), slow(3, nil)), ahead.Begin(t.Context(), slow(2, errBroken))
		got, err := read(first)
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, got)
		for range 2 {
			got, err = read(second)
			require.ErrorIs(t, err, errBroken)
			require.Equal(t, []int{0, 1}, got)
		}
		require.Equal(t, 3*time.Second, time.Since(began))
		first.Stop()
		second.Stop()

		third := ahead.Begin(t.Context(), slow(5, nil))
		third.Stop()
		require.Equal(t, 3*time.Second, time.Since(began))
		_, err = read(third)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestPrimed(t *testing.T) {
	all := func(seq iter.Seq2[int, error]) (got []int, failed error) {
		for v, err := range seq {
			if err != nil {
				return got, err
			}
			got = append(got, v)
		}
		return got, nil
	}
	for name, c := range map[string]struct {
		list   func(context.Context) iter.Seq2[int, error]
		want   []int
		failed error
	}{
		"three":              {slow(3, nil), []int{0, 1, 2}, nil},
		"none":               {slow(0, nil), nil, nil},
		"an error":           {slow(0, errBroken), nil, errBroken},
		"and one at the end": {slow(2, errBroken), []int{0, 1}, errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := ahead.Prime(t.Context(), c.list)
				defer p.Stop()
				time.Sleep(time.Hour)
				began := time.Now()
				got, err := all(p.Or(nil))
				require.Equal(t, c.want, got)
				require.ErrorIs(t, err, c.failed)
				require.Equal(t, time.Duration(max(0, len(c.want)-1))*time.Second, time.Since(began), "the first one was there")

				got, err = all(p.Or(func() iter.Seq2[int, error] { return slow(1, nil)(t.Context()) }))
				require.NoError(t, err)
				require.Equal(t, []int{0}, got, "read anew")
			})
		})
	}
	t.Run("can be stopped at any moment", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ahead.Prime(t.Context(), slow(3, nil)).Stop()
			p := ahead.Prime(t.Context(), slow(3, nil))
			for range p.Or(nil) {
				break
			}
			p.Stop()
			var none *ahead.Primed[int]
			none.Stop()
			got, err := all(none.Or(func() iter.Seq2[int, error] { return slow(1, nil)(t.Context()) }))
			require.NoError(t, err)
			require.Equal(t, []int{0}, got)
		})
	})
}

func TestWhatIsReadAheadGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, dog := migrate.NewWatchdog(t.Context(), time.Minute, "CH1")
		defer dog.Stop()
		ctx = migrate.Ranked(ctx, func() int64 { return 10 })
		var ranks []int64
		note := func(ctx context.Context) iter.Seq2[int, error] {
			return func(func(int, error) bool) {
				ranks = append(ranks, migrate.RankOf(ctx))
				migrate.Waiting(ctx, 0) // as each page says
			}
		}
		dog.Waiting(5 * time.Minute)
		for range ahead.Pages(ctx, ahead.NewRoom(1), note, one) {
		}
		ahead.Prime(ctx, note).Stop()
		ahead.Begin(ctx, note).Stop()
		require.Equal(t, []int64{5, 5, 10}, ranks, "lists that a lane waits for are as urgent as its writes")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		require.NoError(t, ctx.Err(), "the wait of the lane was not cut short")
	})
}

// The first element is not held longer than whoever asked for it holds it: it may keep a
// whole page in memory, for as long as the rest of a list is read.
func TestPrimedLetsGoOfTheFirst(t *testing.T) {
	type page struct{ _ [64 << 10]byte }
	held := []weak.Pointer[page]{}
	p := ahead.Prime(t.Context(), func(context.Context) iter.Seq2[*page, error] {
		return func(yield func(*page, error) bool) {
			for range 3 {
				one := &page{}
				held = append(held, weak.Make(one))
				if !yield(one, nil) {
					return
				}
			}
		}
	})
	defer p.Stop()
	n := 0
	for range p.Or(nil) {
		if n++; n == 2 {
			runtime.GC()
			require.Nil(t, held[0].Value())
		}
	}
	require.Equal(t, 3, n)
}

// Whoever gets a page may change it or let parts of it go: its size is known by then.
func TestSizeOfAPageThatIsChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages := func(context.Context) iter.Seq2[*int, error] {
			return func(yield func(*int, error) bool) {
				for i := range 3 {
					if !yield(&i, nil) {
						return
					}
				}
			}
		}
		var sized sync.Map
		size := func(p *int) int64 {
			time.Sleep(time.Second)
			sized.Store(p, *p)
			return 1
		}
		n := 0
		for p := range ahead.Pages(t.Context(), ahead.NewRoom(2), pages, size) {
			as, _ := sized.Load(p)
			require.Equal(t, n, as)
			*p = -1
			n++
		}
		require.Equal(t, 3, n)
	})
}
