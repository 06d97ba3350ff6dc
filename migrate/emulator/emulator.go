package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// Emulator is a local Twilio. It is safe for concurrent use.
type Emulator struct {
	config Config
	counts counts

	inFlight atomic.Int64 // of the source account

	source *source
	target *target
	chat   *host
	conv   *host
	media  *mediaHost
	events *host
	api    *host
	spool  spool

	account account
	parent  *Emulator // of a subaccount; nil for any other account
	fleet   *fleet    // of the parent of subaccounts; nil for any other account

	mischief *mischief
	late     late
	written  written
}

// New makes an emulator, and reads the archive whole if there is one, but for the
// files of messages: those are read when they are asked for. Close it if files are
// uploaded.
func New(c Config) (*Emulator, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	e, err := newAccount(c)
	if err == nil && len(c.Subaccounts) > 0 {
		e.fleet, err = newFleet(e)
	}
	return e, err
}

// newAccount makes the emulator of one account, which has its defaults.
func newAccount(c Config) (_ *Emulator, err error) {
	e := &Emulator{config: c}
	e.account.created, e.account.updated = epoch, epoch
	e.account.token, e.account.status = c.AuthToken, c.Status
	e.spool.most = int64(max(c.MediaLimitMB, DefaultMediaLimitMB)) << 20
	e.mischief = newMischief(e)
	if e.source, err = newSource(c); err != nil {
		return nil, fmt.Errorf("seed source: %w", err)
	}
	e.target = newTarget(c, &e.counts, e.mischief)
	if c.Shared {
		e.target.chat, e.target.late = e.source, map[string]*unshown{}
		if err := e.target.share(e.source); err != nil {
			return nil, fmt.Errorf("share services: %w", err)
		}
	}
	e.chat = e.newChatHost()
	e.conv = e.newConversationsHost()
	e.media = e.newMediaHost()
	e.events = e.newEventsHost()
	e.api = e.newAPIHost()
	return e, nil
}

// Close removes the bytes of the files that were uploaded, to any account. The
// emulator takes no more of them.
func (e *Emulator) Close() error {
	errs := []error{e.spool.close()}
	if e.fleet != nil {
		for _, s := range e.fleet.accounts[1:] {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

// Chat serves the Chat host: v1 and v2 to read, and the few writes of v2 and v3
// that a migration makes.
func (e *Emulator) Chat() http.Handler { return e.front(ChatHost) }

// Conversations serves the Conversations v1 host.
func (e *Emulator) Conversations() http.Handler { return e.front(ConversationsHost) }

// Media serves the media host, of both products.
func (e *Emulator) Media() http.Handler { return e.front(MediaHost) }

// Events serves the host of Event Streams, to read what the target account has
// subscribed to.
func (e *Emulator) Events() http.Handler { return e.front(EventsHost) }

// API serves the API host, to read which accounts there are.
func (e *Emulator) API() http.Handler { return e.front(APIHost) }

// front is a host as the world sees it.
func (e *Emulator) front(h Host) http.Handler {
	if e.fleet != nil {
		return front{e.fleet, h}
	}
	return e.serving(h)
}

// serving is a host as it serves this one account.
func (e *Emulator) serving(h Host) http.Handler {
	switch h {
	case ChatHost:
		return e.chat
	case MediaHost:
		return e.media
	case EventsHost:
		return e.events
	case APIHost:
		return e.api
	default:
		return e.conv
	}
}

func (e *Emulator) now() time.Time { return e.config.Now().UTC().Truncate(time.Second) }

func (e *Emulator) newChatHost() *host {
	h := e.newHost(ChatHost, e.config.ChatBase, &e.counts.chat)
	h.accept = e.sourceCredentials()
	h.accept = append(h.accept, e.guests()...)
	h.before = func(x *Exchange) error { return e.beforeChat(h.routes, x) }
	for _, edition := range []*edition{chatV1(e.source), chatV2(e.source)} {
		edition.target = e.target
		edition.register(h.routes)
	}
	b := &chatWrites{e.source, e.target, e.config.Shared, &e.counts}
	b.register(h.routes)
	return h
}

// beforeChat refuses writes, but for those that a migration makes, and what the
// account that asks does not see.
func (e *Emulator) beforeChat(routes *routes, x *Exchange) error {
	handle, _ := routes.find(x)
	if x.Write() && handle == nil {
		e.counts.refusedSourceWrites.Add(1)
		return refuse(http.StatusMethodNotAllowed, 20004, "Method not allowed: this source is read-only")
	}
	return e.allow(x)
}

func (e *Emulator) newConversationsHost() *host {
	h := e.newHost(ConversationsHost, e.config.ConversationsBase, &e.counts.conversations)
	h.accept = e.sourceCredentials()
	if e.config.TargetAccountSID != "" {
		h.accept = e.guests()
		for i := range h.accept {
			h.accept[i].guest = false
		}
	}
	h.before = e.target.before
	if e.config.TargetAccountSID != "" {
		h.inFlight = &atomic.Int64{}
	}
	e.target.register(h.routes)
	return h
}

func (e *Emulator) newHost(name Host, base string, counts *hostCounts) *host {
	return &host{
		name: name, emulator: e, base: base, counts: counts, routes: newRoutes(), read: readForm,
		maxFlight: int64(e.config.Concurrency), inFlight: &e.inFlight,
		unrouted: func(x *Exchange, known bool) error {
			if known {
				return refuse(http.StatusMethodNotAllowed, 20004, "Method not allowed")
			}
			return notFound("at", x.path)
		},
	}
}

func (e *Emulator) sourceCredentials() []credentials {
	accept := []credentials{{user: e.config.AccountSID, own: true, token: true}}
	if e.config.APIKey != "" {
		accept = append(accept, credentials{user: e.config.APIKey, password: e.config.APISecret, own: true, key: true})
	}
	if e.config.MainKey != "" {
		accept = append(accept, credentials{user: e.config.MainKey, password: e.config.MainSecret, own: true, main: true})
	}
	return accept
}

// guests are the credentials of the target where it is another account.
func (e *Emulator) guests() (all []credentials) {
	if e.config.TargetAccountSID != "" {
		all = append(all, credentials{user: e.config.TargetAccountSID, password: e.config.TargetAuthToken, guest: true})
	}
	if e.config.TargetAPIKey != "" {
		all = append(all, credentials{user: e.config.TargetAPIKey, password: e.config.TargetAPISecret, guest: true, key: true})
	}
	return all
}
