package twilio

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	apiv2010 "github.com/twilio/twilio-go/rest/api/v2010"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Account is an account as Twilio lists it. Package accounts says which of them can
// be opened.
type Account struct {
	SID          string
	FriendlyName string // at most 64 characters
	Status       string // active, suspended or closed
	Type         string // Trial or Full
	OwnerSID     string // of the parent; an account without a parent owns itself
	DateCreated  time.Time
	Token        migrate.Secret // auth token; empty if it was not shown
}

// Accounts reads which accounts there are. It cannot write.
type Accounts struct{ host *host }

// NewAccounts returns Accounts. It sends nothing. A configuration that cannot work is
// refused with Kind Usage or Credentials.
func NewAccounts(c Config) (*Accounts, error) {
	c = c.withDefaults(c.Place.APIURL())
	c.HTTP = transport.ReadOnly(c.HTTP)
	h, err := newHost(c, accountsHints)
	if err != nil {
		return nil, err
	}
	h.envelope = readAccountsPage
	return &Accounts{h}, nil
}

// accountsPage is the largest page of accounts (Twilio's OpenAPI document).
const accountsPage = 1000

// List yields what the credentials are shown, each account once: a parent and all of
// its subaccounts, or a subaccount alone.
func (a *Accounts) List(ctx context.Context) iter.Seq2[Account, error] {
	return records(a.host, ctx, "list accounts", "", func(c *call) error {
		params := (&apiv2010.ListAccountParams{}).SetPageSize(accountsPage)
		_, err := apiv2010.NewApiServiceWithClient(c).PageAccount(params, "", "")
		return err
	}, decodeAccount, func(a Account) string { return a.SID })
}

func decodeAccount(raw []byte) (Account, error) {
	var r struct {
		SID          string         `json:"sid"`
		FriendlyName string         `json:"friendly_name"`
		Status       string         `json:"status"`
		Type         string         `json:"type"`
		OwnerSID     string         `json:"owner_account_sid"`
		DateCreated  chat.Time      `json:"date_created"`
		AuthToken    migrate.Secret `json:"auth_token"`
	}
	if err := chat.Unmarshal(raw, &r); err != nil {
		return Account{}, fmt.Errorf("decode reply: %w", err)
	}
	for _, sid := range []string{r.SID, r.OwnerSID} {
		if sid != "" && (!isSID(sid) || !strings.HasPrefix(sid, "AC")) {
			return Account{}, fmt.Errorf("read account: %s is no SID of one", chat.Excerpt(sid))
		}
	}
	return Account{
		SID: r.SID, FriendlyName: r.FriendlyName, Status: r.Status, Type: r.Type, OwnerSID: r.OwnerSID,
		DateCreated: r.DateCreated.Time, Token: r.AuthToken,
	}, nil
}

// readAccountsPage reads a page as the API of 2010 has them: what says where it is
// stands beside the list. The address of the next page is relative; one that names a
// host is not followed, not even on our own.
func readAccountsPage(raw []byte) (page, error) {
	envelope, whole := members(raw)
	if !whole {
		return page{}, fmt.Errorf("read page: %w", invalid(raw))
	}
	list, ok := chat.Elements(envelope["accounts"])
	if !ok {
		return page{}, errors.New("read list of page: it is no list")
	}
	if envelope["next_page_uri"] == nil {
		return page{}, errors.New("read page: it does not say whether there is a next page")
	}
	next, last, ok := address(envelope["next_page_uri"])
	if !ok {
		return page{}, errors.New("read next page URI: it is no text")
	}
	p := page{records: list}
	if last {
		return p, nil
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.EscapedPath(), "/") {
		return page{}, errors.New("read next page URI: it is no address on the same host")
	}
	p.next = u
	return p, nil
}
