package transport

import (
	"net/http"

	"chatbridge/migrate"
)

// Permit sends no write whose context has lost its permit.
func Permit(next http.RoundTripper) http.RoundTripper { return permit{next} }

type permit struct{ next http.RoundTripper }

func (p permit) RoundTrip(req *http.Request) (*http.Response, error) {
	if isWrite(req) {
		if err := migrate.Permitted(req.Context()); err != nil {
			return nil, &AttemptError{Sent: false, Err: err}
		}
	}
	return p.next.RoundTrip(req)
}
