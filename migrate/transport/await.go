package transport

import (
	"net/http"

	"chatbridge/migrate"
)

// Await notes in the context of each attempt that it has no answer yet. What
// uploads a file has none as long as the file goes up, and is left out.
func Await(next http.RoundTripper) http.RoundTripper { return await{next} }

type await struct{ next http.RoundTripper }

func (a await) RoundTrip(req *http.Request) (*http.Response, error) {
	if callOf(req).Stream && isWrite(req) {
		return a.next.RoundTrip(req)
	}
	answered := migrate.Asking(req.Context())
	resp, err := a.next.RoundTrip(req)
	answered(err == nil)
	return resp, err
}
