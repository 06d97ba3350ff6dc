package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Prober asks both sides what twilio-go has no parameters for. It cannot write:
// its connections refuse everything but GET.
type Prober struct{ hosts [3]*host }

var _ migrate.Prober = (*Prober)(nil)

// NewProber returns a Prober over the configurations of a Source and of a Target.
// It sends nothing.
func NewProber(source, target Config) (*Prober, error) {
	source, target = source.withDefaults(source.Place.ChatURL()), target.withDefaults(target.Place.ConversationsURL())
	targetChat := target
	targetChat.BaseURL = target.ChatURL
	p := &Prober{}
	for i, side := range []struct {
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
		p.hosts[i] = h
	}
	return p, nil
}

// Get is of migrate.Prober. It takes path and query from target and nothing
// else: a reply may have named it.
func (p *Prober) Get(ctx context.Context, at migrate.ProbeHost, target string) (migrate.ProbeReply, error) {
	h := p.hosts[at]
	if h == nil {
		return migrate.ProbeReply{}, &migrate.Error{Op: "probe", Kind: migrate.Usage, Hint: "give --chat-url too",
			Err: errors.New("the address of Chat for the target account is not known")}
	}
	c := &call{host: h, ctx: ctx, op: "probe", limits: transport.Call{Class: transport.Read}}
	u, err := url.Parse(target)
	if err != nil {
		return migrate.ProbeReply{}, c.fail(migrate.Failed, errors.New("read address: it is none"))
	}
	address := *h.base
	address.Path, address.RawPath, address.RawQuery = u.Path, u.RawPath, u.RawQuery
	req, err := http.NewRequestWithContext(transport.With(ctx, c.limits), http.MethodGet, address.String(), nil)
	if err != nil {
		return migrate.ProbeReply{}, c.fail(migrate.Failed, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "chatbridge")
	req.SetBasicAuth(h.username, h.password)
	resp, err := h.http.Do(req)
	if err != nil {
		return migrate.ProbeReply{}, c.broken(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return migrate.ProbeReply{}, c.broken(err)
	}
	r := migrate.ProbeReply{Asked: h.base.Host, Status: resp.StatusCode, Header: resp.Header, Body: body}
	if resp.Request == nil { // as a transport may leave it
		resp.Request = req
	}
	if r.OK() {
		h.opened.Store(true)
	} else {
		r.Refusal = c.refused(resp, body)
	}
	return r, nil
}
