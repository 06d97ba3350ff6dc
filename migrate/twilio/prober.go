package twilio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Prober asks both sides what twilio-go has no parameters for. It cannot write:
// its connections refuse everything but GET.
type Prober struct{ hosts map[migrate.ProbeHost]*host }

var _ migrate.Prober = (*Prober)(nil)

// NewProber returns a Prober over the configurations of a Source and of a Target.
// It sends nothing.
func NewProber(source, target Config) (*Prober, error) {
	source, target = source.withDefaults(source.Place.ChatURL()), target.withDefaults(target.Place.ConversationsURL())
	targetChat := target
	targetChat.BaseURL = target.ChatURL
	p := &Prober{hosts: map[migrate.ProbeHost]*host{}}
	for at, side := range map[migrate.ProbeHost]struct {
		config Config
		hints  hints
	}{
		migrate.SourceChat:          {source, sourceHints},
		migrate.TargetConversations: {target, targetHints},
		migrate.TargetChat:          {targetChat, targetChatHints},
	} {
		if side.config.BaseURL == "" {
			continue
		}
		side.config.HTTP = transport.ReadOnly(side.config.HTTP)
		h, err := newHost(side.config, side.hints)
		if err != nil {
			return nil, err
		}
		p.hosts[at] = h
	}
	return p, nil
}

// Get is of migrate.Prober. It takes path and query from target and nothing
// else: a reply may have named it.
func (p *Prober) Get(ctx context.Context, at migrate.ProbeHost, target string) (migrate.ProbeReply, error) {
	c := &call{host: p.hosts[at], ctx: ctx, op: "probe", limits: transport.Call{Class: transport.Read}}
	return c.try(migrate.Trial{Host: at, Method: http.MethodGet, Target: target})
}

// webhookHeader asks Twilio to tell webhooks of a write. Nothing here sends it.
const webhookHeader = "X-Twilio-Webhook-Enabled"

var errCut = errors.New("the connection was cut on purpose")

// Experimenter sends single requests to the hosts of the target's account.
type Experimenter struct{ hosts map[migrate.ProbeHost]*host }

var _ migrate.Experimenter = (*Experimenter)(nil)

// NewExperimenter returns an Experimenter over the configuration of a Target. It
// sends nothing.
func NewExperimenter(target Config) (*Experimenter, error) {
	target = target.withDefaults(target.Place.ConversationsURL())
	e := &Experimenter{hosts: map[migrate.ProbeHost]*host{}}
	for at, side := range map[migrate.ProbeHost]struct {
		url   string
		hints hints
	}{
		migrate.TargetConversations: {target.BaseURL, targetHints},
		migrate.TargetChat:          {target.ChatURL, targetChatHints},
		migrate.TargetMedia:         {target.MediaURL, targetMediaHints},
		migrate.TargetEvents:        {target.EventsURL, targetEventsHints},
	} {
		if side.url == "" {
			continue
		}
		config := target
		config.BaseURL = side.url
		h, err := newHost(config, side.hints)
		if err != nil {
			return nil, err
		}
		e.hosts[at] = h
	}
	return e, nil
}

// Try is of migrate.Experimenter.
func (e *Experimenter) Try(ctx context.Context, t migrate.Trial) (migrate.ProbeReply, error) {
	c := &call{host: e.hosts[t.Host], ctx: ctx, op: "experiment", limits: transport.Call{Class: transport.Read}}
	if t.Method != http.MethodGet {
		c.limits = transport.Call{Class: transport.Append, Service: t.Service, Conversation: t.Conversation}
		if t.Repeat {
			c.limits.Class = transport.Ensure
		}
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(t.Header)), func(name string) bool { return strings.EqualFold(name, webhookHeader) }) {
		return migrate.ProbeReply{}, c.fail(migrate.Failed, errors.New("no experiment may ask for webhooks"))
	}
	return c.try(t)
}

// products are what stands behind the hosts, and the flag that names each.
var products = map[migrate.ProbeHost]struct{ name, flag string }{
	migrate.SourceChat:          {"Chat", "--chat-url"},
	migrate.TargetConversations: {"Conversations", "--conversations-url"},
	migrate.TargetChat:          {"Chat", "--chat-url"},
	migrate.TargetMedia:         {"the media service", "--media-url"},
	migrate.TargetEvents:        {"Event Streams", "--events-url"},
}

// try sends a trial to the host of c. It takes path and query of the target and
// nothing else: a reply may have named it.
func (c *call) try(t migrate.Trial) (migrate.ProbeReply, error) {
	if c.host == nil {
		e := c.fail(migrate.Usage, fmt.Errorf("the address of %s for the target account is not known", products[t.Host].name))
		e.Hint = "give " + products[t.Host].flag + " too"
		return migrate.ProbeReply{}, e
	}
	u, err := url.Parse(t.Target)
	if err != nil {
		return migrate.ProbeReply{}, c.fail(migrate.Failed, errors.New("read address: it is none"))
	}
	if path := u.EscapedPath(); t.Method != http.MethodGet && (strings.Contains(path, "//") || strings.HasSuffix(path, "/")) {
		return migrate.ProbeReply{}, c.fail(migrate.Failed, errors.New("a SID or name in the address is empty"))
	}
	address := *c.base
	address.Path, address.RawPath, address.RawQuery = u.Path, u.RawPath, u.RawQuery
	ctx, release := cutting(transport.With(c.ctx, c.limits), t.Cut)
	defer release()
	req, err := http.NewRequestWithContext(ctx, t.Method, address.String(), nil)
	if err != nil {
		return migrate.ProbeReply{}, c.fail(migrate.Failed, err)
	}
	for name, values := range t.Header {
		req.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	fill(req, t)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "chatbridge")
	req.SetBasicAuth(c.username, c.password)
	began := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return migrate.ProbeReply{Took: time.Since(began)}, c.broken(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return migrate.ProbeReply{Took: time.Since(began)}, c.broken(err)
	}
	r := migrate.ProbeReply{Asked: c.base.Host, Status: resp.StatusCode, Header: resp.Header, Body: body, Took: time.Since(began)}
	if resp.Request == nil { // as a transport may leave it
		resp.Request = req
	}
	if r.OK() {
		c.opened.Store(true)
	} else {
		r.Refusal = c.refused(resp, body)
	}
	return r, nil
}

// fill gives a request the body of a trial, which can be sent again.
func fill(req *http.Request, t migrate.Trial) {
	if t.Method != http.MethodPost {
		return
	}
	raw, kind := []byte(t.Form.Encode()), "application/x-www-form-urlencoded"
	if t.File != nil {
		raw, kind = t.File, t.FileType
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
	req.Body, _ = req.GetBody() // it cannot fail
	req.ContentLength = int64(len(raw))
	req.Header.Set("Content-Type", kind)
}

// cutting is a context that ends so long after a request with it was written. It
// never ends by itself if after is zero.
func cutting(ctx context.Context, after time.Duration) (cut context.Context, release func()) {
	if after <= 0 {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var mu sync.Mutex
	var timers []*time.Timer
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
		if after <= time.Nanosecond {
			cancel(errCut)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		timers = append(timers, time.AfterFunc(after, func() { cancel(errCut) }))
	}})
	return ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		for _, t := range timers {
			t.Stop()
		}
		cancel(nil)
	}
}
