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
// or a truncated reply is a failed attempt and never a surprise later. It is a
// transport for small JSON replies, and none for streams or files.
package transport
