package migrate

import (
	"context"
	"encoding/json"
	"net/http"
)

// ProbeHost is a host to ask, and with whose credentials.
type ProbeHost int

// Hosts that a Prober asks.
const (
	SourceChat          ProbeHost = iota // Chat, as the account of the source
	TargetConversations                  // Conversations, as the account of the target
	TargetChat                           // Chat, as the account of the target
)

// ProbeReply is a reply as it came. A refusal is a reply too.
type ProbeReply struct {
	Asked  string // host and port
	Status int
	Header http.Header
	Body   []byte

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
