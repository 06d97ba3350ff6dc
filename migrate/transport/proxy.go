package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
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

// Proxied reports whether an error is one of the way to or through a proxy: that it
// cannot be reached, or does not connect to the service.
func Proxied(err error) bool {
	if errors.Is(err, ErrProxy) {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "proxyconnect" || op.Op == "socks connect") // as package net/http calls them
}
