package rehearse

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// People are how many invented users write and are written about. Each counts as an
// active user of the month (Twilio, conversations/pricing).
const People = 3

// Extras are how many more invented names are created, or write, at the most: for
// lengths, odd letters, and times.
const Extras = 20

// Cost is what a rehearsal takes, and who might hear of it.
type Cost struct {
	Services int           // that the account has now; a limit counts them that no document gives (21102)
	Waits    time.Duration // for real, beside a few hundred requests
	Names    []string      // of the experiments

	// Listeners are account-level webhooks and Event Streams subscriptions, in
	// words: without what addresses may hold as secrets.
	Listeners []string
	// Unread are those of the two that the credentials may not read, and why.
	Unread []string
}

// Cost reads what there is to say before anything is written. It is an error if
// the account does not take the credentials.
func (r *Rehearser) Cost(ctx context.Context) (Cost, error) {
	s := newSession(r)
	c := Cost{Waits: r.Takes()}
	for _, e := range r.selected() {
		c.Names = append(c.Names, e.name)
	}
	services, err := s.list(ctx, migrate.TargetConversations, "/v1/Services")
	if refusal, no := asRefused(err); no {
		return c, &migrate.Error{Op: "read services", Kind: migrate.Credentials, Code: refusal.code, Err: refusal,
			Hint: "use the auth token, or a key that may read, create and delete services, users, roles and conversations"}
	}
	if err != nil {
		return c, err
	}
	c.Services = len(services)
	for _, read := range []func(context.Context, *Cost) error{s.webhooks, s.sinks} {
		if err := read(ctx, &c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// webhooks reads those that hear of every service of the account.
func (s *session) webhooks(ctx context.Context, c *Cost) error {
	const what = "account webhooks"
	w, err := s.one(ctx, migrate.TargetConversations, "/v1/Configuration/Webhooks")
	if why, unread := s.unread(ctx, err); unread {
		c.Unread = append(c.Unread, what+": "+why)
		return nil
	}
	if err != nil {
		return err
	}
	for _, field := range []string{"pre_webhook_url", "post_webhook_url"} {
		if address := w.Get(field).String(); address != "" {
			c.Listeners = append(c.Listeners, fmt.Sprintf("an account webhook (%s) at %s", strings.TrimSuffix(field, "_url"), hostOf(address)))
		}
	}
	return nil
}

// hostOf is the host of an address, whose rest may hold a secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "an address that cannot be read"
	}
	return u.Hostname()
}

// sinks reads which subscriptions of Event Streams hear of conversations. Whether
// they do of writes by API no document says.
func (s *session) sinks(ctx context.Context, c *Cost) error {
	const what = "Event Streams subscriptions"
	subscriptions, err := s.list(ctx, migrate.TargetEvents, "/v1/Subscriptions")
	if why, unread := s.unread(ctx, err); unread {
		c.Unread = append(c.Unread, what+": "+why)
		return nil
	}
	if err != nil {
		return err
	}
	for _, one := range subscriptions {
		sid := sidIn(one, "DF")
		if sid == "" {
			continue
		}
		types, err := s.list(ctx, migrate.TargetEvents, "/v1/Subscriptions/"+sid+"/SubscribedEvents")
		_, unread := s.unread(ctx, err)
		if err != nil && !unread {
			return err
		}
		if unread || aboutConversations(types) {
			c.Listeners = append(c.Listeners, "Event Streams subscription "+sid)
		}
	}
	return nil
}

func aboutConversations(types []gjson.Result) bool {
	for _, t := range types {
		if strings.HasPrefix(t.Get("type").String(), "com.twilio.conversations.") {
			return true
		}
	}
	return false
}

// unread reports why something cannot be read that the rehearsal can do without:
// credentials that were taken elsewhere may not read it, or nobody knows where it is.
func (s *session) unread(ctx context.Context, err error) (why string, unread bool) {
	if refusal, no := asRefused(err); no {
		return status(refusal.status, refusal.code), true
	}
	switch migrate.KindOf(err) {
	case migrate.Credentials:
		return status(http.StatusUnauthorized, migrate.CodeAuthenticate), true
	case migrate.Usage:
		return "its address is not known; give --events-url", true
	case migrate.Unavailable, migrate.Throttled:
		return "it did not answer", ctx.Err() == nil
	}
	return "", false
}
