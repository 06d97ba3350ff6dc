package transport

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestPermit(t *testing.T) {
	errOver := errors.New("the permit is over")
	t.Run("is asked before every attempt, and one that is refused was not sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base, asked := play(reply(429, ""), reply(201, "{}")), 0
			ctx := migrate.WithPermit(t.Context(), func() error {
				if asked++; asked == 2 {
					return errOver
				}
				return nil
			})
			resp, err := New(Options{Base: base}).RoundTrip(post(ctx, t, Call{Class: Append}))
			require.NoError(t, err)
			require.Equal(t, 201, resp.StatusCode)
			require.Equal(t, 3, asked)
			require.Equal(t, 2, base.attempts(), "the attempt without permit did not reach the wire")
		})
	})
	t.Run("is asked after the wait for a token, and not before it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			over := time.Now().Add(3 * time.Second)
			base := play(reply(201, "{}"), reply(201, "{}"))
			rt := New(Options{Base: base, APS: 0.1, Patience: Patience{Attempts: 1}})
			ctx := migrate.WithPermit(t.Context(), func() error {
				if time.Now().After(over) {
					return errOver
				}
				return nil
			})
			send := func() error {
				_, err := rt.RoundTrip(post(ctx, t, Call{Class: Append, Service: "IS1"}))
				return err
			}
			require.NoError(t, send())
			err := send()
			for range 3 { // the first few tokens may be there at once
				if err == nil {
					err = send()
				}
			}
			require.ErrorIs(t, err, errOver)
			require.False(t, Sent(err))
		})
	})
	t.Run("a request that goes ahead waits neither for a slot nor for a token", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			held := make(chan struct{})
			base := roundTrip(func(req *http.Request) (*http.Response, error) {
				if !migrate.IsAhead(req.Context()) {
					<-held
				}
				return &http.Response{StatusCode: 201, Body: http.NoBody, Header: http.Header{}}, nil
			})
			rt := New(Options{Base: base, InFlight: InFlight{Most: 1}, APS: 0.001})
			done := make(chan error, 1)
			go func() {
				_, err := rt.RoundTrip(post(t.Context(), t, Call{Class: Append, Conversation: "CH1"}))
				done <- err
			}()
			synctest.Wait()
			began := time.Now()
			for range 3 {
				_, err := rt.RoundTrip(post(migrate.Ahead(t.Context()), t, Call{Class: Ensure, Conversation: "CH1"}))
				require.NoError(t, err)
			}
			require.Zero(t, time.Since(began))
			close(held)
			require.NoError(t, <-done)
		})
	})
	t.Run("is not asked of a read", func(t *testing.T) {
		ctx := migrate.WithPermit(t.Context(), func() error { return errOver })
		_, err := New(Options{Base: play(reply(200, "{}"))}).RoundTrip(get(ctx, t, Call{Class: Read}))
		require.NoError(t, err)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
