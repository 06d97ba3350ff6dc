package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// spells is a body that brings a byte after each of some waits.
type spells struct {
	ctx   context.Context
	waits []time.Duration
}

func (s *spells) Read(p []byte) (int, error) {
	if len(s.waits) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(s.waits[0]):
		s.waits = s.waits[1:]
		p[0] = 'x'
		return 1, nil
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}

func (s *spells) Close() error { return nil }

func spell(n int, each time.Duration, more ...time.Duration) []time.Duration {
	var all []time.Duration
	for range n {
		all = append(all, each)
	}
	return append(all, more...)
}

func upload(ctx context.Context, t *testing.T, body io.ReadCloser) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(With(ctx, Call{Class: Ensure, Stream: true}), http.MethodPost, "https://mcs.us1.twilio.com/v1/Services/IS1/Media", body)
	require.NoError(t, err)
	return req
}

func TestStream(t *testing.T) {
	const timeout = 5 * time.Second
	download := Call{Class: Read, Stream: true}

	t.Run("a download may take any time while something moves, and is not held", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			slow := play(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: &spells{r.Context(), spell(20, 4*time.Second)}}, nil
			})
			start := time.Now()
			resp, err := Deadline(slow, timeout, 3).RoundTrip(get(t.Context(), t, download))
			require.NoError(t, err)
			require.Zero(t, time.Since(start))
			raw, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Len(t, raw, 20, "more than a reply may have")
			require.NoError(t, resp.Body.Close())
			require.Equal(t, 80*time.Second, time.Since(start))
		})
	})
	t.Run("a download ends when nothing moves", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var inner context.Context
			slow := play(func(r *http.Request) (*http.Response, error) {
				inner = r.Context()
				return &http.Response{StatusCode: 200, Body: &spells{inner, spell(3, time.Second, time.Minute)}}, nil
			})
			start := time.Now()
			resp, err := Deadline(slow, timeout, 100).RoundTrip(get(t.Context(), t, download))
			require.NoError(t, err)
			raw, err := io.ReadAll(resp.Body)
			require.ErrorIs(t, err, errIdle)
			require.True(t, Sent(err))
			require.Len(t, raw, 3)
			require.Equal(t, 8*time.Second, time.Since(start))
			require.NoError(t, resp.Body.Close())
			require.Error(t, inner.Err(), "closing lets go of the connection")
		})
	})
	t.Run("closing a download that is not read to its end lets go of the connection", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var inner context.Context
			slow := play(func(r *http.Request) (*http.Response, error) {
				inner = r.Context()
				return &http.Response{StatusCode: 200, Body: &spells{inner, spell(3, time.Second)}}, nil
			})
			resp, err := Deadline(slow, timeout, 100).RoundTrip(get(t.Context(), t, download))
			require.NoError(t, err)
			require.NoError(t, inner.Err())
			require.NoError(t, resp.Body.Close())
			require.Error(t, inner.Err())
		})
	})
	t.Run("an upload may take any time while something moves", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			resp, err := Deadline(play(reply(201, "{}")), timeout, 100).RoundTrip(upload(t.Context(), t, &spells{t.Context(), spell(20, 4*time.Second)}))
			require.NoError(t, err)
			require.Equal(t, 80*time.Second, time.Since(start))
			_, whole := resp.Body.(*held)
			require.True(t, whole, "the reply is small")
		})
	})
	t.Run("an upload ends when its answer does not come", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			stall := play(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			start := time.Now()
			_, err := Deadline(stall, timeout, 100).RoundTrip(upload(t.Context(), t, &spells{t.Context(), spell(2, 4*time.Second)}))
			require.ErrorIs(t, err, errIdle)
			require.Equal(t, 13*time.Second, time.Since(start))
		})
	})
	t.Run("a refusal is held, whatever was to stream", func(t *testing.T) {
		resp, err := Deadline(play(reply(404, `{"code":20404}`)), timeout, 100).RoundTrip(get(t.Context(), t, download))
		require.NoError(t, err)
		require.Equal(t, 20404, codeOf(resp))
		_, whole := resp.Body.(*held)
		require.True(t, whole)
	})
	t.Run("a refusal without end is refused", func(t *testing.T) {
		_, err := Deadline(play(reply(500, strings.Repeat("x", 101))), timeout, 100).RoundTrip(get(t.Context(), t, download))
		require.ErrorIs(t, err, ErrTooLarge)
		require.True(t, Sent(err))
	})
}

// barren is a body that reads nothing again and again, and then ends.
type barren struct {
	*spells
	closed *bool
}

func (b barren) Read(p []byte) (int, error) {
	_, err := b.spells.Read(p[:1])
	return 0, err
}

func (b barren) Close() error {
	*b.closed = true
	return nil
}

// What a stream holds of a connection it holds for as long as somebody reads.
func TestStreamLetsGo(t *testing.T) {
	const timeout = 5 * time.Second
	download := Call{Class: Read, Stream: true}
	bubble := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}

	bubble("of an attempt without an answer", func(t *testing.T) {
		var inner context.Context
		reset := errors.New("reset")
		_, err := Deadline(play(func(r *http.Request) (*http.Response, error) {
			inner = r.Context()
			return nil, reset
		}), timeout, 100).RoundTrip(get(t.Context(), t, download))
		require.ErrorIs(t, err, reset)
		require.Error(t, inner.Err())
	})
	bubble("of what is held, which may take any time while something moves", func(t *testing.T) {
		var inner context.Context
		start := time.Now()
		req := upload(t.Context(), t, http.NoBody)
		resp, err := Deadline(play(func(r *http.Request) (*http.Response, error) {
			inner = r.Context()
			return &http.Response{StatusCode: 201, Body: &spells{inner, spell(20, 4*time.Second)}}, nil
		}), timeout, 100).RoundTrip(req)
		require.NoError(t, err)
		require.Same(t, req, resp.Request)
		require.Equal(t, 80*time.Second, time.Since(start))
		require.Error(t, inner.Err())
	})
	bubble("of a download that is closed", func(t *testing.T) {
		closed := false
		resp, err := Deadline(play(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: barren{&spells{ctx: r.Context()}, &closed}}, nil
		}), timeout, 100).RoundTrip(get(t.Context(), t, download))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.True(t, closed)
	})
	bubble("of a download of which nothing comes, however often it is read", func(t *testing.T) {
		closed := false
		resp, err := Deadline(play(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: barren{&spells{r.Context(), spell(10, 4*time.Second)}, &closed}}, nil
		}), timeout, 100).RoundTrip(get(t.Context(), t, download))
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.ErrorIs(t, err, errIdle)
		require.NoError(t, resp.Body.Close())
	})
	for status, whole := range map[int]bool{200: false, 299: false, 300: true} {
		resp, err := Deadline(play(reply(status, "")), timeout, 100).RoundTrip(get(t.Context(), t, download))
		require.NoError(t, err)
		_, held := resp.Body.(*held)
		require.Equal(t, whole, held, status)
		require.NoError(t, resp.Body.Close())
	}
}

func TestUploadIsRepeatedFromItsBeginning(t *testing.T) {
	t.Run("with a body of its own for each attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			opened := 0
			req := upload(t.Context(), t, io.NopCloser(strings.NewReader("abc")))
			req.GetBody = func() (io.ReadCloser, error) {
				opened++
				return io.NopCloser(strings.NewReader("abc")), nil
			}
			s := play(reply(503, ""), breaks(errors.New("reset")), reply(201, "{}"))
			resp, err := Retry(Deadline(s, time.Minute, 100), Patience{}, &Counter{}).RoundTrip(req)
			require.NoError(t, err)
			require.Equal(t, 201, resp.StatusCode)
			require.Equal(t, 2, opened)
			require.Equal(t, []string{"abc", "abc", "abc"}, s.sent)
		})
	})
	t.Run("and not if its file cannot be opened again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			gone := errors.New("the file is gone")
			req := upload(t.Context(), t, io.NopCloser(strings.NewReader("abc")))
			req.GetBody = func() (io.ReadCloser, error) { return nil, gone }
			s := play(reply(503, ""))
			_, err := Retry(Deadline(s, time.Minute, 100), Patience{}, &Counter{}).RoundTrip(req)
			require.ErrorIs(t, err, gone)
			require.Len(t, s.sent, 1)
		})
	})
}
