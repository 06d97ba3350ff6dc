package transport

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Keys of the log lines of Log.
const (
	KeyMethod   = "method"
	KeyPath     = "path"
	KeyStatus   = "status"
	KeyCode     = "code"
	KeyDuration = "duration"
	KeyError    = "error"
)

// Log writes one debug line for each attempt: method, path, status, Twilio's
// code and how long it took. It never writes a header, a query or a body, so
// that no credential and nothing that a person wrote can reach a log.
func Log(next http.RoundTripper, l *slog.Logger) http.RoundTripper {
	return &redact{next: next, log: l}
}

type redact struct {
	next http.RoundTripper
	log  *slog.Logger
}

func (r *redact) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if !r.log.Enabled(ctx, slog.LevelDebug) {
		return r.next.RoundTrip(req)
	}
	start := time.Now()
	resp, err := r.next.RoundTrip(req)
	fields := []any{
		KeyMethod, req.Method,
		KeyPath, req.URL.EscapedPath(),
		KeyDuration, time.Since(start),
	}
	if err != nil {
		r.log.DebugContext(ctx, "request", append(fields, KeyError, causeOf(err))...)
		return nil, err
	}
	fields = append(fields, KeyStatus, resp.StatusCode)
	if code := codeOf(resp); code != 0 {
		fields = append(fields, KeyCode, code)
	}
	r.log.DebugContext(ctx, "request", fields...)
	return resp, nil
}

// causeOf is the text of an attempt's error. Errors of net/http name addresses
// and never headers or bodies.
func causeOf(err error) string {
	if e, ok := errors.AsType[*AttemptError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
