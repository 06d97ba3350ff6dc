package faults_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator/faults"
)

func TestLate(t *testing.T) {
	t.Run("lands behind the next write", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, "nth(POST messages,1)=late", direct)
			defer b.plan.Close()
			reset(t, "direct", b.post("first"))
			require.Empty(t, b.stored())
			require.Equal(t, 1, b.plan.Pending())
			require.Equal(t, 201, b.post("second").status)
			require.Equal(t, []string{"second"}, b.stored())

			time.Sleep(faults.DefaultLate)
			synctest.Wait()
			require.Equal(t, []string{"second", "first"}, b.stored())
			require.Zero(t, b.plan.Pending())
			require.Equal(t, only(faults.Late), b.plan.Counts())
		})
	})
	t.Run("lands within the time that was set, not at once and not always then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, "late-within=1s,nth(POST messages,1-20)=late", direct)
			defer b.plan.Close()
			for range 20 {
				b.post("late")
			}
			require.Empty(t, b.stored())
			time.Sleep(500 * time.Millisecond)
			synctest.Wait()
			half := len(b.stored())
			require.NotZero(t, half)
			require.Less(t, half, 20)
			time.Sleep(500 * time.Millisecond)
			synctest.Wait()
			require.Len(t, b.stored(), 20)
		})
	})
	t.Run("lands beyond a time that was set", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, "late-after=1m,late-within=1s,nth(POST messages,1)=late", direct)
			defer b.plan.Close()
			b.post("late")
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Empty(t, b.stored())
			time.Sleep(time.Second)
			synctest.Wait()
			require.Equal(t, []string{"late"}, b.stored())
		})
	})
	for name, open := range forms {
		t.Run("is landed over "+name+" by closing the plan", func(t *testing.T) {
			b := newBench(t, "late-within=1h,nth(POST messages,1)=late", open)
			reset(t, name, b.post("first"))
			require.Empty(t, b.stored())
			b.plan.Close()
			require.Equal(t, []string{"first"}, b.stored())
			b.plan.Close()
			require.Equal(t, []string{"first"}, b.stored())
		})
	}
	t.Run("lands in the order due when the plan is closed", func(t *testing.T) {
		order := func(wait time.Duration) (landed []string) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, "nth(POST messages,1-5)=late", direct)
				for _, body := range []string{"a", "b", "c", "d", "e"} {
					b.post(body)
				}
				time.Sleep(wait)
				b.plan.Close()
				landed = b.stored()
			})
			return landed
		}
		require.Len(t, order(0), 5)
		require.Equal(t, order(time.Minute), order(0))
	})
	t.Run("nothing is hit once the plan is closed", func(t *testing.T) {
		b := newBench(t, "rate=1", direct)
		b.plan.Close()
		require.Equal(t, 201, b.post("first").status)
		require.Empty(t, b.plan.Counts())
	})
}
