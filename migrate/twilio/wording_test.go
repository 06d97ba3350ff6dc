package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

func TestErrorsSayWhatHappened(t *testing.T) {
	const read = "read conversation " + channel + ": "
	for name, c := range map[string]struct {
		status int
		body   string
		said   string
	}{
		"what a code means":                {409, `{"code": 50353, "message": "m"}`, "the unique name is taken (HTTP 409, Twilio error 50353)"},
		"the words of Twilio":              {400, `{"code": 50999, "message": "m"}`, "m (HTTP 400, Twilio error 50999)"},
		"the words of the status":          {502, `<html>`, "bad gateway (HTTP 502)"},
		"a status of which nobody has any": {499, ``, "HTTP 499"},
		"no character that is none":        {400, `{"message": "a\ufffdb"}`, "a b (HTTP 400)"},
		"200 bytes of Twilio's words":      {400, `{"message": "` + strings.Repeat("x", 201) + `"}`, strings.Repeat("x", 200) + " (HTTP 400)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(seen) (int, string) { return c.status, c.body })
			_, err := s.target(t).Conversation(t.Context(), service, channel)
			require.EqualError(t, err, read+c.said)
		})
	}
	t.Run("each code that a migration is likely to meet, in words", func(t *testing.T) {
		for code, said := range map[int]string{
			20003: "credentials", 20403: "permission", 20404: "not found", 70051: "the key may not", 50050: "no such Chat service",
			50201: "user exists", 50353: "unique name", 50433: "participant exists", 50303: "too long", 50304: "not JSON",
			50503: "no body", 50504: "body is too long", 50417: "maximum number of participants", 50214: "maximum number of conversations",
			50377: "closed", 21481: "page token", 19038: "page token",
		} {
			s := serve(t, func(seen) (int, string) { return 418, fmt.Sprintf(`{"code": %d, "message": "m"}`, code) })
			_, err := s.target(t).Conversation(t.Context(), service, channel)
			require.ErrorContains(t, err, said)
			require.ErrorContains(t, err, fmt.Sprintf(" (HTTP 418, Twilio error %d)", code))
		}
	})
	t.Run("that a write was taken and not done", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 202, "" })
		_, err := s.target(t).AppendMessage(t.Context(), service, channel, conversations.Message{Body: "x"})
		require.ErrorContains(t, err, "without saying whether it took effect (HTTP 202)")
		require.Contains(t, migrate.HintOf(err), "again resumes")
	})
	t.Run("that there was no answer, and not the address, which may name a person", func(t *testing.T) {
		target, err := NewTarget(base(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }).config())
		require.NoError(t, err)
		_, err = target.userByIdentity(t.Context(), service, "ann@example.com")
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.NotContains(t, err.Error(), "ann")
		require.Contains(t, migrate.HintOf(err), "running again resumes")
	})
	t.Run("why the caller left, where a write may have landed", func(t *testing.T) {
		why := errors.New("two signals")
		ctx, cancel := context.WithCancelCause(t.Context())
		target, err := NewTarget(base(func(r *http.Request) (*http.Response, error) {
			cancel(why)
			return nil, r.Context().Err()
		}).config())
		require.NoError(t, err)
		_, err = target.AppendMessage(ctx, service, channel, conversations.Message{Body: "x"})
		require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
		require.ErrorIs(t, err, why)
	})
	t.Run("what twilio-go itself had against it", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 200, "{}" })
		broken := errors.New("no such parameter")
		ask := func(*call) error { return broken }
		_, err := one(s.target(t).host, t.Context(), "read user", service, reading, decodeUser, ask)
		require.Equal(t, migrate.Failed, migrate.KindOf(err))
		require.EqualError(t, err, "read user "+service+": no such parameter")
		_, err = drain(s.target(t).host.pages(t.Context(), "list users", service, ask))
		require.EqualError(t, err, "list users "+service+": no such parameter")
	})
	t.Run("that settings were answered with something else", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 200, "<html>" })
		err := s.target(t).SetWebhooks(t.Context(), service, conversations.Webhooks{})
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.ErrorContains(t, err, "decode reply")
	})
}

// Only 200 to 299 is a success, and only when it has come whole.
func TestSuccessIsWhole(t *testing.T) {
	const whole = `{"sid": "` + channel + `"}`
	for status, good := range map[int]bool{199: false, 200: true, 299: true, 300: false} {
		target, err := NewTarget(base(func(*http.Request) (*http.Response, error) { return answer(status, whole), nil }).config())
		require.NoError(t, err)
		_, err = target.Conversation(t.Context(), service, channel)
		require.Equal(t, good, err == nil, "%d: %v", status, err)
	}
	cut := base(func(*http.Request) (*http.Response, error) {
		r := answer(200, "")
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(whole), iotest.ErrReader(io.ErrUnexpectedEOF)))
		return r, nil
	})
	target, err := NewTarget(cut.config())
	require.NoError(t, err)
	_, err = target.Conversation(t.Context(), service, channel)
	require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = target.AppendConversation(t.Context(), service, conversations.Conversation{})
	require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
}

// closing counts what is still open.
type closing struct {
	io.Reader
	open *int
}

func (c closing) Close() error { *c.open--; return nil }

func TestRepliesAreClosed(t *testing.T) {
	open, asked := 0, 0
	b := base(func(*http.Request) (*http.Response, error) {
		r := answer(200, "")
		asked++
		open++
		r.Body = closing{strings.NewReader(`{"sid": "` + channel + `"}`), &open}
		return r, nil
	})
	target, err := NewTarget(b.config())
	require.NoError(t, err)
	_, err = target.Conversation(t.Context(), service, channel)
	require.NoError(t, err)
	p, err := NewProber(b.config(), b.config())
	require.NoError(t, err)
	_, err = p.Get(t.Context(), migrate.SourceChat, "/v1/Services")
	require.NoError(t, err)
	require.Equal(t, 2, asked)
	require.Zero(t, open)
}
