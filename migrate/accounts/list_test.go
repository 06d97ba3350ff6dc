package accounts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"chatbridge/migrate"
	"chatbridge/migrate/accounts"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	parent      = "AC00000000000000000000000000000001"
	token       = "token-of-the-parent"
	first       = "AC00000000000000000000000000000002"
	mainKey     = "SK000000000000000000000000000000a1"
	standardKey = "SK000000000000000000000000000000a2"
	firstKey    = "SK000000000000000000000000000000a3" // a main key
	secret      = "secret-of-a-key"
)

// world is a parent with so many subaccounts, of which the first has a known SID.
func world(t *testing.T, subaccounts int, spec string) (*emulator.Emulator, accounts.Config) {
	t.Helper()
	c := emulator.Config{
		AccountSID: parent, AuthToken: token, MainKey: mainKey, MainSecret: secret, APIKey: standardKey, APISecret: secret, Seed: 5,
		Subaccounts: make([]emulator.Config, subaccounts),
	}
	if subaccounts > 0 {
		c.Subaccounts[0].AccountSID, c.Subaccounts[0].AuthToken = first, "token-of-the-first"
		c.Subaccounts[0].MainKey, c.Subaccounts[0].MainSecret = firstKey, secret
	}
	if spec != "" {
		var err error
		c.Unkind, err = emulator.ParseUnkind(spec)
		require.NoError(t, err)
	}
	e, err := emulator.New(c)
	require.NoError(t, err)
	return e, connect(t, e.API())
}

func connect(t *testing.T, h http.Handler) accounts.Config {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	base := transport.NewBase(4)
	t.Cleanup(base.CloseIdleConnections)
	return accounts.Config{
		BaseURL: srv.URL, Username: parent, Password: token, CredentialHint: "check the credentials",
		HTTP: transport.New(transport.Options{Base: base, Patience: transport.Patience{Attempts: 3, FirstWait: time.Microsecond, MaxWait: time.Microsecond}}),
	}
}

func list(t *testing.T, c accounts.Config) (all []accounts.Account, err error) {
	t.Helper()
	for a, err := range accounts.List(t.Context(), c) {
		if err != nil {
			require.Empty(t, all, "nothing is yielded of a list that is not whole")
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func listed(t *testing.T, c accounts.Config) []accounts.Account {
	t.Helper()
	all, err := list(t, c)
	require.NoError(t, err)
	return all
}

// opens reports whether the Chat host takes an account and its token.
func opens(e *emulator.Emulator, a accounts.Account) bool {
	r := httptest.NewRequest(http.MethodGet, "/v1/Services", nil)
	r.SetBasicAuth(a.SID, string(a.Token))
	w := httptest.NewRecorder()
	e.Chat().ServeHTTP(w, r)
	return w.Code == http.StatusOK
}

func TestList(t *testing.T) {
	t.Run("yields every subaccount with its token, the oldest first, and not the parent", func(t *testing.T) {
		e, c := world(t, 4, "")
		checker := oai.API(t)
		c.BaseURL = connect(t, checker.Wrap(e.API())).BaseURL
		e.Account(e.Accounts()[2]).SetStatus(emulator.Suspended)
		e.Account(e.Accounts()[4]).SetStatus(emulator.Closed)
		all := listed(t, c)
		require.Len(t, all, 4)
		require.Equal(t, twilio.Account{
			SID: first, FriendlyName: "customer-001", Status: "active", Type: "Full", OwnerSID: parent,
			DateCreated: time.Date(2019, 3, 5, 8, 0, 0, 0, time.UTC), Token: "token-of-the-first",
		}, all[0].Account)
		for i, a := range all {
			require.Equal(t, e.Accounts()[i+1], a.SID)
			require.Equal(t, i%2 == 0, opens(e, a))
			if i%2 == 0 {
				require.NoError(t, a.Check())
				continue
			}
			require.Equal(t, migrate.Refused, migrate.KindOf(a.Check()))
			require.ErrorContains(t, a.Check(), "open account "+a.SID+": "+a.FriendlyName+" is "+a.Status)
			require.NotEmpty(t, migrate.HintOf(a.Check()))
		}
		stats := e.Stats()
		require.EqualValues(t, []int64{2, 0, 0}, []int64{stats.API.Reads, stats.API.Writes, stats.Foreign})
		require.Equal(t, "suspended", all[1].Status)
		require.Equal(t, []string{"GET /2010-04-01/Accounts.json"}, checker.Seen())
	})
	t.Run("follows pages", func(t *testing.T) {
		e, c := world(t, 120, "page-size=small")
		all := listed(t, c)
		require.Len(t, all, 120)
		require.EqualValues(t, 2*3+2, e.Stats().API.Reads, "two readings of three pages, after two sizes that were refused")
	})
	t.Run("sends nothing before it is asked, and stops when told", func(t *testing.T) {
		e, c := world(t, 3, "")
		all := accounts.List(t.Context(), c)
		require.Zero(t, e.Stats().API.Reads)
		for range all {
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range accounts.List(ctx, c) {
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		}
	})
	t.Run("shows a token to nobody who prints, logs or encodes it", func(t *testing.T) {
		_, c := world(t, 1, "")
		a := listed(t, c)[0]
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			fmt.Fprintf(&out, verb+" "+verb+" "+verb+" "+verb+"\n", a, a.Token, &a, []any{a.Token})
		}
		require.NoError(t, json.NewEncoder(&out).Encode(a))
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "a", a, "t", a.Token)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "a", a, "t", a.Token)
		require.NotContains(t, out.String(), "token-of-the-first")
		require.NotContains(t, out.String(), fmt.Sprintf("%x", "token-of-the-first"))
		require.Contains(t, out.String(), "[secret]")
		require.Equal(t, first+" (customer-001)", a.String())
		require.Equal(t, first, accounts.Account{Account: twilio.Account{SID: first}}.String())
	})
}

func TestListIsWhole(t *testing.T) {
	t.Run("in whatever order, and with repeats", func(t *testing.T) {
		for _, spec := range []string{"accounts=order", "accounts=repeat,page-size=small"} {
			e, c := world(t, 70, spec)
			if spec == "accounts=order" { // of one page
				e, c = world(t, 30, spec)
			}
			var sids []string
			for _, a := range listed(t, c) {
				sids = append(sids, a.SID)
			}
			require.Equal(t, e.Accounts()[1:], sids)
			require.NotZero(t, e.Mischief()["accounts"])
		}
	})
	t.Run("or an error, if the order changes from page to page", func(t *testing.T) {
		_, c := world(t, 120, "accounts=order,page-size=small")
		_, err := list(t, c)
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.ErrorContains(t, err, "list subaccounts "+parent+": the list showed other accounts each of the 6 times")
		require.Contains(t, migrate.HintOf(err), "run again")
	})
	t.Run("though readings end early", func(t *testing.T) {
		ended, whole := int64(0), 0
		for seed := range 30 {
			e, c := world(t, 20, fmt.Sprintf("accounts-end-early=0.3,seed=%d", seed+1))
			all, err := list(t, c)
			ended += e.Mischief()["accounts-end-early"]
			if err != nil {
				require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
				continue
			}
			require.Len(t, all, 20, "seed %d", seed+1)
			whole++
		}
		require.Greater(t, ended, int64(10))
		require.Greater(t, whole, 10)
	})
}

func TestAccountsThatCannotBeOpened(t *testing.T) {
	t.Run("of another parent", func(t *testing.T) {
		_, c := world(t, 2, "accounts=of-another")
		all := listed(t, c)
		require.Len(t, all, 3)
		other := 0
		for _, a := range all {
			if a.OwnerSID == parent {
				require.NoError(t, a.Check())
				continue
			}
			other++
			require.Empty(t, a.Token)
			require.Equal(t, migrate.Refused, migrate.KindOf(a.Check()))
			require.ErrorContains(t, a.Check(), "account "+a.OwnerSID+" owns it, and not "+parent)
			require.Contains(t, migrate.HintOf(a.Check()), a.OwnerSID)
		}
		require.Equal(t, 1, other)
	})
	t.Run("whose token is withheld", func(t *testing.T) {
		_, c := world(t, 1, "accounts-without-token=1")
		err := listed(t, c)[0].Check()
		require.Equal(t, migrate.Credentials, migrate.KindOf(err))
		require.ErrorContains(t, err, "open account "+first+": the list does not show the auth token of customer-001")
		require.Contains(t, migrate.HintOf(err), "credentials of its own")
	})
	t.Run("whose token is withheld from a main key", func(t *testing.T) {
		_, c := world(t, 1, "")
		c.Username, c.Password, c.AccountSID = mainKey, secret, parent
		err := listed(t, c)[0].Check()
		require.Equal(t, migrate.Credentials, migrate.KindOf(err))
		require.ErrorContains(t, err, "to an API key")
		require.Contains(t, migrate.HintOf(err), "export TWILIO_AUTH_TOKEN of the parent account "+parent+", and unset TWILIO_API_KEY")
		_, c = world(t, 1, "main-key=tokens")
		c.Username, c.Password, c.AccountSID = mainKey, secret, parent
		require.NoError(t, listed(t, c)[0].Check())
	})
	t.Run("by a token that is another by then, until it is listed again", func(t *testing.T) {
		e, c := world(t, 1, "accounts-rotate=1")
		before := listed(t, c)[0]
		require.False(t, opens(e, before))
		require.False(t, opens(e, before))
		after := listed(t, c)[0]
		require.NotEqual(t, before.Token, after.Token)
		require.True(t, opens(e, after))
	})
	t.Run("that are suspended by then, as the next list tells", func(t *testing.T) {
		e, c := world(t, 1, "accounts-suspend=1")
		a := listed(t, c)[0]
		require.NoError(t, a.Check())
		require.False(t, opens(e, a))
		require.ErrorContains(t, listed(t, c)[0].Check(), "customer-001 is suspended")
	})
	for name, c := range map[string]struct {
		record twilio.Account
		says   string
	}{
		"whose owner is not said":        {twilio.Account{SID: first, Status: "active", Token: "t"}, "does not say which account owns it"},
		"whose status is not documented": {twilio.Account{SID: first, OwnerSID: parent, Status: "frozen", Token: "t"}, "the account is frozen"},
		"without a status":               {twilio.Account{SID: first, OwnerSID: parent, Token: "t"}, "the account is of no status"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.record
			all := listed(t, connect(t, pages(page(nil, record(a)))))
			require.Equal(t, migrate.Refused, migrate.KindOf(all[0].Check()))
			require.ErrorContains(t, all[0].Check(), c.says)
			require.NotEmpty(t, migrate.HintOf(all[0].Check()))
		})
	}
}

// record is an account as a page has it.
func record(a twilio.Account) map[string]any {
	return map[string]any{"sid": a.SID, "owner_account_sid": a.OwnerSID, "status": a.Status, "auth_token": string(a.Token), "friendly_name": a.FriendlyName}
}

func page(next any, records ...map[string]any) string {
	raw, _ := json.Marshal(map[string]any{"accounts": append([]map[string]any{}, records...), "next_page_uri": next, "page": 0})
	return string(raw)
}

// pages answers every first page with the first body, and others with the next.
func pages(bodies ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := 0
		fmt.Sscanf(r.URL.Query().Get("Page"), "%d", &n)
		_, _ = w.Write([]byte(bodies[min(n, len(bodies)-1)]))
	}
}

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
