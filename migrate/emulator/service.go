package emulator

import (
	"iter"
	"net/http"
)

// service is one Conversations service.
type service struct {
	sid              string
	name             string
	created, updated date

	configuration configuration
	notifications notifications
	webhooks      webhookSettings

	roles         shelf[*role]
	users         shelf[*user]
	identities    map[string]*user
	conversations shelf[*conversation]
	names         map[string]*conversation // by unique name
	named         map[string]nameUse       // of names that are or were in use
	memberships   map[string]int           // open conversations of an identity
	authors       map[string]string        // one copy of each author's name

	twin *chatService // the same service in Chat of a shared account; nil otherwise

	participantLimit, conversationLimit, mediaLimitMB int // 0 for those of the emulator

	rate rate
}

var servicePages = listing{key: "services", max: 100}

func (t *target) createService(x *Exchange) (Reply, error) {
	f := form{values: x.Form}
	s := newService(t.newSID("IS"))
	s.created, s.updated = dateOf(x.now), dateOf(x.now)
	f.text("FriendlyName", &s.name, maxFriendlyName, 50003)
	if s.name == "" {
		f.fail(invalid(50000, "FriendlyName is required"))
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	if most := t.config.ServiceLimit; most > 0 && t.services.len() >= most {
		// Twilio's dictionary has the code and the words, and no status.
		return Reply{}, refuse(http.StatusBadRequest, 21102, "Reached maximum number of Services")
	}
	t.addDefaultRoles(s)
	t.services.add(s.sid, s)
	return created(t.showService(x, s))
}

func newService(sid string) *service {
	return &service{
		sid: sid, identities: map[string]*user{}, names: map[string]*conversation{}, named: map[string]nameUse{},
		memberships: map[string]int{}, authors: map[string]string{},
	}
}

func (t *target) listServices(x *Exchange) (Reply, error) {
	c, err := t.pager.cursor(x, servicePages)
	if err != nil {
		return Reply{}, err
	}
	return t.pager.list(x, servicePages, c, shown(t.services.from(c.after), func(s *service) any { return t.showService(x, s) }))
}

func (t *target) fetchService(x *Exchange, s *service) (Reply, error) {
	return ok(t.showService(x, s))
}

func (t *target) deleteService(_ *Exchange, s *service) (Reply, error) {
	t.services.remove(s.sid)
	t.media.removeAll(s.sid)
	if t.settings.defaultService == s.sid {
		t.settings.defaultService = ""
	}
	return gone()
}

type serviceView struct {
	AccountSID   string            `json:"account_sid"`
	SID          string            `json:"sid"`
	FriendlyName string            `json:"friendly_name"`
	DateCreated  date              `json:"date_created"`
	DateUpdated  date              `json:"date_updated"`
	URL          string            `json:"url"`
	Links        map[string]string `json:"links"`
}

func (t *target) showService(x *Exchange, s *service) any {
	self := x.url("Services", s.sid)
	return serviceView{
		AccountSID: t.account, SID: s.sid, FriendlyName: s.name,
		DateCreated: s.created, DateUpdated: s.updated, URL: self,
		Links: map[string]string{
			"conversations":             self + "/Conversations",
			"users":                     self + "/Users",
			"roles":                     self + "/Roles",
			"bindings":                  self + "/Bindings",
			"participant_conversations": self + "/ParticipantConversations",
		},
	}
}

// shown turns the items of a sequence into what a list shows.
func shown[T any](items iter.Seq2[int64, T], show func(T) any) iter.Seq2[int64, any] {
	return func(yield func(int64, any) bool) {
		for place, item := range items {
			if !yield(place, show(item)) {
				return
			}
		}
	}
}
