package faults

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"syscall"
)

// Direct is a transport that calls a handler in the same process, and shows its
// client what one over a socket would have seen: a handler that aborts before
// it answers is a connection reset, one that aborts inside its body is a body
// that ends with io.ErrUnexpectedEOF. Trace hooks learn of a connection unless
// it was refused.
//
// The handler runs in the goroutine of the caller and must return when the
// context of its request ends. RoundTrip returns when the handler does. It
// waits for nothing itself, so that it may be used in synctest bubbles.
type Direct struct{ Handler http.Handler }

// RoundTrip is of http.RoundTripper.
func (d Direct) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if r.Body != nil {
		defer r.Body.Close()
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	w := &wire{header: http.Header{}}
	aborted := serve(d.Handler, w, inbound(r))
	if w.refused {
		return nil, netError("dial", r, syscall.ECONNREFUSED)
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case aborted && !w.flushed:
		return nil, netError("read", r, syscall.ECONNRESET)
	}
	return w.response(r, aborted), nil
}

// serve reports whether the handler aborted.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(v)
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

// inbound is the request as a server sees it.
func inbound(r *http.Request) *http.Request {
	in := r.Clone(r.Context())
	in.Host = cmp.Or(r.Host, r.URL.Host)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	in.Close = false
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

func netError(op string, r *http.Request, reason error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: hostAddr(r.URL.Host), Err: os.NewSyscallError(op, reason)}
}

// hostAddr is a net.Addr that names a host.
type hostAddr string

func (hostAddr) Network() string  { return "tcp" }
func (a hostAddr) String() string { return string(a) }

// wire is the connection of one exchange.
type wire struct {
	header  http.Header
	status  int
	sent    http.Header // as they were when the status was written
	body    bytes.Buffer
	flushed bool
	refused bool
}

func (w *wire) Header() http.Header { return w.header }

func (w *wire) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *wire) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *wire) Flush() {
	w.WriteHeader(http.StatusOK)
	w.flushed = true
}

func (w *wire) refuse() { w.refused = true }

func (w *wire) response(r *http.Request, aborted bool) *http.Response {
	w.WriteHeader(http.StatusOK)
	length, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	whole := !aborted && (length < 0 || length == int64(w.body.Len()))
	var body io.Reader = &w.body
	if !whole {
		body = io.MultiReader(body, cut{})
	} else if length < 0 {
		length = int64(w.body.Len())
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: maps.Clone(w.sent), Body: io.NopCloser(body), ContentLength: length, Request: r,
	}
}

// cut is the end of a body that is not its end.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
