package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// ErrProxy is the error for a proxy that does not let a request through to the
// service.
var ErrProxy = errors.New("a proxy is in the way")

// connected says whose refusal it is if a proxy does not open a tunnel. By itself
// package net/http says no more than "Forbidden", as if the service had.
func connected(_ context.Context, proxy *url.URL, req *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("%w: %s does not connect to %s: HTTP %s", ErrProxy, proxy.Host, req.Host, resp.Status)
}
