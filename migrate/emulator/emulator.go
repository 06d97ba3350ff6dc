package emulator

import (
	"fmt"
	"net/http"
	"time"
)

// Emulator is a local Twilio. It is safe for concurrent use.
type Emulator struct {
	config Config
	counts counts
	source *source
	target *target
	chat   *host
	conv   *host
}

// New makes an emulator, and reads the archive whole if there is one.
func New(c Config) (*Emulator, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Emulator{config: c}
	if e.source, err = newSource(c); err != nil {
		return nil, fmt.Errorf("seed source: %w", err)
	}
	e.target = newTarget(c, &e.counts)
	if c.Shared {
		if err := e.target.share(e.source); err != nil {
			return nil, fmt.Errorf("share services: %w", err)
		}
	}
	e.chat = e.newChatHost()
	e.conv = e.newConversationsHost()
	return e, nil
}

// Chat serves the Chat v1 host.
func (e *Emulator) Chat() http.Handler { return e.chat }

// Conversations serves the Conversations v1 host.
func (e *Emulator) Conversations() http.Handler { return e.conv }

func (e *Emulator) now() time.Time { return e.config.Now().UTC().Truncate(time.Second) }

func (e *Emulator) newChatHost() *host {
	h := e.newHost(ChatHost, e.config.ChatBase, &e.counts.chat)
	h.accept = e.sourceCredentials()
	h.before = func(x *Exchange) error {
		if x.Write() {
			e.counts.refusedSourceWrites.Add(1)
			return refuse(http.StatusMethodNotAllowed, 20004, "Method not allowed: this source is read-only")
		}
		return nil
	}
	e.source.register(h.routes)
	return h
}

func (e *Emulator) newConversationsHost() *host {
	h := e.newHost(ConversationsHost, e.config.ConversationsBase, &e.counts.conversations)
	h.accept = e.sourceCredentials()
	if e.config.TargetAccountSID != "" {
		h.accept = []credentials{{e.config.TargetAccountSID, e.config.TargetAuthToken}}
	}
	h.before = e.target.before
	e.target.register(h.routes)
	return h
}

func (e *Emulator) newHost(name Host, base string, counts *hostCounts) *host {
	return &host{
		name: name, emulator: e, base: base, counts: counts, routes: newRoutes(),
		maxFlight: int64(e.config.Concurrency),
		unrouted: func(x *Exchange, known bool) error {
			if known {
				return refuse(http.StatusMethodNotAllowed, 20004, "Method not allowed")
			}
			return notFound("at", x.path)
		},
	}
}

func (e *Emulator) sourceCredentials() []credentials {
	accept := []credentials{{e.config.AccountSID, e.config.AuthToken}}
	if e.config.APIKey != "" {
		accept = append(accept, credentials{e.config.APIKey, e.config.APISecret})
	}
	return accept
}
