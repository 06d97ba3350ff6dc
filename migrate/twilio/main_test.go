package twilio

import (
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"chatbridge/migrate/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account = "AC00000000000000000000000000000001"
	token   = "secret-token"
	service = "IS00000000000000000000000000000001"
	channel = "CH00000000000000000000000000000001"
)

// seen is one request as a server saw it.
type seen struct {
	Method string
	Path   string // escaped, as it was on the wire
	Query  string // as it was on the wire
	Form   url.Values
}

func (s seen) values(t *testing.T) url.Values {
	v, err := url.ParseQuery(s.Query)
	require.NoError(t, err)
	return v
}

func (s seen) uri() string {
	if s.Query == "" {
		return s.Method + " " + s.Path
	}
	return s.Method + " " + s.Path + "?" + s.Query
}

// stub is a server that a test answers for. Whatever is asked of it must bear
// the credentials and none of the headers that chatbridge never sends.
type stub struct {
	url string

	mu  sync.Mutex
	got []seen
}

func (s *stub) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.got...)
}

func (s *stub) uris() []string {
	var all []string
	for _, r := range s.requests() {
		all = append(all, r.uri())
	}
	return all
}

// answers is what a test serves: status and body.
type answers func(seen) (int, string)

func serve(t *testing.T, answer answers) *stub {
	t.Helper()
	s := &stub{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != account || password != token {
			t.Errorf("%s %s: wrong credentials", r.Method, r.URL)
		}
		for _, header := range []string{"X-Twilio-Webhook-Enabled", "Idempotency-Key", "X-Idempotency-Key"} {
			if _, sent := r.Header[header]; sent {
				t.Errorf("%s %s: header %s was sent", r.Method, r.URL, header)
			}
		}
		if r.Header.Get("Accept") != "application/json" || r.Header.Get("User-Agent") != "chatbridge" {
			t.Errorf("%s %s: does not say who asks, and for what: %v", r.Method, r.URL, r.Header)
		}
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read body: %v", err)
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			t.Errorf("read form: %v", err)
		}
		path, query, _ := strings.Cut(r.RequestURI, "?")
		got := seen{Method: r.Method, Path: path, Query: query, Form: form}
		s.mu.Lock()
		s.got = append(s.got, got)
		s.mu.Unlock()

		status, body := answer(got)
		if status == http.StatusFound {
			w.Header().Set("Location", body)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// patient is the real transport with waits that a test does not notice.
func patient(t *testing.T) http.RoundTripper {
	t.Helper()
	base := transport.NewBase(8)
	t.Cleanup(base.CloseIdleConnections)
	return transport.New(transport.Options{
		Base:     base,
		Patience: transport.Patience{Attempts: 4, FirstWait: time.Microsecond, MaxWait: time.Millisecond},
	})
}

func (s *stub) config(t *testing.T) Config {
	return Config{BaseURL: s.url, Username: account, Password: token, HTTP: patient(t)}
}

func (s *stub) source(t *testing.T) *Source {
	t.Helper()
	src, err := NewSource(s.config(t))
	require.NoError(t, err)
	return src
}

func (s *stub) target(t *testing.T) *Target {
	t.Helper()
	target, err := NewTarget(s.config(t))
	require.NoError(t, err)
	return target
}

// base answers requests without a network.
type base func(*http.Request) (*http.Response, error)

func (b base) RoundTrip(r *http.Request) (*http.Response, error) { return b(r) }

func (b base) config() Config {
	return Config{BaseURL: "http://127.0.0.1:1", Username: account, Password: token, HTTP: b}
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// list is one page of a list.
func list(key string, next string, records ...string) string {
	if next != "" {
		next = fmt.Sprintf("%q", next)
	} else {
		next = "null"
	}
	return fmt.Sprintf(`{%q: [%s], "meta": {"page": 0, "page_size": 50, "key": %q, "next_page_url": %s}}`,
		key, strings.Join(records, ","), key, next)
}

// written is the reply to a write: the resource that it addresses, or a new one.
func written(r seen) string {
	segments := strings.Split(r.Path, "/")
	sid := segments[len(segments)-1]
	if prefix, creates := prefixes[sid]; creates {
		sid = prefix + strings.Repeat("9", 32)
	}
	return fmt.Sprintf(`{"sid": %q, "index": 0}`, sid)
}

func refusal(status, code int) (int, string) {
	return status, fmt.Sprintf(`{"code": %d, "message": "said by Twilio", "status": %d}`, code, status)
}

// drain reads a sequence up to its end or its error.
func drain[T any](seq iter.Seq2[T, error]) (all []T, err error) {
	for r, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

func sids[T any](all []T, sidOf func(T) string) []string {
	var out []string
	for _, r := range all {
		out = append(out, sidOf(r))
	}
	return out
}
