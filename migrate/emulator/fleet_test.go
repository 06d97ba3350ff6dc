package emulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
)

const (
	parentSID = "AC00000000000000000000000000000001"
	firstSID  = "AC00000000000000000000000000000002"
	secondSID = "AC00000000000000000000000000000003"

	mainKey     = "SK000000000000000000000000000000a1"
	standardKey = "SK000000000000000000000000000000a2"
	firstKey    = "SK000000000000000000000000000000a3"
)

var (
	asParent   = as(parentSID, "parent-token")
	asMain     = as(mainKey, "main-secret")
	asStandard = as(standardKey, "standard-secret")
	asFirst    = as(firstSID, "first-token")
	asFirstKey = as(firstKey, "first-secret")
	asSecond   = as(secondSID, "second-token")
)

// fleet is a parent with two subaccounts that have the same archive, and more of
// them that are empty.
func fleet(t *testing.T, more int, spec string) *bench {
	t.Helper()
	c := emulator.Config{
		AccountSID: parentSID, AuthToken: "parent-token", MainKey: mainKey, MainSecret: "main-secret",
		APIKey: standardKey, APISecret: "standard-secret", Seed: 3,
		Subaccounts: append([]emulator.Config{
			{AccountSID: firstSID, AuthToken: "first-token", APIKey: firstKey, APISecret: "first-secret", Archive: workspace(t)},
			{AccountSID: secondSID, AuthToken: "second-token", FriendlyName: "Second & last", Archive: workspace(t)},
		}, make([]emulator.Config, more)...),
	}
	if spec != "" {
		c.Unkind = parsed(t, spec)
	}
	b := closing(newBench(t, c))
	return b
}

func (b *bench) api(path string, prepare ...func(*http.Request)) answer {
	b.t.Helper()
	return b.send(b.e.API(), http.MethodGet, path, nil, prepare...)
}

const accountsPath = "/2010-04-01/Accounts.json"

// accounts follows the list of accounts to its end.
func (b *bench) accounts(path string, who func(*http.Request)) (items []map[string]any, pages int) {
	b.t.Helper()
	for path != "" {
		a := b.api(path, who)
		require.Equal(b.t, http.StatusOK, a.status, a.raw)
		require.EqualValues(b.t, pages, a.body["page"])
		for _, item := range a.body["accounts"].([]any) {
			items = append(items, item.(map[string]any))
		}
		pages++
		path = a.text("next_page_uri")
		require.False(b.t, strings.Contains(path, "://"), "addresses are relative")
	}
	return items, pages
}

func field(items []map[string]any, name string) (all []any) {
	for _, item := range items {
		all = append(all, item[name])
	}
	return all
}

func TestFleet(t *testing.T) {
	t.Run("each account is asked by its own credentials, and has a workspace of its own", func(t *testing.T) {
		b := fleet(t, 0, "")
		services := func(who func(*http.Request)) []string {
			a := b.send(b.chat, http.MethodGet, "/v1/Services", nil, who)
			require.Equal(t, http.StatusOK, a.status, a.raw)
			var all []string
			for _, s := range a.body["services"].([]any) {
				all = append(all, s.(map[string]any)["account_sid"].(string)+" "+s.(map[string]any)["sid"].(string))
			}
			return all
		}
		require.Empty(t, services(asParent))
		require.Empty(t, services(asMain))
		first, second := services(asFirst), services(asSecond)
		require.Len(t, first, 1)
		require.Equal(t, first, services(asFirstKey))
		require.Contains(t, first[0], firstSID)
		require.Contains(t, second[0], secondSID)
		_, one, _ := strings.Cut(first[0], " ")
		_, two, _ := strings.Cut(second[0], " ")
		require.NotEqual(t, one, two, "of one archive")

		made := b.send(b.conversations, http.MethodPost, "/v1/Services", form("FriendlyName", "Desk"), asFirst)
		require.Equal(t, http.StatusCreated, made.status)
		require.Equal(t, firstSID, made.text("account_sid"))
		require.Equal(t, http.StatusOK, b.send(b.conversations, http.MethodGet, "/v1/Services/"+made.text("sid"), nil, asFirstKey).status)
		for _, sid := range b.e.Accounts() {
			require.Zero(t, b.e.Account(sid).Stats().Foreign)
		}
		require.EqualValues(t, 1, b.e.Account(firstSID).Stats().Conversations.Writes)
		require.Zero(t, b.e.Account(secondSID).Stats().Conversations.Writes+b.e.Stats().Conversations.Writes)
	})
	t.Run("an archive arrives whole under other SIDs", func(t *testing.T) {
		b := fleet(t, 0, "")
		plain := newBench(t, emulator.Config{Archive: workspace(t)})
		walk := func(b *bench, prepare ...func(*http.Request)) (records, messages int, all []string) {
			s := b.send(b.chat, http.MethodGet, "/v1/Services", nil, prepare...).body["services"].([]any)[0].(map[string]any)
			base := "/v1/Services/" + s["sid"].(string)
			for _, path := range []string{"/Roles", "/Users", "/Channels?Type=public&Type=private"} {
				a := b.send(b.chat, http.MethodGet, base+path, nil, prepare...)
				for _, r := range a.body[strings.ToLower(strings.Split(path[1:], "?")[0])].([]any) {
					records++
					sid := r.(map[string]any)["sid"].(string)
					all = append(all, sid)
					if !strings.HasPrefix(path, "/Channels") {
						continue
					}
					m := b.send(b.chat, http.MethodGet, base+"/Channels/"+sid+"/Messages", nil, prepare...)
					require.Equal(t, http.StatusOK, m.status, m.raw)
					messages += len(m.body["messages"].([]any))
				}
			}
			return records, messages, all
		}
		records, messages, sids := walk(plain)
		gotRecords, gotMessages, gotSIDs := walk(b, asFirst)
		require.Equal(t, []int{records, messages}, []int{gotRecords, gotMessages})
		_, _, others := walk(b, asSecond)
		for _, sid := range sids {
			require.NotContains(t, gotSIDs, sid)
		}
		for _, sid := range gotSIDs {
			require.NotContains(t, others, sid)
		}
	})
	t.Run("a wrong pair is refused, and counted if it mixes up two accounts", func(t *testing.T) {
		b := fleet(t, 0, "")
		foreign := func() (all []int64) {
			for _, sid := range b.e.Accounts() {
				all = append(all, b.e.Account(sid).Stats().Foreign)
			}
			return all
		}
		get := http.MethodGet
		b.refused(b.send(b.chat, get, "/v1/Services", nil, as(firstSID, "nobody's")), http.StatusUnauthorized, 20003)
		b.refused(b.send(b.chat, get, "/v1/Services", nil, as("AC7", "first-token")), http.StatusUnauthorized, 20003)
		require.Equal(t, []int64{0, 0, 0}, foreign())
		b.refused(b.send(b.chat, get, "/v1/Services", nil, as(firstSID, "second-token")), http.StatusUnauthorized, 20003)
		b.refused(b.send(b.conversations, get, "/v1/Services", nil, as(secondSID, "first-secret")), http.StatusUnauthorized, 20003)
		require.Equal(t, []int64{0, 1, 1}, foreign())

		of := func(who func(*http.Request)) string {
			return "/v1/Services/" + b.send(b.chat, get, "/v1/Services", nil, who).body["services"].([]any)[0].(map[string]any)["sid"].(string)
		}
		b.refused(b.send(b.chat, get, of(asSecond), nil, asFirst), http.StatusForbidden, 50050)
		b.refused(b.send(b.chat, get, of(asSecond)+"/Channels", nil, asParent), http.StatusForbidden, 50050)
		b.refused(b.send(b.conversations, get, of(asFirst), nil, asSecond), http.StatusNotFound, 20404)
		b.refused(b.send(b.e.Media(), get, of(asFirst)+"/Media/ME"+firstSID[2:], nil, asSecond), http.StatusNotFound, 20404)
		require.Equal(t, []int64{0, 3, 3}, foreign())

		one := func(sid string) string { return "/2010-04-01/Accounts/" + sid + ".json" }
		b.refused(b.api(one(parentSID), asFirst), http.StatusUnauthorized, 20003)
		b.refused(b.api(one(secondSID), asFirst), http.StatusUnauthorized, 20003)
		require.Equal(t, []int64{1, 3, 4}, foreign())
		require.Equal(t, http.StatusOK, b.api(one(secondSID), asParent).status)
		require.Equal(t, http.StatusOK, b.api(one(secondSID), asSecond).status)
		require.Equal(t, []int64{1, 3, 4}, foreign())
	})
	t.Run("a file is handed out by the account that signed its address", func(t *testing.T) {
		b := closing(newBench(t, emulator.Config{AccountSID: parentSID, AuthToken: "parent-token", Subaccounts: []emulator.Config{
			{AccountSID: firstSID, AuthToken: "first-token", Generate: emulator.Generate{Channels: 1, Messages: 3, Files: 1, Seed: 1}},
			{AccountSID: secondSID, AuthToken: "second-token", Generate: emulator.Generate{Channels: 1, Messages: 3, Files: 1, Seed: 2}},
		}}))
		for _, who := range []func(*http.Request){asFirst, asSecond} {
			service := "/v2/Services/" + b.send(b.chat, http.MethodGet, "/v2/Services", nil, who).body["services"].([]any)[0].(map[string]any)["sid"].(string)
			channel := b.send(b.chat, http.MethodGet, service+"/Channels", nil, who).body["channels"].([]any)[0].(map[string]any)["sid"].(string)
			m := b.send(b.chat, http.MethodGet, service+"/Channels/"+channel+"/Messages", nil, who).body["messages"].([]any)[0].(map[string]any)
			file := m["media"].(map[string]any)["sid"].(string)
			about := b.send(b.e.Media(), http.MethodGet, "/v1"+service[3:]+"/Media/"+file, nil, who)
			require.Equal(t, http.StatusOK, about.status, about.raw)
			got := b.get(about.direct())
			require.Equal(t, http.StatusOK, got.status)
			require.Len(t, got.raw, int(about.body["size"].(float64)))
		}
		require.Equal(t, http.StatusForbidden, b.get("/ME"+firstSID[2:]+"?Expires=1&Signature=x&Key-Pair-Id=y").status)
	})
	t.Run("limits the requests of each account by themselves", func(t *testing.T) {
		hold, entered := make(chan struct{}), make(chan struct{})
		b := newBench(t, emulator.Config{AccountSID: parentSID, AuthToken: "parent-token",
			Intercept: func(w http.ResponseWriter, r *http.Request, _ *emulator.Exchange, commit func() emulator.Reply) {
				if user, _, _ := r.BasicAuth(); user == firstSID {
					entered <- struct{}{}
					<-hold
				}
				commit().WriteTo(w)
			},
			Subaccounts: []emulator.Config{{AccountSID: firstSID, AuthToken: "first-token", Concurrency: 1}, {AccountSID: secondSID, AuthToken: "second-token", Concurrency: 1}},
		})
		done := make(chan answer)
		go func() { done <- b.send(b.chat, http.MethodGet, "/v1/Services", nil, asFirst) }()
		<-entered
		b.refused(b.send(b.conversations, http.MethodGet, "/v1/Services", nil, asFirst), http.StatusTooManyRequests, 20429)
		require.Equal(t, http.StatusOK, b.send(b.conversations, http.MethodGet, "/v1/Services", nil, asSecond).status)
		close(hold)
		require.Equal(t, http.StatusOK, (<-done).status)
	})
	t.Run("an account that is not active is refused everywhere", func(t *testing.T) {
		for spec, want := range map[string][2]int{"": {http.StatusUnauthorized, 20003}, "accounts-refused=403": {http.StatusForbidden, 20403}} {
			b := fleet(t, 0, spec)
			for _, status := range []emulator.AccountStatus{emulator.Suspended, emulator.Closed} {
				b.e.Account(firstSID).SetStatus(status)
				for _, who := range []func(*http.Request){asFirst, asFirstKey} {
					for _, h := range []http.Handler{b.chat, b.conversations, b.e.Events()} {
						b.refused(b.send(h, http.MethodGet, "/v1/Services", nil, who), want[0], want[1])
					}
					b.refused(b.send(b.e.Media(), http.MethodGet, "/v1/Services/IS/Media/ME", nil, who), want[0], want[1])
					if status == emulator.Closed {
						b.refused(b.api(accountsPath, as(firstSID, "first-token")), want[0], want[1])
					}
				}
				require.Equal(t, string(status), b.api("/2010-04-01/Accounts/"+firstSID+".json", asParent).text("status"))
				require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, "/v1/Services", nil, asSecond).status)
			}
			b.e.SetStatus(emulator.Suspended)
			b.refused(b.send(b.chat, http.MethodGet, "/v1/Services", nil, asSecond), want[0], want[1])
			b.refused(b.api(accountsPath, asParent), want[0], want[1])
			b.e.SetStatus(emulator.Active)
			b.e.Account(firstSID).SetStatus(emulator.Active)
			require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, "/v1/Services", nil, asFirst).status)
		}
	})
	t.Run("another token takes the place of the one before", func(t *testing.T) {
		b := fleet(t, 0, "")
		b.e.Account(firstSID).RotateToken()
		b.refused(b.send(b.chat, http.MethodGet, "/v1/Services", nil, asFirst), http.StatusUnauthorized, 20003)
		require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, "/v1/Services", nil, asFirstKey).status)
		token := b.api("/2010-04-01/Accounts/"+firstSID+".json", asParent).text("auth_token")
		require.Equal(t, b.e.Account(firstSID).AuthToken(), token)
		require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, "/v1/Services", nil, as(firstSID, token)).status)
	})
	t.Run("refuses settings that contradict each other", func(t *testing.T) {
		for _, c := range []emulator.Config{
			{MainKey: "SK1"}, {Subaccounts: []emulator.Config{{AuthToken: "t"}}}, {Subaccounts: []emulator.Config{{MainKey: "SK1"}}},
			{Subaccounts: []emulator.Config{{Subaccounts: make([]emulator.Config, 1)}}},
			{Subaccounts: []emulator.Config{{AccountSID: firstSID, AuthToken: "t"}, {AccountSID: firstSID, AuthToken: "t"}}},
			{Subaccounts: []emulator.Config{{Generate: emulator.Generate{Channels: 1, Longest: 1}}}},
		} {
			_, err := emulator.New(c)
			require.Error(t, err)
		}
	})
	t.Run("what is left empty is invented, and again for the same seed", func(t *testing.T) {
		one, two := fleet(t, 3, ""), fleet(t, 3, "")
		require.Len(t, one.e.Accounts(), 6)
		require.Equal(t, one.e.Accounts(), two.e.Accounts())
		tokens := map[string]bool{}
		for _, sid := range one.e.Accounts() {
			require.Equal(t, sid, one.e.Account(sid).AccountSID())
			require.Equal(t, one.e.Account(sid).AuthToken(), two.e.Account(sid).AuthToken())
			tokens[one.e.Account(sid).AuthToken()] = true
		}
		require.Len(t, tokens, 6)
		require.Nil(t, one.e.Account("AC1"))
		require.Nil(t, one.e.Account(firstSID).Account(secondSID), "a subaccount knows itself alone")
		require.Equal(t, []string{firstSID}, one.e.Account(firstSID).Accounts())
	})
}

func TestAccounts(t *testing.T) {
	t.Run("a parent sees all of its own with their tokens, a subaccount itself", func(t *testing.T) {
		b := fleet(t, 1, "")
		all, _ := b.accounts(accountsPath, asParent)
		require.Equal(t, []any{parentSID, firstSID, secondSID, b.e.Accounts()[3]}, field(all, "sid"))
		require.Equal(t, []any{"parent-token", "first-token", "second-token", b.e.Account(b.e.Accounts()[3]).AuthToken()}, field(all, "auth_token"))
		require.Equal(t, []any{parentSID, parentSID, parentSID, parentSID}, field(all, "owner_account_sid"))
		require.Equal(t, []any{"Main account", "customer-001", "Second & last", "customer-003"}, field(all, "friendly_name"))
		require.Equal(t, "Tue, 05 Mar 2019 08:00:00 +0000", all[1]["date_created"])
		itself, _ := b.accounts(accountsPath, asFirst)
		require.Equal(t, all[1:2], itself)
	})
	t.Run("a main key sees no token, unless told otherwise, and a standard key nothing", func(t *testing.T) {
		b := fleet(t, 0, "")
		all, _ := b.accounts(accountsPath, asMain)
		require.Equal(t, []any{"", "", ""}, field(all, "auth_token"))
		b.refused(b.api(accountsPath, asStandard), http.StatusUnauthorized, 20003)
		b.refused(b.api("/2010-04-01/Accounts/"+parentSID+".json", asStandard), http.StatusUnauthorized, 20003)
		b.refused(b.api(accountsPath, asFirstKey), http.StatusUnauthorized, 20003)
		all, _ = fleet(t, 0, "main-key=tokens").accounts(accountsPath, asMain)
		require.Equal(t, []any{"parent-token", "first-token", "second-token"}, field(all, "auth_token"))
	})
	t.Run("is paged by relative addresses, whose tokens hold for one list", func(t *testing.T) {
		b := fleet(t, 4, "")
		all, pages := b.accounts(accountsPath+"?PageSize=3", asParent)
		require.Equal(t, 3, pages)
		require.Equal(t, b.e.Accounts(), sids(all))
		a := b.api(accountsPath+"?PageSize=3", asParent)
		require.EqualValues(t, []any{0.0, 2.0, 3.0, nil}, []any{a.body["start"], a.body["end"], a.body["page_size"], a.body["previous_page_uri"]})
		require.Equal(t, accountsPath+"?Page=0&PageSize=3", a.text("uri"))
		second := b.api(a.text("next_page_uri"), asParent)
		require.EqualValues(t, []any{3.0, 5.0}, []any{second.body["start"], second.body["end"]})
		b.refused(b.api(accountsPath+"?PageSize=3&Page=1&PageToken=PTabc", asParent), http.StatusBadRequest, 21481)
		b.refused(b.api(a.text("next_page_uri")+"&Status=active", asParent), http.StatusBadRequest, 21481)
		b.refused(b.api(accountsPath+"?PageSize=1001", asParent), http.StatusBadRequest, 20001)
	})
	t.Run("is filtered by status and by the whole name", func(t *testing.T) {
		b := fleet(t, 4, "")
		b.e.Account(secondSID).SetStatus(emulator.Closed)
		closed, _ := b.accounts(accountsPath+"?Status=closed", asParent)
		require.Equal(t, []string{secondSID}, sids(closed))
		active, pages := b.accounts(accountsPath+"?Status=active&PageSize=2", asParent)
		require.Len(t, active, 6)
		require.Equal(t, 3, pages)
		named, _ := b.accounts(accountsPath+"?FriendlyName=Second+%26+last", asParent)
		require.Equal(t, []string{secondSID}, sids(named))
		none, _ := b.accounts(accountsPath+"?FriendlyName=customer", asParent)
		require.Empty(t, none)
		b.refused(b.api(accountsPath+"?Status=gone", asParent), http.StatusBadRequest, 20001)
	})
	t.Run("takes no writes, and knows nothing else", func(t *testing.T) {
		b := fleet(t, 0, "")
		b.refused(b.send(b.e.API(), http.MethodPost, accountsPath, form("FriendlyName", "more"), asParent), http.StatusMethodNotAllowed, 20004)
		b.refused(b.api("/2010-04-01/Accounts/"+firstSID+"/Keys.json", asParent), http.StatusNotFound, 20404)
		b.refused(b.api("/2010-04-01/Accounts/AC"+serviceSID[2:]+".json", asParent), http.StatusNotFound, 20404)
		b.refused(b.api(accountsPath, as("", "")), http.StatusUnauthorized, 20003)
		require.EqualValues(t, 1, b.e.Stats().API.Writes)
	})
	t.Run("an account without subaccounts sees itself", func(t *testing.T) {
		b := newBench(t, emulator.Config{Type: emulator.Trial})
		all, _ := b.accounts(accountsPath, func(*http.Request) {})
		require.Equal(t, []string{emulator.DefaultAccountSID}, sids(all))
		require.Equal(t, "Trial", all[0]["type"])
	})
}

func TestAPIContract(t *testing.T) {
	checker := oai.API(t)
	b := fleet(t, 5, "accounts=order+repeat+of-another")
	api := checker.Wrap(b.e.API())
	path := accountsPath + "?PageSize=2&Status=active"
	for path != "" {
		a := b.send(api, http.MethodGet, path, nil, asParent)
		require.Equal(t, http.StatusOK, a.status)
		path = a.text("next_page_uri")
	}
	for _, path := range []string{accountsPath, accountsPath + "?FriendlyName=nobody&Page=0", "/2010-04-01/Accounts/" + firstSID + ".json"} {
		require.Equal(t, http.StatusOK, b.send(api, http.MethodGet, path, nil, asParent).status, path)
	}
	b.refused(b.send(api, http.MethodGet, accountsPath, nil, asStandard), http.StatusUnauthorized, 20003)
	require.Len(t, checker.Seen(), b.e.Routes(emulator.APIHost), "every operation is covered")
	require.Equal(t, []string{"GET /2010-04-01/Accounts.json", "GET /2010-04-01/Accounts/{Sid}.json"}, checker.Seen(), fmt.Sprint(b.e.Accounts()))
}
