package transport

import (
	"errors"
	"net/http"

	"chatbridge/migrate"
)

// Permit sends no write whose context has lost its permit.
func Permit(next http.RoundTripper) http.RoundTripper { return permit{next} }

type permit struct{ next http.RoundTripper }

// errUnpermitted tells an attempt that we kept back from one without connection.
var errUnpermitted = errors.New("not permitted")

// unpermitted is the error of a permit, in its own words.
type unpermitted struct{ error }

func (u unpermitted) Unwrap() error { return u.error }

func (u unpermitted) Is(target error) bool { return target == errUnpermitted }

func (p permit) RoundTrip(req *http.Request) (*http.Response, error) {
	if isWrite(req) {
		if err := migrate.Permitted(req.Context()); err != nil {
			return nil, &AttemptError{Sent: false, Err: unpermitted{err}}
		}
	}
	return p.next.RoundTrip(req)
}
