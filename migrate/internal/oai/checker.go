package oai

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// reporter is what a Checker needs of a test.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// Checker holds the traffic of one host to its documents. It is safe for
// concurrent use, until the test that it belongs to ends.
type Checker struct {
	t          reporter
	operations []operation

	mu   sync.Mutex
	seen map[string]int
}

// Chat returns a Checker for the Chat host: v1, v2 and v3.
func Chat(t testing.TB) *Checker {
	t.Helper()
	return newChecker(t, chatDocuments...)
}

// Conversations returns a Checker for the Conversations v1 host.
func Conversations(t testing.TB) *Checker {
	t.Helper()
	return newChecker(t, conversationsDocument)
}

// API returns a Checker for the API host, which knows of accounts.
func API(t testing.TB) *Checker {
	t.Helper()
	return newChecker(t, apiDocument)
}

func newChecker(t testing.TB, documents ...string) *Checker {
	t.Helper()
	c := &Checker{t: t, seen: map[string]int{}}
	for _, name := range documents {
		c.operations = append(c.operations, operations(load(t, name))...)
	}
	return c
}

// Seen lists the operations that succeeded at least once, as
// "GET /v1/Services/{Sid}", in alphabetical order.
func (c *Checker) Seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.seen))
}

// Wrap reports every violation in the requests to h and in its replies as an
// error of the test. Replies that h aborts or hijacks are not checked.
func (c *Checker) Wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			h.ServeHTTP(w, r) // the client broke off; there is nothing to check
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		o, params, found := c.find(r)
		if !found {
			c.t.Errorf("%s %s: the document has no such operation", r.Method, r.URL.EscapedPath())
			h.ServeHTTP(w, r)
			return
		}
		requestProblems := checkRequest(o, params, r, body)
		rec := &recorder{ResponseWriter: w}
		h.ServeHTTP(rec, r)
		if rec.status < http.StatusBadRequest {
			// What a server refuses may well be wrong.
			c.report(r, o, requestProblems)
		}
		if rec.status != 0 {
			c.report(r, o, checkReply(o, rec.status, rec.Header(), rec.body.Bytes()))
		}
		if rec.status/100 == 2 {
			c.mu.Lock()
			c.seen[o.name]++
			c.mu.Unlock()
		}
	})
}

func (c *Checker) report(r *http.Request, o operation, problems []string) {
	for _, p := range problems {
		c.t.Errorf("%s %s (%s): %s", r.Method, r.URL.RequestURI(), o.name, p)
	}
}

// find prefers the operation whose path is the most literal.
func (c *Checker) find(r *http.Request) (best operation, params map[string]string, found bool) {
	segments := strings.Split(r.URL.EscapedPath(), "/")
	most := -1
	for _, o := range c.operations {
		p, literal, ok := o.match(segments)
		if ok && literal > most && o.method() == r.Method {
			best, params, most, found = o, p, literal, true
		}
	}
	return best, params, found
}

// recorder keeps a copy of what it passes on.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
