package twilio

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// hints are the sentences that differ between the two sides.
type hints struct {
	side        string
	credentials string
	account     string // which setting names the account
	address     string // which setting holds the base URL
	place       string // which settings do, if a region or an edge was chosen
}

var (
	sourceHints = hints{
		side:        "Chat, the source",
		credentials: "check TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or TWILIO_API_KEY with TWILIO_API_SECRET",
		account:     "TWILIO_ACCOUNT_SID",
		address:     "--chat-url",
		place:       "--source-region and --source-edge",
	}
	targetHints = hints{
		side:        "Conversations, the target",
		credentials: "check TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or TWILIO_API_KEY with TWILIO_API_SECRET; for another target account, the CHATBRIDGE_TARGET_ variables",
		account:     "CHATBRIDGE_TARGET_ACCOUNT_SID (for one account on both sides TWILIO_ACCOUNT_SID)",
		address:     "--conversations-url",
		place:       "--target-region and --target-edge",
	}
	sourceBesideHints = hints{side: "Conversations of the source", credentials: sourceHints.credentials, account: sourceHints.account, address: "--conversations-url", place: sourceHints.place}
	sourceMediaHints  = hints{side: "the media service of the source", credentials: sourceHints.credentials, account: sourceHints.account, address: "--media-url", place: sourceHints.place}
	targetMediaHints  = hints{side: "the media service of the target", credentials: targetHints.credentials, account: targetHints.account, address: "--media-url", place: targetHints.place}
	targetEventsHints = hints{side: "Event Streams of the target", credentials: targetHints.credentials, account: targetHints.account, address: "--events-url", place: targetHints.place}
	accountsHints     = hints{side: "the Accounts API", credentials: sourceHints.credentials, account: sourceHints.account, address: "--api-url", place: sourceHints.place}
	targetChatHints   = hints{side: "Chat of the target account", credentials: targetHints.credentials, account: targetHints.account, address: sourceHints.address, place: targetHints.place}
)

func (c *call) fail(kind migrate.Kind, err error) *migrate.Error {
	return &migrate.Error{Op: c.op, Kind: kind, SID: c.sid, Err: err}
}

// lost is the Kind of a request that went out and brought no answer that says
// what became of it.
func (c *call) lost() migrate.Kind {
	if c.limits.Class == transport.Append {
		return migrate.InDoubt
	}
	return migrate.Unavailable
}

// broken explains a request without a whole reply.
func (c *call) broken(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // it names the whole address, in which identities stand
	}
	sent := transport.Sent(err)
	switch {
	case errors.Is(err, transport.ErrReadOnly):
		return c.fail(migrate.Failed, err)
	case c.ctx.Err() != nil && !(sent && c.limits.Class == transport.Append):
		return c.fail(migrate.Interrupted, context.Cause(c.ctx))
	case c.ctx.Err() != nil:
		return c.fail(migrate.InDoubt, context.Cause(c.ctx))
	case !sent && transport.Proxied(err):
		if !errors.Is(err, transport.ErrProxy) {
			err = fmt.Errorf("%w: %w", transport.ErrProxy, err)
		}
		e := c.fail(migrate.Unavailable, err)
		e.Hint = "check HTTPS_PROXY and NO_PROXY, or ask whoever runs the proxy, then run again"
		return e
	case unverified(err):
		e := c.fail(migrate.Unavailable, err)
		e.Hint = certificateHint
		return e
	case !sent:
		e := c.fail(migrate.Unavailable, err)
		e.Hint = fmt.Sprintf("check the network and %s, then run again", c.hints.address)
		return e
	}
	e := c.fail(c.lost(), err)
	e.Hint = "the service did not answer; running again resumes"
	return e
}

// certificateHint is for those whose company opens their connections.
const certificateHint = "if a company proxy decrypts connections, trust its certificate with --ca-cert company.pem, or SSL_CERT_FILE on Linux, or the system's store; then run again"

// unverified says that the other side showed a certificate nobody vouches for.
func unverified(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// senseless explains a 2xx reply that cannot be what was asked for.
func (c *call) senseless(err error) error {
	if stray := c.strayed(err); stray != nil {
		return stray
	}
	e := c.fail(c.lost(), fmt.Errorf("read reply: %w", err))
	e.Hint = fmt.Sprintf("this answer is not from Twilio's API: check %s; if nothing is wrong there, run again", c.hints.address)
	return e
}

// accepted explains a 202 to a write: it was taken, now or in an earlier attempt,
// and what became of it is not said.
func (c *call) accepted() error {
	e := c.fail(migrate.InDoubt, errors.New("the service accepted the request without saying whether it took effect (HTTP 202)"))
	e.Hint = "running again resumes"
	return e
}

// refused explains a reply that is not 2xx: by Twilio's code first and by the
// HTTP status second, since a proxy answers without a code and Twilio answers
// some limits, and an unknown Chat service, with 403. Only a 5xx to an append is
// beyond both: none of them says that nothing was written.
func (c *call) refused(resp *http.Response, raw []byte) error {
	var body struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	twilios := json.Unmarshal(raw, &body) == nil
	status := resp.StatusCode
	about := strings.ReplaceAll(strings.ToLower(body.Message), " ", "")
	c.tooLarge = status == http.StatusBadRequest && strings.Contains(about, "pagesize")

	e := c.fail(migrate.Refused, nil)
	e.Code = body.Code
	lacks := c.lacks(resp, body.Code)
	e.Err = errors.New(c.reason(status, body.Code, body.Message, lacks))

	kind, known := kindOfCode(body.Code)
	switch {
	case status >= 500 && c.limits.Class == transport.Append:
		e.Kind = migrate.InDoubt
	case transport.Throttled(status, body.Code):
		e.Kind = migrate.Throttled
		e.Hint = "too many requests for longer than chatbridge waits; run again, or lower --concurrency or --aps"
	case kind == migrate.Contended && c.limits.Class != transport.Append:
		e.Kind = migrate.Unavailable // it was asked again, as often as there was patience
	case known:
		e.Kind = kind
	case status == http.StatusUnauthorized:
		e.Kind = migrate.Credentials
	case status == http.StatusNotFound && twilios:
		e.Kind = migrate.NotFound
	case status < 400, status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		e.Kind = migrate.Usage
		e.Hint = fmt.Sprintf("this answer is not from Twilio's API: check %s", c.hints.address)
	case status >= 500, status == http.StatusRequestTimeout:
		e.Kind = c.lost()
	}
	if e.Kind == migrate.Refused && len(raw) > 0 && !json.Valid(raw) {
		e.Err = fmt.Errorf("something before Twilio refused it, such as a proxy or a firewall: %w", e.Err)
		e.Hint = "let it pass requests to Twilio, or bypass it, then run again"
	}
	if e.Hint == "" {
		e.Hint = c.hint(e, lacks)
	}
	return e
}

// lack is a permission that a key may not have.
type lack struct {
	action string // such as "list Channels/Members"; empty if a key may do everything
	sure   bool   // the credentials are accepted otherwise
}

// lacks says what a key may lack that was refused. Twilio has a code of its own for
// that, and calls it "unauthorized" elsewhere, as it calls credentials that are wrong:
// those that opened something before are not.
func (c *call) lacks(resp *http.Response, code int) lack {
	unauthorized := resp.StatusCode == http.StatusUnauthorized || code == migrate.CodeAuthenticate
	if code != migrate.CodeKeyRestricted && (c.username == c.accountSID || !unauthorized) {
		return lack{}
	}
	return lack{migrate.PermissionOf(resp.Request.Method, resp.Request.URL.Path), code == migrate.CodeKeyRestricted || resp.StatusCode == http.StatusForbidden || c.opened.Load()}
}

func (c *call) hint(e *migrate.Error, lacks lack) string {
	switch {
	case lacks.action != "" && lacks.sure:
		return "give the key that permission in the Twilio Console, or use another key; what each command needs: chatbridge help permissions"
	case lacks.action != "" && e.Kind == migrate.Credentials:
		return c.hints.credentials + "; a restricted key needs the permission to " + lacks.action
	case e.Code == migrate.CodeNoChatService:
		return "to list the services: chatbridge audit"
	case e.Code == migrate.CodeServiceLimit:
		return "delete services that nobody uses, or ask Twilio Support for a higher limit, then run again; to make no new service, migrate into one that is there: chatbridge migrate --to-service IS…"
	case e.Code == migrate.CodeNoPermission:
		return "the account may be suspended or closed: see the Twilio Console"
	case e.Kind == migrate.Credentials:
		return c.hints.credentials
	case e.Kind == migrate.NotFound:
		return "check the SID, and that the credentials belong to its account"
	case e.Kind == migrate.Unavailable, e.Kind == migrate.InDoubt, e.Kind == migrate.Contended:
		return "the service failed; running again resumes"
	case e.Kind == migrate.PageExpired:
		return "the list changed too often while it was read; run again"
	case e.Code != 0 && e.Kind == migrate.Refused:
		return fmt.Sprintf("see https://www.twilio.com/docs/errors/%d", e.Code)
	}
	return ""
}

// reason words a refusal. Twilio's own message is left out where the request
// held what a person wrote, because it may quote it.
func (c *call) reason(status, code int, message string, lacks lack) string {
	at := fmt.Sprintf("HTTP %d", status)
	if code != 0 {
		at = fmt.Sprintf("HTTP %d, Twilio error %d", status, code)
	}
	said := meaning(code)
	switch {
	case lacks.action != "" && lacks.sure:
		said = "the key may not " + lacks.action + " at " + c.hints.side
	case status == http.StatusUnauthorized:
		said = "credentials were refused by " + c.hints.side
	}
	if said == "" && !c.private {
		said = oneLine(message)
	}
	if said == "" {
		said = strings.ToLower(http.StatusText(status))
	}
	if said == "" {
		return at
	}
	return said + " (" + at + ")"
}

// longestMessage is the most of Twilio's message that an error repeats, in
// bytes.
const longestMessage = 200

func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	if len(s) > longestMessage {
		s = strings.ToValidUTF8(s[:longestMessage], "")
	}
	return strings.TrimSpace(s)
}
