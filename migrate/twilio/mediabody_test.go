package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// bodies counts the bodies of replies that nobody has closed, and breaks the
// connections to where bytes are.
type bodies struct {
	next  http.RoundTripper
	open  atomic.Int64
	agent atomic.Value // of whoever asked for bytes
	fails error
}

func (b *bodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		b.agent.Store(r.UserAgent())
		if b.fails != nil {
			return nil, b.fails
		}
	}
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		b.open.Add(1)
		resp.Body = &counted{ReadCloser: resp.Body, open: &b.open}
	}
	return resp, err
}

type counted struct {
	io.ReadCloser
	open   *atomic.Int64
	closed bool
}

func (c *counted) Close() error {
	if !c.closed {
		c.closed = true
		c.open.Add(-1)
	}
	return c.ReadCloser.Close()
}

func (s *store) through(t *testing.T, fails error) (*Source, *bodies) {
	t.Helper()
	c := s.config(t)
	b := &bodies{next: c.HTTP, fails: fails}
	c.HTTP = b
	src, err := NewSource(c)
	require.NoError(t, err)
	return src, b
}

func TestMediaBodies(t *testing.T) {
	t.Run("are asked for by name, and closed by whoever reads them", func(t *testing.T) {
		src, b := newStore(t).through(t, nil)
		_, body, err := src.OpenMedia(t.Context(), service, fileSID)
		require.NoError(t, err)
		require.Equal(t, "chatbridge", b.agent.Load())
		require.EqualValues(t, 1, b.open.Load())
		require.NoError(t, body.Close())
		require.Zero(t, b.open.Load())
	})
	t.Run("that are refused are closed", func(t *testing.T) {
		s := newStore(t)
		s.byte = func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusForbidden) }
		src, b := s.through(t, nil)
		_, _, err := read(t, src)
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
		require.Zero(t, b.open.Load())
	})
	t.Run("that nobody can connect to are asked for once", func(t *testing.T) {
		s := newStore(t)
		src, _ := s.through(t, errors.New("no route"))
		_, _, err := read(t, src)
		require.ErrorContains(t, err, "no route")
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.Len(t, s.asked, 1)
	})
	t.Run("end with whoever asked for them", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		_, body, err := newStore(t).source(t).OpenMedia(ctx, service, fileSID)
		require.NoError(t, err)
		enough := errors.New("enough")
		cancel(enough)
		n, err := body.Read(make([]byte, 5))
		require.Zero(t, n)
		require.ErrorIs(t, err, enough)
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		require.NoError(t, body.Close())
	})
	t.Run("that are longer than said give nothing of what is too much", func(t *testing.T) {
		x := &exact{body: io.NopCloser(strings.NewReader("hello!")), call: &call{ctx: t.Context(), op: readFile}, size: 5}
		n, err := x.Read(make([]byte, 9))
		require.Zero(t, n)
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
	})
	t.Run("of another status than 200 mean", func(t *testing.T) {
		for status, want := range map[int]migrate.Kind{
			200: migrate.Refused, 201: migrate.Unavailable, 304: migrate.Unavailable, 399: migrate.Unavailable, 400: migrate.Refused,
			403: migrate.Refused, 404: migrate.NotFound, 407: migrate.Refused, 408: migrate.Unavailable, 409: migrate.Refused, 410: migrate.NotFound,
			411: migrate.Refused, 428: migrate.Refused, 429: migrate.Throttled, 430: migrate.Refused, 499: migrate.Refused, 500: migrate.Unavailable,
		} {
			kind, again := fateOf(status)
			require.Equal(t, want, kind, status)
			require.Equal(t, want == migrate.Refused || want == migrate.NotFound, again, "%d: another address may do", status)
		}
	})
}

// drops is a body that brings a byte in each while.
type drops struct {
	left   int
	while  time.Duration
	fails  error
	closed *int
}

func (d *drops) Read(p []byte) (int, error) {
	if d.left == 0 && d.fails != nil {
		return 0, d.fails
	}
	if d.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(d.while)
	d.left--
	p[0] = 'x'
	return 1, nil
}

func (d *drops) Close() error {
	if d.closed != nil {
		*d.closed++
	}
	return nil
}

// taking is a service that takes what is uploaded.
type taking struct{ reply string }

func (a taking) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.reply)), Request: r}, nil
}

func TestUploadBodies(t *testing.T) {
	t.Run("may take any time while something moves", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &store{url: "http://127.0.0.1:1"}
			target := must(NewTarget(Config{BaseURL: s.url, MediaURL: s.url, Username: account, Password: token, HTTP: transport.New(transport.Options{
				Base: taking{s.record(60, "")}, AttemptTimeout: time.Minute, Patience: transport.Patience{Attempts: 1},
			})}))
			began := time.Now()
			_, err := target.UploadMedia(t.Context(), service, migrate.Media{Size: 60, ContentType: "text/plain"}, func(context.Context) (io.ReadCloser, error) {
				return &drops{left: 60, while: 50 * time.Second}, nil
			})
			require.NoError(t, err)
			require.GreaterOrEqual(t, time.Since(began), 50*time.Minute)
		})
	})
	t.Run("of an empty file are closed, and of a type in plain letters sent", func(t *testing.T) {
		s, closed := newStore(t), 0
		keep(s, func(int) int { return 201 }, func() string { return s.record(0, "") })
		_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, migrate.Media{ContentType: "text/plain; a=~ b"}, func(context.Context) (io.ReadCloser, error) {
			return &drops{closed: &closed}, nil
		})
		require.NoError(t, err)
		require.Equal(t, []string{"text/plain; a=~ b 0 "}, s.uploaded)
		require.Equal(t, 1, closed)
	})
	t.Run("that break each time say what broke them", func(t *testing.T) {
		s := newStore(t)
		reset := errors.New("the source broke off")
		_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, migrate.Media{Size: 5, ContentType: "text/plain"}, func(context.Context) (io.ReadCloser, error) {
			return &drops{left: 2, fails: reset}, nil
		})
		require.Equal(t, reset, err)
	})
	t.Run("are not quoted by a refusal", func(t *testing.T) {
		s, opened := newStore(t), 0
		keep(s, func(int) int { return 400 }, func() string { return `{"code":99999,"message":"secret plan.png is no good name"}` })
		_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, migrate.Media{Size: 5, ContentType: "text/plain", Filename: "secret plan.png"}, text5(&opened))
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
		require.NotContains(t, err.Error(), "secret")
	})
	t.Run("are not opened without an address of the service", func(t *testing.T) {
		s, opened := newStore(t), 0
		c := s.config(t)
		c.MediaURL = ""
		_, err := must(NewTarget(c)).UploadMedia(t.Context(), service, migrate.Media{SID: fileSID, Size: 5, ContentType: "text/plain"}, text5(&opened))
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.Zero(t, opened)
	})
}
