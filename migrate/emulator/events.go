package emulator

import (
	"iter"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// Subscription is one of Event Streams, of the target account.
type Subscription struct {
	Description string
	SinkSID     string   // invented if it is empty
	Types       []string // of events, such as com.twilio.conversations.message.added
}

// subscription is one that has its SIDs.
type subscription struct {
	Subscription
	sid     string
	created date
}

// events is the host of Event Streams. No OpenAPI document is at hand: what it shows
// has the fields and names of twilio-go's models.
type events struct {
	account       string
	denied        bool
	pager         pager
	subscriptions shelf[subscription]
}

var (
	subscriptionPages = listing{key: "subscriptions", max: 1000, filters: []string{"SinkSid"}}
	typePages         = listing{key: "types", max: 1000}
)

func (e *Emulator) newEventsHost() *host {
	s := &events{account: e.target.account, denied: e.config.EventsDenied, pager: e.target.pager}
	for n, one := range e.config.Subscriptions {
		if one.SinkSID == "" {
			one.SinkSID = newID(mix(e.config.Seed, uint64(n), 11), mix(e.config.Seed, uint64(n), 12)).sid("DG")
		}
		sid := newID(mix(e.config.Seed, uint64(n), 13), mix(e.config.Seed, uint64(n), 14)).sid("DF")
		s.subscriptions.add(sid, subscription{one, sid, dateOf(epoch)})
	}
	h := e.newHost(EventsHost, e.config.EventsBase, &e.counts.events)
	h.accept = e.conv.accept
	h.routes.add(http.MethodGet+" /v1/Subscriptions", s.allowed(s.list))
	h.routes.add(http.MethodGet+" /v1/Subscriptions/*", s.allowed(s.fetch))
	h.routes.add(http.MethodGet+" /v1/Subscriptions/*/SubscribedEvents", s.allowed(s.listTypes))
	return h
}

// allowed refuses what the credentials may not read, if they may not.
func (s *events) allowed(h handler) handler {
	return func(x *Exchange) (Reply, error) {
		if s.denied {
			return Reply{}, refuse(http.StatusUnauthorized, 20003, "Authenticate")
		}
		return h(x)
	}
}

type subscriptionView struct {
	AccountSID  string            `json:"account_sid"`
	SID         string            `json:"sid"`
	DateCreated date              `json:"date_created"`
	DateUpdated date              `json:"date_updated"`
	Description string            `json:"description"`
	SinkSID     string            `json:"sink_sid"`
	URL         string            `json:"url"`
	Links       map[string]string `json:"links"`
}

func (s *events) show(x *Exchange, of subscription) any {
	self := x.url("Subscriptions", of.sid)
	return subscriptionView{
		AccountSID: s.account, SID: of.sid, DateCreated: of.created, DateUpdated: of.created, Description: of.Description,
		SinkSID: of.SinkSID, URL: self, Links: map[string]string{"subscribed_events": self + "/SubscribedEvents"},
	}
}

func (s *events) list(x *Exchange) (Reply, error) {
	c, err := s.pager.cursor(x, subscriptionPages)
	if err != nil {
		return Reply{}, err
	}
	sink := x.Query.Get("SinkSid")
	wanted := func(one subscription) bool { return sink == "" || one.SinkSID == sink }
	return s.pager.list(x, subscriptionPages, c, shown(kept(s.subscriptions.from(c.after), wanted), func(one subscription) any { return s.show(x, one) }))
}

func (s *events) fetch(x *Exchange) (Reply, error) {
	one, found := s.subscriptions.find(x.args[0])
	if !found {
		return Reply{}, notFound("Subscription", x.args[0])
	}
	return ok(s.show(x, one))
}

type subscribedEventView struct {
	AccountSID      string `json:"account_sid"`
	Type            string `json:"type"`
	SchemaVersion   int    `json:"schema_version"`
	SubscriptionSID string `json:"subscription_sid"`
	URL             string `json:"url"`
}

func (s *events) listTypes(x *Exchange) (Reply, error) {
	one, found := s.subscriptions.find(x.args[0])
	if !found {
		return Reply{}, notFound("Subscription", x.args[0])
	}
	c, err := s.pager.cursor(x, typePages)
	if err != nil {
		return Reply{}, err
	}
	var items iter.Seq2[int64, any] = func(yield func(int64, any) bool) {
		for n := c.after + 1; n < int64(len(one.Types)); n++ {
			if !yield(n, subscribedEventView{
				AccountSID: s.account, Type: one.Types[n], SchemaVersion: 1, SubscriptionSID: one.sid,
				URL: x.url("Subscriptions", one.sid, "SubscribedEvents", one.Types[n]),
			}) {
				return
			}
		}
	}
	return s.pager.list(x, typePages, c, items)
}

// streamed is the type of an event of Conversations in Event Streams, such as
// com.twilio.conversations.message.added for onMessageAdded (Twilio, event types list).
func streamed(event string) string {
	name := strings.TrimPrefix(event, "on")
	verb := strings.LastIndexFunc(name, unicode.IsUpper)
	return "com.twilio.conversations." + strings.ToLower(name[:verb]+"."+name[verb:])
}

// hears reports whether a subscription has a type of event.
func (s Subscription) hears(kind string) bool { return slices.Contains(s.Types, kind) }
