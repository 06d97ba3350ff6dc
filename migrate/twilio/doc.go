// Package twilio is the live Source (Chat v1 or v2), Target (Conversations v1,
// with the limits that Chat v2 keeps) and Promoter (Chat v3) over twilio-go, and lists
// accounts. Nothing else imports twilio-go.
//
// twilio-go builds the requests, so that names, forms and paths are Twilio's
// own. It decodes no reply: a call here keeps status and raw body for itself
// and tells twilio-go that there is none, because twilio-go fails a whole page for
// one bad record, reads null as 0, rounds integers above 2^53, drops digits
// after a dot from page tokens, and reports a 201 that it cannot decode as a
// failure although the resource exists.
//
// What the package promises beyond the interfaces:
//
//   - Credentials go to the configured base URL and nowhere else. Pages are
//     followed by the path and query of next_page_url, never to its host, and
//     redirects are not followed.
//   - No request carries X-Twilio-Webhook-Enabled or an Idempotency-Key.
//   - A Source cannot write: its connection refuses everything but GET. What
//     writes to the Chat side has a connection of its own: a Promoter, and a
//     Target for the limits of its services.
//   - No error contains a credential, a body or an attribute, nor a secret of a
//     push credential.
//
// The package retries nothing and waits for nothing; package transport does.
package twilio
