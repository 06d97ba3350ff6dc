package transport

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
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
// code and how long it took. It never writes a header, a query or a body, and of
// a path only SIDs and the words of the API, so that no credential, nothing that a
// person wrote, and nobody's identity can reach a log.
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
		KeyPath, shownPath(req.URL),
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

// words of Twilio's paths. Whatever else stands in one is a name: an identity, by
// which a user can be asked for, or a unique name.
var words = map[string]bool{
	"": true, "v1": true, "v2": true, "v3": true,
	"Services": true, "Roles": true, "Users": true, "Channels": true, "Conversations": true, "Members": true,
	"Participants": true, "Messages": true, "Invites": true, "Credentials": true, "Configuration": true,
	"Webhooks": true, "Notifications": true, "Addresses": true, "Bindings": true, "Receipts": true, "Media": true,
	"ParticipantConversations": true, "ConversationWithParticipants": true,
}

var sid = regexp.MustCompile(`^[A-Z]{2}[0-9a-fA-F]{32}$`)

// hiddenName stands in a log for a name in a path.
const hiddenName = "*"

func shownPath(u *url.URL) string {
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if !words[s] && !sid.MatchString(s) {
			segments[i] = hiddenName
		}
	}
	return strings.Join(segments, "/")
}

// causeOf is the text of an attempt's error. Errors of net/http name addresses
// and never headers or bodies.
func causeOf(err error) string {
	if e, ok := errors.AsType[*AttemptError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
