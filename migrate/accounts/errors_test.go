package accounts_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/accounts"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/twilio"
)

func TestErrors(t *testing.T) {
	as := func(user, password, account string) func(*accounts.Config) {
		return func(c *accounts.Config) { c.Username, c.Password, c.AccountSID = user, password, account }
	}
	for name, row := range map[string]struct {
		subaccounts int
		change      func(*accounts.Config)
		kind        migrate.Kind
		says, hint  string
	}{
		"a standard key":          {2, as(standardKey, secret, parent), migrate.Credentials, "list subaccounts " + parent + ": credentials were refused by the Accounts API (HTTP 401, Twilio error 20003)", "a standard or restricted API key may not list accounts"},
		"a wrong token":           {2, as(parent, "wrong", ""), migrate.Credentials, "credentials were refused by the Accounts API", "check the credentials"},
		"those of a subaccount":   {2, as(first, "token-of-the-first", ""), migrate.Credentials, "list subaccounts " + first + ": customer-001 is itself a subaccount, of " + parent + ": Twilio shows it no other", "export TWILIO_ACCOUNT_SID=" + parent},
		"a key of a subaccount":   {2, as(firstKey, secret, first), migrate.Credentials, "customer-001 is itself a subaccount, of " + parent, "export TWILIO_ACCOUNT_SID=" + parent},
		"a key of another parent": {2, as(mainKey, secret, "AC00000000000000000000000000000009"), migrate.Credentials, "they are for " + parent + ", but TWILIO_ACCOUNT_SID names AC00000000000000000000000000000009", "set TWILIO_ACCOUNT_SID to " + parent},
		"no subaccounts":          {0, as(parent, token, ""), migrate.Usage, "list subaccounts " + parent + ": the account has no subaccounts", "chatbridge migrate"},
		"nobody there":            {1, func(c *accounts.Config) { c.BaseURL = "http://127.0.0.1:1" }, migrate.Unavailable, "list accounts", "--api-url"},
		"plain http elsewhere":    {1, func(c *accounts.Config) { c.BaseURL = "http://api.example" }, migrate.Usage, "plain http to api.example", "https"},
		"no credentials":          {1, as("", "", ""), migrate.Credentials, "no credentials", "check the credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			_, c := world(t, row.subaccounts, "")
			row.change(&c)
			_, err := list(t, c)
			require.Equal(t, row.kind, migrate.KindOf(err), "%v", err)
			require.ErrorContains(t, err, row.says)
			require.Contains(t, migrate.HintOf(err), row.hint)
			for _, hidden := range []string{token, secret, "token-of-the-first"} {
				require.NotContains(t, err.Error()+migrate.HintOf(err), hidden)
			}
		})
	}
	t.Run("a parent that is suspended", func(t *testing.T) {
		e, c := world(t, 1, "accounts-refused=403")
		e.SetStatus(emulator.Suspended)
		_, err := list(t, c)
		require.Equal(t, migrate.Credentials, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), "suspended or closed")
	})
	t.Run("an account that is of another, and is named by a setting", func(t *testing.T) {
		_, c := world(t, 1, "")
		c.Username, c.Password, c.AccountSID, c.AccountSetting = mainKey, secret, "AC00000000000000000000000000000009", "the profile"
		_, err := list(t, c)
		require.ErrorIs(t, err, migrate.ErrOtherAccount)
		require.ErrorContains(t, err, "the profile names")
	})
}

func TestRepliesThatMakeNoSense(t *testing.T) {
	var strange []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { strange = append(strange, r.URL.Path) }))
	t.Cleanup(elsewhere.Close)
	host := strings.TrimPrefix(elsewhere.URL, "http:")
	one := record(twilio.Account{SID: first, OwnerSID: parent, Status: "active"})
	for name, answer := range map[string]http.HandlerFunc{
		"a next page on another host":       pages(page(elsewhere.URL+"/2010-04-01/Accounts.json?Page=1", one), page(nil)),
		"a next page on any host":           pages(page(host+"/2010-04-01/Accounts.json?Page=1", one), page(nil)),
		"a next page beside this one":       pages(page("Accounts.json?Page=1", one), page(nil)),
		"a next page of a user":             pages(page("//user@"+strings.TrimPrefix(host, "//")+"/?Page=1", one), page(nil)),
		"a next page of a scheme":           pages(page("https:/2010-04-01/Accounts.json?Page=1", one), page(nil)),
		"a next page that is no text":       pages(page(1, one)),
		"a next page that is the first":     pages(page("/2010-04-01/Accounts.json?Page=1", one), page("/2010-04-01/Accounts.json?PageSize=1000", one)),
		"no word of a next page":            pages(`{"accounts":[{"sid":"` + first + `","owner_account_sid":"` + parent + `"}]}`),
		"no list":                           pages(`{"next_page_uri":null}`),
		"a list that is none":               pages(`{"accounts":{},"next_page_uri":null}`),
		"no JSON":                           pages(`<html>`),
		"nothing":                           pages(``),
		"an account without a SID":          pages(page(nil, record(twilio.Account{OwnerSID: parent}))),
		"an account with another SID":       pages(page(nil, record(twilio.Account{SID: "IS" + first[2:], OwnerSID: parent}))),
		"an owner that is no account":       pages(page(nil, record(twilio.Account{SID: first, OwnerSID: "SK" + first[2:]}))),
		"an account that is no object":      pages(`{"accounts":[1],"next_page_uri":null}`),
		"a reply that is of the new API":    pages(`{"accounts":[],"meta":{"key":"accounts","next_page_url":null}}`),
		"a redirect to another host":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
		"a refusal that is not from Twilio": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"a service that is down":            func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"a token that is a number":          pages(`{"accounts":[{"sid":"` + first + `","auth_token":12345678}],"next_page_uri":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := list(t, connect(t, answer))
			require.Error(t, err)
			require.NotEmpty(t, migrate.HintOf(err), "%v", err)
			require.NotContains(t, err.Error(), "12345678")
		})
	}
	require.Empty(t, strange, "credentials went to another host")
	t.Run("a list that shows nobody has no subaccounts", func(t *testing.T) {
		_, err := list(t, connect(t, pages(page(nil))))
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
	})
}
