package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// fleet is a parent account with its subaccounts. Each is an Emulator of its own, and
// they share the hosts: whose credentials a request bears decides which one answers.
type fleet struct {
	accounts []*Emulator // the parent first
	bySID    map[string]*Emulator
	byUser   map[Host]map[string]*Emulator // user names of all credentials
	secrets  map[string]*Emulator          // that are not auth tokens, which change
}

// newFleet makes the subaccounts of a parent.
func newFleet(parent *Emulator) (*fleet, error) {
	f := &fleet{
		accounts: []*Emulator{parent}, bySID: map[string]*Emulator{}, byUser: map[Host]map[string]*Emulator{},
		secrets: map[string]*Emulator{},
	}
	for i := range parent.config.Subaccounts {
		c, err := parent.config.subaccount(i).withDefaults()
		if err != nil {
			return nil, fmt.Errorf("subaccount %d: %w", i, err)
		}
		e, err := newAccount(c)
		if err != nil {
			return nil, fmt.Errorf("subaccount %d: %w", i, err)
		}
		e.parent, e.account.created = parent, epoch.AddDate(0, 0, i+1)
		e.account.updated = e.account.created
		parent.config.Unkind.befall(e, i, cmp.Or(parent.config.Unkind.Seed, parent.config.Seed))
		f.accounts = append(f.accounts, e)
	}
	for _, h := range []Host{ChatHost, ConversationsHost, MediaHost, EventsHost, APIHost} {
		f.byUser[h] = map[string]*Emulator{}
		for _, e := range f.accounts {
			for _, c := range e.accepted(h) {
				if other := f.byUser[h][c.user]; other != nil && other != e {
					return nil, fmt.Errorf("configure subaccounts: two accounts have credentials of %s", c.user)
				}
				f.byUser[h][c.user] = e
				if !c.token {
					f.secrets[c.password] = e
				}
			}
		}
	}
	for _, e := range f.accounts {
		f.bySID[e.config.AccountSID] = e
	}
	return f, nil
}

// accepted are the credentials that a host takes for this account.
func (e *Emulator) accepted(h Host) []credentials {
	switch h {
	case MediaHost:
		return e.media.api.accept
	default:
		return e.serving(h).(*host).accept
	}
}

func (c Config) checkSubaccounts() error {
	for i, s := range c.Subaccounts {
		switch {
		case len(s.Subaccounts) > 0:
			return fmt.Errorf("configure subaccount %d: it has subaccounts of its own", i)
		case s.AccountSID == "" && s.AuthToken != "":
			return errors.New("configure credentials: a token of a subaccount needs its account SID")
		}
	}
	return nil
}

// subaccount is the configuration of one, with what it has of its parent.
func (c Config) subaccount(i int) Config {
	s := c.Subaccounts[i]
	n := uint64(i)
	s.Seed = cmp.Or(s.Seed, mix(c.Seed, n, 19))
	s.AccountSID = cmp.Or(s.AccountSID, newID(mix(c.Seed, n, 20), mix(c.Seed, n, 21)).sid("AC"))
	s.AuthToken = cmp.Or(s.AuthToken, inventedToken(c.Seed, n))
	s.FriendlyName = cmp.Or(s.FriendlyName, fmt.Sprintf("customer-%03d", i+1))
	s.Latency = cmp.Or(s.Latency, c.Latency)
	s.ChatBase, s.ConversationsBase, s.MediaBase, s.EventsBase = c.ChatBase, c.ConversationsBase, c.MediaBase, c.EventsBase
	if s.Now == nil {
		s.Now = c.Now
	}
	if s.Intercept == nil {
		s.Intercept = c.Intercept
	}
	s.renamed = maskOf(s.AccountSID)
	return s
}

// Accounts are the SIDs of the account and its subaccounts, in the order of the
// Config. That of a subaccount is its own alone.
func (e *Emulator) Accounts() []string {
	if e.fleet == nil {
		return []string{e.config.AccountSID}
	}
	var all []string
	for _, a := range e.fleet.accounts {
		all = append(all, a.config.AccountSID)
	}
	return all
}

// Account is the account itself or one of its subaccounts, and nil if there is none
// of that SID. Its methods are about that account alone, as if it were the only one.
func (e *Emulator) Account(sid string) *Emulator {
	switch {
	case sid == e.config.AccountSID:
		return e
	case e.fleet == nil:
		return nil
	}
	return e.fleet.bySID[sid]
}

// front is one host of a fleet.
type front struct {
	fleet *fleet
	host  Host
}

// ServeHTTP is of http.Handler. What nobody's credentials come with, the parent
// refuses.
func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	of := f.fleet.accounts[0]
	switch user, password, sent := r.BasicAuth(); {
	case f.host == MediaHost && !strings.HasPrefix(r.URL.Path, "/v1/"):
		of = cmp.Or(f.fleet.holds(r), of)
	case sent && f.fleet.byUser[f.host][user] != nil:
		of = f.fleet.byUser[f.host][user]
		f.fleet.noteForeign(of, password, r)
	}
	of.serving(f.host).ServeHTTP(w, r)
}

// holds is the account of a file that somebody asks for by a signed address, and nil
// if no account signed it.
func (f *fleet) holds(r *http.Request) *Emulator {
	sid, q := strings.Trim(r.URL.Path, "/"), r.URL.Query()
	i, isSID := parseID("ME", sid)
	if !isSID {
		return nil
	}
	for _, e := range f.accounts {
		if equal(q.Get("Signature"), e.media.signature(sid, q.Get("Expires"))) &&
			(e.target.media.find("", i) != nil || e.source.file("", i) != nil) {
			return e
		}
	}
	return nil
}

// noteForeign counts a request that mixes up two accounts: the one that the user is
// of, and the one that the secret or the address is of.
func (f *fleet) noteForeign(user *Emulator, password string, r *http.Request) {
	if !equal(password, user.account.authToken()) {
		if secret := f.secretOf(password); secret != nil && secret != user {
			user.counts.foreign.Add(1)
			return
		}
	}
	if owner := f.named(user, r); owner != nil {
		owner.counts.foreign.Add(1)
	}
}

func (f *fleet) secretOf(password string) *Emulator {
	if e := f.secrets[password]; e != nil {
		return e
	}
	for _, e := range f.accounts {
		if equal(password, e.account.authToken()) {
			return e
		}
	}
	return nil
}

// named is the account, other than the one that asks, that an address names: by its
// SID, or by a service that it has and the one that asks has not.
func (f *fleet) named(asks *Emulator, r *http.Request) *Emulator {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	for _, key := range path {
		sid := strings.TrimSuffix(key, ".json")
		switch owner := f.bySID[sid]; {
		case owner == asks, owner != nil && asks == f.accounts[0] && path[0] == apiVersion:
			return nil
		case owner != nil:
			return owner
		}
	}
	if len(path) < 3 || path[1] != "Services" || asks.hasService(path[2]) {
		return nil
	}
	for _, e := range f.accounts {
		if e != asks && e.hasService(path[2]) {
			return e
		}
	}
	return nil
}

// hasService reports whether either side of the account has a service.
func (e *Emulator) hasService(sid string) bool {
	e.source.mu.RLock()
	_, in := e.source.services.find(sid)
	e.source.mu.RUnlock()
	if in {
		return true
	}
	e.target.mu.RLock()
	defer e.target.mu.RUnlock()
	_, in = e.target.services.find(sid)
	return in
}
