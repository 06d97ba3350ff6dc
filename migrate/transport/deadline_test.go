package transport

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// dripping is a body that brings a byte now and then, until its request ends.
type dripping struct {
	ctx   context.Context
	every time.Duration
}

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-time.After(d.every):
		p[0] = 'x'
		return 1, nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (d dripping) Close() error { return nil }

func TestDeadline(t *testing.T) {
	t.Run("ends an attempt that stalls", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			stall := play(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			start := time.Now()
			_, err := Deadline(stall, 5*time.Second, 100).RoundTrip(get(t.Context(), t, Call{}))
			require.ErrorIs(t, err, errDeadline)
			require.Equal(t, 5*time.Second, time.Since(start))
		})
	})
	t.Run("covers the body, however it drips", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			slow := play(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: dripping{r.Context(), time.Second}}, nil
			})
			start := time.Now()
			_, err := Deadline(slow, 5*time.Second, 100).RoundTrip(get(t.Context(), t, Call{}))
			require.ErrorIs(t, err, errDeadline)
			require.True(t, Sent(err), "a reply had begun")
			require.EqualError(t, err, "read reply: no whole reply within the deadline of one attempt")
			require.Equal(t, 5*time.Second, time.Since(start))
		})
	})
	t.Run("holds nothing of an attempt that is over", func(t *testing.T) {
		for name, size := range map[string]int{"whole": 100, "too large": 1000} {
			var ctx context.Context
			body := &closes{Reader: strings.NewReader(strings.Repeat("x", size))}
			req := get(t.Context(), t, Call{})
			resp, err := Deadline(play(func(r *http.Request) (*http.Response, error) {
				ctx = r.Context()
				return &http.Response{StatusCode: 200, Body: body, ContentLength: -1, Request: r}, nil
			}), time.Minute, 100).RoundTrip(req)
			require.Equal(t, 1, body.closed, name)
			require.ErrorIs(t, ctx.Err(), context.Canceled, name)
			if size > 100 {
				require.ErrorIs(t, err, ErrTooLarge)
				rest, err := io.ReadAll(body)
				require.NoError(t, err)
				require.Len(t, rest, size-101, "one byte tells that it is too large")
				continue
			}
			require.NoError(t, err)
			require.Same(t, req, resp.Request, "not the one that has the deadline")
			require.EqualValues(t, 100, resp.ContentLength)
		}
	})
	t.Run("is not mistaken for the caller leaving", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			slow := play(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: dripping{r.Context(), time.Minute}}, nil
			})
			_, err := Deadline(slow, 5*time.Second, 100).RoundTrip(get(ctx, t, Call{}))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, errDeadline)
		})
	})
	t.Run("each attempt of a call has its own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			stall := step(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			rt := Retry(Deadline(play(stall, stall, reply(200, "late")), 5*time.Second, 100), Patience{}, nil)
			resp, err := rt.RoundTrip(get(t.Context(), t, Call{}))
			require.NoError(t, err)
			require.Equal(t, 200, resp.StatusCode)
		})
	})
	t.Run("bounds what is read into memory", func(t *testing.T) {
		_, err := Deadline(play(reply(200, strings.Repeat("x", 101))), time.Second, 100).RoundTrip(get(t.Context(), t, Call{}))
		require.ErrorIs(t, err, ErrTooLarge)
		resp, err := Deadline(play(reply(200, strings.Repeat("x", 100))), time.Second, 100).RoundTrip(get(t.Context(), t, Call{}))
		require.NoError(t, err)
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Len(t, raw, 100)
	})
}

// hangUp serves connections by hand.
func hangUp(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String()
}

func TestSent(t *testing.T) {
	base := NewBase(4)
	t.Cleanup(base.CloseIdleConnections)
	rt := Deadline(base, 10*time.Second, 1000)
	send := func(t *testing.T, url string) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("Body=x"))
		require.NoError(t, err)
		_, err = rt.RoundTrip(req)
		require.Error(t, err)
		return err
	}

	t.Run("no, where nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		url := "http://" + l.Addr().String()
		require.NoError(t, l.Close())
		require.False(t, Sent(send(t, url)))
	})
	t.Run("no, where the name is not known", func(t *testing.T) {
		unknown := NewBase(1)
		unknown.DialContext = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
		}
		_, err := Deadline(unknown, time.Second, 1000).RoundTrip(post(t.Context(), t, Call{}))
		require.Error(t, err)
		require.False(t, Sent(err))
	})
	t.Run("no, where the certificate is not trusted", func(t *testing.T) {
		srv := httptest.NewUnstartedServer(http.NotFoundHandler())
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		defer srv.Close()
		require.False(t, Sent(send(t, srv.URL)))
	})
	t.Run("perhaps, where the connection drops after the request", func(t *testing.T) {
		url := hangUp(t, func(c net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(c)) })
		require.True(t, Sent(send(t, url)))
	})
	t.Run("perhaps, where the reply is shorter than it says", func(t *testing.T) {
		url := hangUp(t, func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 400\r\n\r\n{\"sid\":")
		})
		err := send(t, url)
		require.True(t, Sent(err))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
	t.Run("perhaps, where nothing is known", func(t *testing.T) {
		require.True(t, Sent(errors.New("anything")))
	})
}
