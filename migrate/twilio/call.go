package twilio

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/ahead"
	"chatbridge/migrate/transport"
)

// host is one side of a migration: where it is, and who asks.
type host struct {
	base       *url.URL
	username   string
	password   string
	accountSID string
	http       *http.Client
	hints      hints
	room       *ahead.Room // for pages that are read before they are wanted
	envelope   func(raw []byte) (page, error)

	authorization []string // header of the credentials

	accountShown atomic.Bool  // a reply showed an account, and it is accountSID
	opened       atomic.Bool  // the credentials were accepted
	pageMost     atomic.Int64 // of the pages that it takes; 0 if it refused none
	clock        atomic.Int64 // of the latest reply, in seconds since 1970
}

func newHost(c Config, h hints) (*host, error) {
	if err := c.Place.Check(); err != nil {
		return nil, err
	}
	base, err := parseBase(c.BaseURL)
	if err != nil {
		return nil, err
	}
	if c.Place != (Place{}) && c.Place.owns(c.BaseURL) {
		h.address = h.place
	}
	if c.CredentialHint != "" {
		h.credentials = c.CredentialHint
	}
	if c.AccountSetting != "" {
		h.account = c.AccountSetting
	}
	if c.Username == "" || c.Password == "" {
		return nil, &migrate.Error{Op: "configure connection", Kind: migrate.Credentials,
			Hint: h.credentials, Err: errors.New("no credentials")}
	}
	return &host{
		base:          base,
		username:      c.Username,
		password:      c.Password,
		accountSID:    c.AccountSID,
		hints:         h,
		room:          ahead.NewRoom(readAhead),
		envelope:      readPage,
		authorization: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))},
		http: &http.Client{
			Transport: c.HTTP,
			// A redirect would take the credentials along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// privateParameters carry what a person wrote, and secrets.
var privateParameters = []string{"Body", "Attributes", "Certificate", "PrivateKey", "ApiKey", "Secret"}

// call is one request on its way through twilio-go: its client.BaseClient. It
// carries the context, which twilio-go has no parameter for, and keeps what
// came back.
type call struct {
	*host
	ctx     context.Context
	op      string
	sid     string
	limits  transport.Call
	private bool // carries what a reply may repeat and an error must not

	pageMost int64 // as of host, of this call
	pageSize int64 // that was asked for; 0 without
	tooLarge bool  // the last reply says that it is

	method  string
	target  string        // path and query, as sent
	date    time.Time     // that the service gave the reply; zero if it gave none
	other   *otherAccount // what a reply showed; to ask again would change nothing
	checked []byte        // the body that limits.Check saw last
	verdict error         // on it
	err     error
}

var _ client.BaseClient = (*call)(nil)

// AccountSid is of client.BaseClient.
func (c *call) AccountSid() string { return c.accountSID }

// SetTimeout is of client.BaseClient and does nothing: the transport gives each
// attempt its deadline.
func (c *call) SetTimeout(time.Duration) {}

// SetOauth is of client.BaseClient and does nothing.
func (c *call) SetOauth(client.OAuth) {}

// OAuth is of client.BaseClient.
func (c *call) OAuth() client.OAuth { return nil }

// SendRequest makes the request that twilio-go built, against our own base URL,
// and keeps the outcome in c.
func (c *call) SendRequest(method, rawURL string, data url.Values, headers map[string]any, _ ...byte) (*http.Response, error) {
	u, err := parsed(rawURL)
	if err != nil {
		c.err = c.fail(migrate.Failed, err)
		return nil, c.err
	}
	if strings.Contains(u.EscapedPath(), "//") || strings.HasSuffix(u.EscapedPath(), "/") {
		c.err = c.fail(migrate.Usage, errors.New("a SID or name in the address is empty"))
		return nil, c.err
	}
	form := ""
	if method == http.MethodPost {
		form = data.Encode()
		c.private = slices.ContainsFunc(privateParameters, data.Has)
	} else {
		c.pageSize, _ = strconv.ParseInt(data.Get("PageSize"), 10, 64)
		if most := cmp.Or(c.pageMost, c.host.pageMost.Load()); most > 0 && c.pageSize > most {
			c.pageSize = most
			data.Set("PageSize", strconv.FormatInt(most, 10))
		}
		u.RawQuery = data.Encode()
	}
	if c.send(method, u, form); c.err != nil {
		return nil, c.err
	}
	return nil, errKept
}

// parsed is what send takes of an address that twilio-go built, which has no query.
func parsed(rawURL string) (*url.URL, error) {
	_, rest, _ := strings.Cut(rawURL, "://")
	_, path, _ := strings.Cut(rest, "/")
	odd := func(r rune) bool {
		return (r < '/' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	if strings.ContainsFunc(path, odd) { // all but SIDs and the words of the API
		return url.Parse(rawURL)
	}
	return &url.URL{Path: "/" + path}, nil
}

// errKept keeps twilio-go from decoding a reply that the call has. It is no failure:
// settle knows it.
var errKept = errors.New("the call has the reply")

// send takes path and query from u and nothing else.
func (c *call) send(method string, u *url.URL, form string) {
	at := *c.base
	at.Path, at.RawPath, at.RawQuery = u.Path, u.RawPath, u.RawQuery
	if !strings.HasPrefix(at.Path, "/") && at.Path != "" {
		at.Path, at.RawPath = "/"+at.Path, "/"+u.EscapedPath()
	}
	c.method, c.target = method, at.RequestURI()

	limits := c.limits
	if limits.Check != nil {
		limits.Check = c.check
	}
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form)
	}
	req, err := http.NewRequestWithContext(transport.With(c.ctx, limits), method, "", body)
	if err != nil {
		c.err = c.fail(migrate.Failed, err)
		return
	}
	req.URL, req.Host = &at, at.Host // it was parsed already
	if body != nil {
		req.Header["Content-Type"] = formType
	}
	c.exchange(req)
}

// What every request has in its header. A request is written and never changed.
var (
	acceptJSON = []string{"application/json"}
	userAgent  = []string{"chatbridge"}
	formType   = []string{"application/x-www-form-urlencoded"}
)

// exchange sends a request with the credentials, and keeps the outcome in c. It goes
// past http.Client, whose work is to follow redirects: they would take the credentials
// along.
func (c *call) exchange(req *http.Request) {
	req.Header["Accept"], req.Header["User-Agent"] = acceptJSON, userAgent
	if req.Header["Authorization"] = c.authorization; c.authorization == nil {
		req.SetBasicAuth(c.username, c.password)
	}

	resp, err := c.wire().RoundTrip(req)
	if err != nil {
		c.err = c.broken(err)
		return
	}
	defer func() { _ = resp.Body.Close() }() // of whatever body it has by then
	if resp.Request == nil {                 // as a transport may leave it
		resp.Request = req
	}
	at, undated := http.ParseTime(resp.Header.Get("Date"))
	if undated == nil {
		c.clock.Store(at.Unix())
	}
	raw, err := transport.Body(resp)
	switch {
	case resp.StatusCode == http.StatusAccepted && req.Method != http.MethodGet:
		c.err = c.accepted()
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		c.err = c.refused(resp, raw)
	case err != nil:
		c.err = c.broken(err)
	default:
		c.opened.Store(true)
		err := c.check(raw)
		if c.other != nil {
			err = c.other
		}
		if err != nil {
			c.err = c.senseless(err)
		}
		if undated == nil {
			c.date = at
		}
	}
}

func (h *host) wire() http.RoundTripper {
	if h.http.Transport == nil {
		return http.DefaultTransport
	}
	return h.http.Transport
}

// check looks at a body once, whoever asks first: the transport, which may ask the
// service again, or the call.
func (c *call) check(raw []byte) error {
	if c.limits.Check == nil {
		return nil
	}
	if len(raw) == 0 || len(raw) != len(c.checked) || &raw[0] != &c.checked[0] {
		c.checked, c.verdict = raw, c.limits.Check(raw)
	}
	return c.verdict
}

// segment makes one path segment of a SID, an identity or a name. twilio-go
// puts its parameters into the path as they are.
func segment(s string) string {
	switch s {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	}
	return url.PathEscape(s)
}
