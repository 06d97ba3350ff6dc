package faults_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
)

// lanes creates conversations, posts into each and reads it back, every lane as
// a client that asks again would, and returns what struck, sorted.
func lanes(t *testing.T, spec string, started func(lane int, run func())) []string {
	t.Helper()
	p, err := faults.Parse(spec)
	require.NoError(t, err)
	var mu sync.Mutex
	var struck []string
	p.Observe = func(k faults.Kind, x *emulator.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		struck = append(struck, fmt.Sprint(k, " ", x.Method, " ", x.Path[len(x.Path)-1], " ", x.Form.Get("UniqueName"), x.Form.Get("Body")))
	}
	e, err := emulator.New(emulator.Config{Intercept: p.Intercept})
	require.NoError(t, err)
	b := &bench{t: t, plan: p, transport: faults.Direct{Handler: e.Conversations()}, base: "http://conversations.example"}
	var service string
	for service == "" {
		service = b.send(t.Context(), "POST", "/v1/Services", "FriendlyName", "desk").text("sid")
	}
	for lane := range 8 {
		started(lane, func() {
			conversations := "/v1/Services/" + service + "/Conversations"
			name, sid := "room-"+strconv.Itoa(lane), ""
			for sid == "" {
				if sid = b.send(t.Context(), "POST", conversations, "UniqueName", name).text("sid"); sid == "" {
					sid = b.send(t.Context(), "GET", conversations+"/"+name).text("sid")
				}
			}
			for n := range 40 {
				body := fmt.Sprint(name, " message ", n)
				for b.send(t.Context(), "POST", conversations+"/"+sid+"/Messages", "Body", body).status != http.StatusCreated {
					continue
				}
			}
			for at := conversations + "/" + sid + "/Messages?PageSize=5"; at != ""; {
				if a := b.send(t.Context(), "GET", at); a.err == nil && a.status == http.StatusOK && a.object() != nil {
					at = a.meta("next_page_url")
				}
			}
		})
	}
	synctest.Wait()
	p.Close()
	slices.Sort(struck)
	return struck
}

func TestDraws(t *testing.T) {
	// What is late lands beside other requests in each order, and so makes other
	// pages.
	const spec = "rate=0.2,late=0,stall-for=1ms,slow-for=1ms"
	forwards := func(t *testing.T, spec string) (struck []string) {
		synctest.Test(t, func(t *testing.T) {
			struck = lanes(t, spec, func(_ int, run func()) { run() })
		})
		return struck
	}
	backwards := func(t *testing.T, spec string) (struck []string) {
		synctest.Test(t, func(t *testing.T) {
			var waiting []func()
			struck = lanes(t, spec, func(lane int, run func()) {
				if waiting = append(waiting, run); lane == 7 {
					for _, run := range slices.Backward(waiting) {
						run()
					}
				}
			})
		})
		return struck
	}
	together := func(t *testing.T, spec string) (struck []string) {
		synctest.Test(t, func(t *testing.T) {
			var running sync.WaitGroup
			struck = lanes(t, spec, func(lane int, run func()) {
				if running.Go(run); lane == 7 {
					running.Wait()
				}
			})
		})
		return struck
	}
	t.Run("the same requests are hit in every order, and beside each other", func(t *testing.T) {
		want := forwards(t, "seed=7,"+spec)
		require.Greater(t, len(want), 40)
		require.Equal(t, want, backwards(t, "seed=7,"+spec))
		require.Equal(t, want, together(t, "seed=7,"+spec))
	})
	t.Run("another seed hits others", func(t *testing.T) {
		require.NotEqual(t, forwards(t, "seed=7,"+spec), forwards(t, "seed=8,"+spec))
	})
}

// posts sends distinct messages and returns the counts.
func posts(t *testing.T, spec string, n int) (counts map[faults.Kind]int64) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, spec, direct)
		for i := range n {
			b.post(strconv.Itoa(i))
		}
		b.plan.Close()
		counts = b.plan.Counts()
	})
	return counts
}

func total(counts map[faults.Kind]int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

func TestRates(t *testing.T) {
	t.Run("a rate is a share of requests, spread over the kinds", func(t *testing.T) {
		counts := posts(t, "rate=0.5", 2000)
		require.InDelta(t, 1000, total(counts), 100)
		for _, k := range faults.Kinds() {
			if k.In("read") || k.In("media") || k.In("lie") {
				require.Zero(t, counts[k], k)
				continue
			}
			require.InDelta(t, 1000/22, counts[k], 30, k)
		}
	})
	t.Run("a group's rate is that of the group", func(t *testing.T) {
		counts := posts(t, "before.429=0.3", 1000)
		require.Len(t, counts, 6)
		require.InDelta(t, 300, total(counts), 60)
	})
	t.Run("the longest name decides", func(t *testing.T) {
		counts := posts(t, "rate=0.5,before=0,before.429=0.2,before.429.50063=0,late=0", 1000)
		require.InDelta(t, 700, total(counts), 70)
		for k := range counts {
			require.True(t, k.In("after") || k.In("before.429") && k != faults.TooManyRate, k)
		}
	})
	t.Run("one operation is not hit more often in a row than the limit", func(t *testing.T) {
		for limit, want := range map[string][]int{"": {500, 500, 500, 201, 500}, "limit=1,": {500, 201, 500, 201, 500}} {
			b := newBench(t, limit+"before.500=1", direct)
			var got []int
			for range 5 {
				got = append(got, b.post("same").status)
			}
			require.Equal(t, want, got)
			require.Equal(t, 500, b.post("another").status)
		}
	})
}

func TestRules(t *testing.T) {
	statuses := func(b *bench, n int) (got []int) {
		for range n {
			got = append(got, b.post("same").status)
		}
		return got
	}
	t.Run("count the requests that match", func(t *testing.T) {
		b := newBench(t, "nth(post Messages,3)=before.500", direct)
		require.Equal(t, 200, b.list("").status)
		require.Equal(t, []int{201, 201, 500, 201}, statuses(b, 4))
	})
	t.Run("take ranges, beyond the limit", func(t *testing.T) {
		b := newBench(t, "limit=1,nth(POST messages,2-3)=before.500,nth(POST messages,5-)=before.502", direct)
		require.Equal(t, []int{201, 500, 500, 201, 502, 502, 502}, statuses(b, 7))
	})
	t.Run("the first that fits wins, and goes before draws", func(t *testing.T) {
		b := newBench(t, "before.503.plain=1,nth(POST messages,1-2)=before.500,nth(POST messages,2-3)=before.502", direct)
		require.Equal(t, []int{500, 500, 502, 503}, statuses(b, 4))
	})
	t.Run("tell a list from what is in it, and hosts from each other", func(t *testing.T) {
		b := newBench(t, "nth(chat * *,1-)=before.500,nth(GET conversation,1)=before.502,nth(* configuration,1)=before.503.plain", direct)
		require.Equal(t, 200, b.send(t.Context(), "GET", "/v1/Services").status)
		require.Equal(t, 200, b.list("").status)
		require.Equal(t, 503, b.send(t.Context(), "GET", "/v1/Configuration").status)
		require.Equal(t, 502, b.send(t.Context(), "GET", b.conversation).status)
	})
	t.Run("a group strikes as one of its kinds that fit all such requests", func(t *testing.T) {
		b := newBench(t, "nth(* *,1-)=before.429", direct)
		for i := range 50 {
			require.Equal(t, 429, b.list("PageSize="+strconv.Itoa(i+1)).status)
		}
		require.Len(t, b.plan.Counts(), 4)
	})
}
