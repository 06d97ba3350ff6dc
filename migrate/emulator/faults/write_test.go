package faults_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
)

// wants is what a client must see of a fault.
type wants func(t *testing.T, form string, a answer)

func status(status, code int, retryAfter string) wants {
	return func(t *testing.T, _ string, a answer) {
		require.NoError(t, a.err)
		require.Equal(t, status, a.status)
		require.Equal(t, code, a.code())
		require.Equal(t, retryAfter, a.header.Get("Retry-After"))
		if code == 0 {
			require.Equal(t, "text/html", a.header.Get("Content-Type"))
			require.Contains(t, string(a.body), "<html>")
		}
	}
}

func reset(t *testing.T, _ string, a answer) {
	require.ErrorIs(t, a.err, syscall.ECONNRESET)
	require.False(t, a.cut)
}

func cut(t *testing.T, _ string, a answer) {
	require.ErrorIs(t, a.err, io.ErrUnexpectedEOF)
	require.True(t, a.cut)
	require.Equal(t, http.StatusCreated, a.status)
	require.NotEmpty(t, a.body)
	require.Nil(t, a.object())
}

func broken(mediaType string) wants {
	return func(t *testing.T, _ string, a answer) {
		require.NoError(t, a.err)
		require.Equal(t, http.StatusCreated, a.status)
		require.Equal(t, mediaType, a.header.Get("Content-Type"))
		require.NotEmpty(t, a.body)
		require.Nil(t, a.object())
	}
}

// Each kind that hits writes, what the client sees of it, and whether the write
// has taken effect.
func TestWrites(t *testing.T) {
	for kind, c := range map[faults.Kind]struct {
		want    wants
		effects bool
	}{
		faults.TooMany:            {status(429, 0, ""), false},
		faults.TooManySeconds:     {status(429, 0, "1"), false},
		faults.TooManyAccount:     {status(429, 20429, ""), false},
		faults.TooManyRate:        {status(429, 50063, ""), false},
		faults.TooManyService:     {status(429, 50074, ""), false},
		faults.ServerError:        {status(500, 0, ""), false},
		faults.BadGateway:         {status(502, 0, ""), false},
		faults.Unavailable:        {status(503, 0, ""), false},
		faults.UnavailableSeconds: {status(503, 0, "1"), false},
		faults.Reset:              {reset, false},
		faults.TooManyDate: {func(t *testing.T, _ string, a answer) {
			require.Equal(t, 429, a.status)
			at, err := http.ParseTime(a.header.Get("Retry-After"))
			require.NoError(t, err)
			require.WithinRange(t, at, time.Now().Add(-time.Minute), time.Now().Add(2*time.Second))
		}, false},
		faults.Forbidden: {func(t *testing.T, _ string, a answer) {
			require.Equal(t, 403, a.status)
			require.Contains(t, []int{20429, 50063, 50074}, a.code())
		}, false},
		faults.Refuse: {func(t *testing.T, form string, a answer) {
			if form == "socket" {
				require.ErrorIs(t, a.err, io.EOF)
				return
			}
			require.ErrorIs(t, a.err, syscall.ECONNREFUSED)
			var op *net.OpError
			require.ErrorAs(t, a.err, &op)
			require.Equal(t, "dial", op.Op)
		}, false},
		faults.AfterError:      {status(500, 0, ""), true},
		faults.AfterReset:      {reset, true},
		faults.AfterCutLength:  {cut, true},
		faults.AfterCutChunked: {cut, true},
		faults.AfterHTML:       {broken("text/html"), true},
		faults.AfterJSON:       {broken("application/json"), true},
	} {
		for name, open := range forms {
			t.Run(string(kind)+" over "+name, func(t *testing.T) {
				b := newBench(t, "nth(POST messages,1)="+string(kind), open)
				defer b.plan.Close()
				c.want(t, name, b.post("first"))
				require.Equal(t, only(kind), b.plan.Counts())
				want := []string{}
				if c.effects {
					want = append(want, "first")
				}
				require.Equal(t, want, b.stored())

				require.Equal(t, http.StatusCreated, b.post("second").status)
				require.Equal(t, append(want, "second"), b.stored())
				require.Equal(t, only(kind), b.plan.Counts())
			})
		}
	}
}

func TestStalls(t *testing.T) {
	for kind, effects := range map[faults.Kind]bool{faults.Stall: false, faults.AfterStall: true} {
		for name, open := range forms {
			t.Run(string(kind)+" over "+name+" ends when the client goes away", func(t *testing.T) {
				b := newBench(t, "stall-for=1h,nth(POST messages,1)="+string(kind), open)
				ctx, cancel := context.WithCancelCause(t.Context())
				gone := errors.New("gone")
				b.plan.Observe = func(faults.Kind, *emulator.Exchange) { cancel(gone) }
				a := b.send(ctx, "POST", b.conversation+"/Messages", "Body", "first")
				require.ErrorIs(t, a.err, gone)
				require.Equal(t, only(kind), b.plan.Counts())
				require.Equal(t, effects, len(b.stored()) == 1)
			})
			t.Run(string(kind)+" over "+name+" ends by itself with a reset", func(t *testing.T) {
				b := newBench(t, "stall-for=1ms,nth(POST messages,1)="+string(kind), open)
				reset(t, name, b.post("first"))
				require.Equal(t, effects, len(b.stored()) == 1)
			})
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Run("a write that the emulator refuses is refused, and no fault is counted", func(t *testing.T) {
		for _, kind := range faults.Kinds() {
			if !kind.In("after") {
				continue
			}
			b := newBench(t, "nth(POST messages,1)="+string(kind), direct)
			a := b.post("")
			require.Equal(t, 400, a.status, kind)
			require.Equal(t, 50503, a.code(), kind)
			require.Empty(t, b.plan.Counts(), kind)
		}
	})
	t.Run("a deletion has no body to lose", func(t *testing.T) {
		for _, kind := range []faults.Kind{faults.AfterCutLength, faults.AfterHTML} {
			b := newBench(t, "nth(DELETE message,1)="+string(kind), direct)
			b.fill("first")
			sid := b.must("GET", b.conversation+"/Messages").object()["messages"].([]any)[0].(map[string]any)["sid"].(string)
			b.must("DELETE", b.conversation+"/Messages/"+sid)
			require.Empty(t, b.plan.Counts())
		}
	})
}

func TestDirect(t *testing.T) {
	traced := func(t *testing.T, kind faults.Kind) (got bool) {
		b := newBench(t, "nth(POST messages,1)="+string(kind), direct)
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { got = true },
		})
		b.send(ctx, "POST", b.conversation+"/Messages", "Body", "first")
		require.Equal(t, only(kind), b.plan.Counts())
		return got
	}
	t.Run("tells a trace of a connection", func(t *testing.T) { require.True(t, traced(t, faults.Reset)) })
	t.Run("tells no trace of a connection that was refused", func(t *testing.T) { require.False(t, traced(t, faults.Refuse)) })
	t.Run("asks nothing for a context that has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", "http://example.com/", nil)
		require.NoError(t, err)
		_, err = faults.Direct{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("asked") })}.RoundTrip(r)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("loses an answer that was not flushed", func(t *testing.T) {
		r, err := http.NewRequest("GET", "http://example.com/", nil)
		require.NoError(t, err)
		_, err = faults.Direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			panic(http.ErrAbortHandler)
		})}.RoundTrip(r)
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
	t.Run("does not hide a handler's own panic", func(t *testing.T) {
		r, err := http.NewRequest("GET", "http://example.com/", nil)
		require.NoError(t, err)
		require.PanicsWithValue(t, "broken", func() {
			_, _ = faults.Direct{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") })}.RoundTrip(r)
		})
	})
}
