package transport

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// step answers one attempt.
type step func(*http.Request) (*http.Response, error)

// script is a base transport that answers attempts in turn, the last step over
// and over, and keeps what it was sent.
type script struct {
	mu    sync.Mutex
	steps []step
	sent  []string // bodies
}

func play(steps ...step) *script { return &script{steps: steps} }

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(raw)
	}
	s.mu.Lock()
	do := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	s.sent = append(s.sent, body)
	s.mu.Unlock()
	return do(req)
}

func (s *script) attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

func reply(status int, body string, header ...string) step {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func breaks(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func get(ctx context.Context, t *testing.T, c Call) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(With(ctx, c), http.MethodGet, "https://chat.twilio.com/v1/Services", nil)
	require.NoError(t, err)
	return req
}

func post(ctx context.Context, t *testing.T, c Call) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(With(ctx, c), http.MethodPost,
		"https://conversations.twilio.com/v1/Services/IS1/Conversations/CH1/Messages", strings.NewReader("Body=secret-body"))
	require.NoError(t, err)
	req.SetBasicAuth("ACxxx", "secret-token")
	return req
}

// closes counts how often it was closed.
type closes struct {
	io.Reader
	closed int
}

func (c *closes) Read(p []byte) (int, error) {
	if c.Reader == nil {
		return 0, io.EOF
	}
	return c.Reader.Read(p)
}

func (c *closes) Close() error { c.closed++; return nil }

func (s step) RoundTrip(req *http.Request) (*http.Response, error) { return s(req) }
