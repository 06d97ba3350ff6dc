package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// apiVersion is the version of the API host, the oldest of Twilio's.
const apiVersion = "2010-04-01"

// accountPages are the pages of accounts: at most 1000 (OpenAPI).
var accountPages = listing{key: "accounts", max: 1000, filters: []string{"FriendlyName", "Status"}}

// newAPIHost serves which accounts there are: to a parent all of its own, and to a
// subaccount itself.
func (e *Emulator) newAPIHost() *host {
	h := e.newHost(APIHost, "", &e.counts.api)
	h.accept = e.sourceCredentials()
	h.before = func(x *Exchange) error {
		if x.key {
			// Twilio Support: what the Accounts API says to a standard key, and to a
			// restricted one.
			return refuse(http.StatusUnauthorized, 20003, "Authentication Error - invalid username")
		}
		return nil
	}
	h.routes.add(http.MethodGet+" /"+apiVersion+"/Accounts.json", e.listAccounts)
	h.routes.add(http.MethodGet+" /"+apiVersion+"/Accounts/*", e.fetchAccount)
	return h
}

// shownAccount is an account as the list has it.
type shownAccount struct {
	AuthToken    string            `json:"auth_token"`
	DateCreated  string            `json:"date_created"`
	DateUpdated  string            `json:"date_updated"`
	FriendlyName string            `json:"friendly_name"`
	OwnerSID     string            `json:"owner_account_sid"`
	SID          string            `json:"sid"`
	Status       AccountStatus     `json:"status"`
	Subresources map[string]string `json:"subresource_uris"`
	Type         AccountType       `json:"type"`
	URI          string            `json:"uri"`
}

// family is what the account may read: the parent first.
func (e *Emulator) family() []*Emulator {
	if e.fleet != nil {
		return e.fleet.accounts
	}
	return []*Emulator{e}
}

// show is an account as it is shown to whoever asks. Twilio says that a main key is as
// good as the token, and people saw it get no token of a subaccount.
func (e *Emulator) show(x *Exchange, of *Emulator) shownAccount {
	a := &of.account
	a.mu.Lock()
	defer a.mu.Unlock()
	self := "/" + apiVersion + "/Accounts/" + of.config.AccountSID
	v := shownAccount{
		AuthToken: a.token, DateCreated: a.created.Format(time.RFC1123Z), DateUpdated: a.updated.Format(time.RFC1123Z),
		FriendlyName: of.config.FriendlyName, OwnerSID: of.head().config.AccountSID, SID: of.config.AccountSID, Status: a.status, Type: of.config.Type,
		URI: self + ".json", Subresources: map[string]string{"keys": self + "/Keys.json", "usage": self + "/Usage.json"},
	}
	if a.withheld || x.main && !e.config.Unkind.MainKeyTokens {
		v.AuthToken = ""
	}
	return v
}

// head is the account that owns this one: its parent, or itself.
func (e *Emulator) head() *Emulator {
	if e.parent != nil {
		return e.parent
	}
	return e
}

func (e *Emulator) fetchAccount(x *Exchange) (Reply, error) {
	sid, isJSON := strings.CutSuffix(x.args[0], ".json")
	for _, of := range e.family() {
		if isJSON && of.config.AccountSID == sid {
			return ok(e.show(x, of))
		}
	}
	if e.head().Account(sid) != nil {
		return Reply{}, refuse(http.StatusUnauthorized, 20003, "Authenticate")
	}
	return Reply{}, refuse(http.StatusNotFound, 20404, "The requested resource %s was not found", x.path)
}

// listAccounts answers with a page as the API of 2010 has them: what says where it is
// stands beside the list, and addresses are relative.
func (e *Emulator) listAccounts(x *Exchange) (Reply, error) {
	pages := e.target.pager
	at, err := pages.cursor(x, accountPages)
	if err != nil {
		return Reply{}, err
	}
	status := AccountStatus(x.Query.Get("Status"))
	if status != "" && !slices.Contains([]AccountStatus{Active, Suspended, Closed}, status) {
		return Reply{}, invalid(20001, "Status %q is none of active, suspended and closed", status)
	}
	var all []shownAccount
	for _, of := range e.family() {
		v := e.show(x, of)
		if (status == "" || v.Status == status) && (!x.Query.Has("FriendlyName") || v.FriendlyName == x.Query.Get("FriendlyName")) {
			all = append(all, v)
		}
	}
	all, from := e.mischief.accounts(x, all, at)
	page := all[min(from, len(all)):min(from+at.size, len(all))]
	return ok(e.accountPage(x, at, page, from, from+len(page) < len(all)))
}

type accountPage struct {
	Accounts    []shownAccount `json:"accounts"`
	End         int            `json:"end"`
	FirstPage   string         `json:"first_page_uri"`
	NextPage    *string        `json:"next_page_uri"`
	Page        int            `json:"page"`
	PageSize    int            `json:"page_size"`
	PreviousURI *string        `json:"previous_page_uri"`
	Start       int            `json:"start"`
	URI         string         `json:"uri"`
}

func (e *Emulator) accountPage(x *Exchange, at cursor, shown []shownAccount, from int, more bool) accountPage {
	pages := e.target.pager
	address := func(number int, token string) string {
		q := url.Values{"PageSize": {strconv.Itoa(at.size)}, "Page": {strconv.Itoa(number)}}
		if token != "" {
			q.Set("PageToken", token)
		}
		for _, name := range accountPages.filters {
			if values := x.Query[name]; len(values) > 0 {
				q[name] = values
			}
		}
		return x.path + "?" + q.Encode()
	}
	v := accountPage{
		Accounts: append([]shownAccount{}, shown...), Start: from, End: max(from+len(shown)-1, 0), Page: at.page, PageSize: at.size,
		FirstPage: address(0, ""), URI: address(at.page, x.Query.Get("PageToken")),
	}
	if more {
		next := address(at.page+1, pages.token(x, accountPages, x.path, int64(from+len(shown)-1), at.page+1))
		v.NextPage = &next
	}
	return v
}
