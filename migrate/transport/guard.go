package transport

import (
	"errors"
	"net/http"
)

// ErrReadOnly is what a write gets from ReadOnly.
var ErrReadOnly = errors.New("refused by chatbridge: this connection is read-only")

// ReadOnly passes on GET and refuses anything else before it reaches the
// network. What is built on it cannot write, whatever its code says.
func ReadOnly(next http.RoundTripper) http.RoundTripper { return &guard{next} }

type guard struct{ next http.RoundTripper }

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if isWrite(req) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, ErrReadOnly
	}
	return g.next.RoundTrip(req)
}
