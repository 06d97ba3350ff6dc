package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Host is one of the two products, the media service that both have, Event Streams, or
// the API host, which knows of accounts.
type Host string

// The hosts.
const (
	ChatHost          Host = "chat"
	ConversationsHost Host = "conversations"
	MediaHost         Host = "media"
	EventsHost        Host = "events"
	APIHost           Host = "api"
)

// Exchange is one request on its way: read whole, authenticated, and counted
// against the concurrency limit, with no effect yet.
type Exchange struct {
	Host   Host
	Method string
	Path   []string // segments, decoded: "v1", "Services", …
	Query  url.Values
	Form   url.Values
	Upload *Upload // of a file; its form is nil

	webhooks bool
	mutation string // X-Twilio-Mutation-Id
	rejoined bool   // added somebody who had left
	guest    bool   // sent by the target account to a host that is another's
	key      bool   // sent with a standard API key
	main     bool   // sent with a main API key
	flipped  bool   // lists messages in the order that was not asked for
	base     string
	path     string // as sent
	led      string // the address of what is read in its place; empty if it is read itself
	now      time.Time
	op       uint64   // what draws about it follow from
	args     []string // what the wildcards of the route matched
}

// shown is the address that a list gives itself.
func (x *Exchange) shown() string {
	if x.led != "" {
		return x.led
	}
	return x.path
}

// Write reports whether the exchange asks for a change.
func (x *Exchange) Write() bool { return x.Method != http.MethodGet }

// Interceptor stands between an exchange and its effect. It must answer by
// writing to w, or hijack or abort the connection. What commit returns is what
// the emulator would have answered.
//
// An interceptor that answers without calling commit lets the request have no
// effect. One that calls commit and then answers something else loses a reply.
// commit may also be called later, from another goroutine, at most once; the
// request then takes effect at that moment.
type Interceptor func(w http.ResponseWriter, r *http.Request, x *Exchange, commit func() Reply)

// readForm is how a request is read that brings no file.
func readForm(x *Exchange, r *http.Request) error {
	if !x.Write() {
		return nil
	}
	if err := r.ParseForm(); err != nil {
		return invalid(20001, "The form cannot be read: %v", err)
	}
	x.Form = r.PostForm
	return nil
}

func newExchange(host Host, r *http.Request, base string, now time.Time, read func(*Exchange, *http.Request) error) (*Exchange, error) {
	x := &Exchange{Host: host, Method: r.Method, path: r.URL.EscapedPath(), base: base, now: now}
	for segment := range strings.SplitSeq(strings.Trim(x.path, "/"), "/") {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return nil, notFound("at", x.path)
		}
		x.Path = append(x.Path, decoded)
	}
	var err error
	if x.Query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return nil, invalid(20001, "The query cannot be read: %v", err)
	}
	if err := read(x, r); err != nil {
		return nil, err
	}
	x.mutation = r.Header.Get("X-Twilio-Mutation-Id")
	x.webhooks = strings.EqualFold(r.Header.Get("X-Twilio-Webhook-Enabled"), "true")
	return x, nil
}

// url is the absolute URL of a path made of these segments, in the version of
// the API that was asked.
func (x *Exchange) url(segments ...string) string {
	var b strings.Builder
	b.WriteString(x.base)
	b.WriteString("/" + x.Path[0])
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// subject is the collection that the exchange is about, or in which the one
// resource is that it is about, in lower case.
func (x *Exchange) subject() string {
	if n := len(x.Path); n >= 2 {
		return strings.ToLower(x.Path[n-1-n%2])
	}
	return ""
}

// collection is the collection that the exchange is about, and empty where it
// is about one resource. Behind the version, collections and keys take turns.
func (x *Exchange) collection() string {
	if len(x.Path)%2 == 0 {
		return x.subject()
	}
	return ""
}

// ofUser reports whether the exchange is about what one user has.
func (x *Exchange) ofUser() bool { return len(x.Path) > 4 && strings.EqualFold(x.Path[3], "users") }
