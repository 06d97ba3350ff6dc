package transport

import (
	"context"
	"net/http"
)

// Class says what may be done after an attempt failed.
type Class int

// Classes of calls. Where nothing is said, GET is a Read and anything else an
// Append: the safe reading of a request that nobody vouched for.
const (
	Unclassed Class = iota
	Read            // changes nothing
	Ensure          // leaves the same state however often it is repeated
	Append          // must not be repeated unless it provably did not commit
)

// Call is what a caller says about its request.
type Call struct {
	Class Class

	// Service and Conversation name the limits that a write counts against.
	// Twilio limits writes in a conversation by conversation and all others by
	// service, so Service counts only where Conversation is empty; a write with
	// neither is not paced.
	Service      string
	Conversation string

	// Stream says that a file goes up with the request, or comes down with the
	// reply. Then nothing holds it in memory, and the time of one attempt is that
	// between two moments in which something of it moves.
	Stream bool

	// Check says whether the body of a successful reply makes sense. A Read or
	// an Ensure whose reply does not is asked again. Nil takes any reply.
	Check func(body []byte) error
}

type callKey struct{}

// With returns a context whose requests are made under c.
func With(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

func callOf(req *http.Request) Call {
	c, _ := req.Context().Value(callKey{}).(Call)
	if c.Class != Unclassed {
		return c
	}
	c.Class = Append
	if readOnly(req.Method) {
		c.Class = Read
	}
	return c
}

func readOnly(method string) bool { return method == http.MethodGet || method == "" }

func isWrite(req *http.Request) bool { return !readOnly(req.Method) }
