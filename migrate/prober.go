package migrate

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// ProbeHost is a host to ask, and with whose credentials.
type ProbeHost int

// Hosts that a Prober asks, and that an Experimenter does.
const (
	SourceChat          ProbeHost = iota // Chat, as the account of the source
	TargetConversations                  // Conversations, as the account of the target
	TargetChat                           // Chat, as the account of the target
	TargetMedia                          // the media service, as the account of the target; no Prober asks it
	TargetEvents                         // Event Streams, as the account of the target; no Prober asks it
)

// ProbeReply is a reply as it came. A refusal is a reply too.
type ProbeReply struct {
	Asked  string // host and port
	Status int
	Header http.Header
	Body   []byte
	Took   time.Duration // of an Experimenter: with every attempt, and every wait between them

	// Refusal is what a Source or a Target would say of a reply that is not OK, with
	// what to do about it; nil for one that is.
	Refusal error
}

// OK reports whether the request was carried out.
func (r ProbeReply) OK() bool { return r.Status >= 200 && r.Status <= 299 }

// Code is Twilio's error code, and 0 where there is none.
func (r ProbeReply) Code() int {
	var body struct {
		Code int `json:"code"`
	}
	if r.OK() || json.Unmarshal(r.Body, &body) != nil {
		return 0
	}
	return body.Code
}

// Prober asks what no Source and no Target would: with other page sizes, without
// the parameters that they always send. It is read-only by construction.
type Prober interface {
	// Get asks host for a path with its query, such as "/v1/Services?PageSize=1",
	// whose segments are escaped already. Only a request without a whole reply is
	// an error, of type *Error.
	Get(ctx context.Context, host ProbeHost, target string) (ProbeReply, error)
}

// Trial is one request of an experiment.
type Trial struct {
	Host   ProbeHost // any but SourceChat, which nobody experiments on
	Method string    // GET, POST or DELETE
	Target string    // path and query, such as "/v1/Services", its segments escaped

	// Form is sent with a POST, as it is: what is left out of it is left out.
	Form url.Values
	// File is sent in the place of a form, with its type.
	File     []byte
	FileType string
	// Header is sent beside what every request has. It cannot ask for webhooks.
	Header http.Header

	// Service and Conversation name the documented limit that a write counts
	// against, as in transport.Call.
	Service      string
	Conversation string

	// Repeat says that the request leaves the same state however often it is
	// carried out. Any other write is sent again only if it provably was not
	// carried out: nothing was sent, or the reply was 429.
	Repeat bool

	// Cut lets go of the connection that long after the request was written, so
	// that what becomes of it is not known. A nanosecond does so at once; zero waits
	// for the reply.
	Cut time.Duration
}

// Experimenter sends requests that no Target would: with parameters left out,
// values that may be refused, connections that are cut. It asks for no webhooks.
type Experimenter interface {
	// Try sends a Trial. A refusal is a reply too. Its errors are of type *Error: of
	// Kind InDoubt if the request may have been carried out, or may be yet.
	Try(ctx context.Context, t Trial) (ProbeReply, error)
}
