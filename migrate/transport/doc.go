// Package transport is how requests reach Twilio: http.RoundTripper decorators
// with one job each, and New, which stacks them in the one order that works.
//
// Vocabulary:
//
//   - Call: what a caller says about its request, in the request's context: its
//     class, and which limits of the service it counts against.
//   - Class: what may be done after an attempt failed. A Read and an Ensure may
//     be repeated freely, an Append only when it provably did not commit.
//   - Attempt: one request on the wire. A call may take several.
//
// Bodies are read whole inside the attempt that received them, so that a slow
// or a truncated reply is a failed attempt and never a surprise later. The exception
// is a call that streams a file.
//
// Three limits hold requests back, each where it counts: the pace of a conversation or
// service, the requests in flight of the account, and the back-off of one call. Of
// those that wait for the same limit, the one whose lane has most left goes first.
package transport
