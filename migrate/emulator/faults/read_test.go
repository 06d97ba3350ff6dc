package faults_test

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator/faults"
)

func TestReads(t *testing.T) {
	run := func(kind faults.Kind, does string, check func(t *testing.T, b *bench)) {
		for name, open := range forms {
			t.Run(string(kind)+" over "+name+" "+does, func(t *testing.T) {
				b := newBench(t, "slow-for=16ms,nth(GET messages,2)="+string(kind), open)
				b.fill("one", "two", "three")
				require.Equal(t, 200, b.list("PageSize=2").status) // a first request, that passes
				check(t, b)
				require.Equal(t, only(kind), b.plan.Counts())
			})
		}
	}
	run(faults.ReadCut, "loses the connection inside the body", func(t *testing.T, b *bench) {
		a := b.list("PageSize=2")
		require.ErrorIs(t, a.err, io.ErrUnexpectedEOF)
		require.True(t, a.cut)
	})
	run(faults.ReadJSON, "is whole for HTTP alone", func(t *testing.T, b *bench) {
		a := b.list("PageSize=2")
		require.NoError(t, a.err)
		require.Equal(t, 200, a.status)
		require.Nil(t, a.object())
	})
	run(faults.ReadAuth, "passes when asked again", func(t *testing.T, b *bench) {
		a := b.list("PageSize=2")
		require.Equal(t, 401, a.status)
		require.Equal(t, 20003, a.code())
		require.Equal(t, []string{"one", "two"}, b.list("PageSize=2").bodies())
	})
	run(faults.ReadSlow, "arrives whole", func(t *testing.T, b *bench) {
		a := b.list("PageSize=2")
		require.NoError(t, a.err)
		require.Equal(t, []string{"one", "two"}, a.bodies())
	})
	run(faults.ReadEmpty, "loses no record to who goes on", func(t *testing.T, b *bench) {
		a := b.list("PageSize=2")
		require.Equal(t, []string{}, a.bodies())
		next := b.send(t.Context(), "GET", a.meta("next_page_url"))
		require.Equal(t, []string{"one", "two"}, next.bodies())
		require.Equal(t, []string{"three"}, b.send(t.Context(), "GET", next.meta("next_page_url")).bodies())
	})
	run(faults.ReadAgain, "gives the page under two URLs", func(t *testing.T, b *bench) {
		a := b.list("PageSize=2")
		require.Equal(t, []string{"one", "two"}, a.bodies())
		require.NotContains(t, a.meta("next_page_url"), "PageToken")
		next := b.send(t.Context(), "GET", a.meta("next_page_url"))
		require.Equal(t, []string{"one", "two"}, next.bodies())
		require.Equal(t, []string{"three"}, b.send(t.Context(), "GET", next.meta("next_page_url")).bodies())
	})
	run(faults.ReadLoop, "leads to itself once", func(t *testing.T, b *bench) {
		a := b.list("PageSize=2")
		require.Equal(t, b.base+b.conversation+"/Messages?PageSize=2", a.meta("next_page_url"))
		next := b.send(t.Context(), "GET", a.meta("next_page_url"))
		require.Equal(t, []string{"one", "two"}, next.bodies())
		require.Contains(t, next.meta("next_page_url"), "PageToken")
	})
}

func TestExpiredToken(t *testing.T) {
	for name, open := range forms {
		t.Run("a token is refused over "+name+", and good when asked again", func(t *testing.T) {
			b := newBench(t, "limit=1,read.token=1", open)
			b.fill("one", "two", "three")
			first := b.list("PageSize=2")
			require.Equal(t, 200, first.status)
			a := b.send(t.Context(), "GET", first.meta("next_page_url"))
			require.Equal(t, 400, a.status)
			require.Equal(t, 21481, a.code())
			require.Equal(t, []string{"three"}, b.send(t.Context(), "GET", first.meta("next_page_url")).bodies())
			require.Equal(t, only(faults.ReadToken), b.plan.Counts())
		})
	}
}

func TestReadShape(t *testing.T) {
	t.Run("page faults pass by what is no page", func(t *testing.T) {
		b := newBench(t, "read.empty=0.3,read.loop=0.3,read.again=0.4", direct)
		require.NotEmpty(t, b.must("GET", b.conversation).text("sid"))
		require.Equal(t, 404, b.send(t.Context(), "GET", "/v1/Services/IS0/Conversations").status)
		require.Empty(t, b.plan.Counts())
	})
	t.Run("a page that a fault passed keeps its tokens and big numbers", func(t *testing.T) {
		b := newBench(t, "nth(GET messages,2)=read.again", direct)
		b.armed.Store(false)
		b.must("POST", b.conversation+"/Messages", "Body", "<&>", "Attributes", `{"n":9007199254740993}`)
		b.armed.Store(true)
		plain, again := b.list(""), b.list("")
		require.Contains(t, string(plain.body), `9007199254740993`)
		require.Contains(t, string(again.body), `9007199254740993`)
		require.Contains(t, string(again.body), `"<&>"`)
		require.Equal(t, plain.object()["messages"], again.object()["messages"])
	})
	t.Run("empty pages end at the limit", func(t *testing.T) {
		b := newBench(t, "limit=3,read.empty=1", direct)
		b.fill("one")
		a := b.list("")
		for range 2 {
			require.Equal(t, []string{}, a.bodies())
			a = b.send(t.Context(), "GET", a.meta("next_page_url"))
		}
		require.Equal(t, []string{}, a.bodies())
		a = b.send(t.Context(), "GET", a.meta("next_page_url"))
		require.Equal(t, []string{"one"}, a.bodies())
		require.Empty(t, a.meta("next_page_url"))
	})
	t.Run("a 401 is never the first answer, nor given twice in a row", func(t *testing.T) {
		b := newBench(t, "read.401=1,limit=100", direct)
		var got []int
		for range 5 {
			got = append(got, b.list("").status)
		}
		require.Equal(t, []int{200, 401, 200, 401, 200}, got)
		b.plan.NewClient()
		require.Equal(t, 404, b.send(t.Context(), "GET", "/v1/Services/IS0").status)
		require.Equal(t, 200, b.list("Order=desc").status)
		require.Equal(t, 401, b.list("Order=desc").status)
	})
	t.Run("a slow body takes the time that was set", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, "slow-for=8s,nth(GET messages,1)=read.slow", direct)
			started := time.Now()
			require.Equal(t, http.StatusOK, b.list("").status)
			require.Equal(t, 8*time.Second, time.Since(started))
		})
	})
}
