package oai

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// notes is a test that only takes notes.
type notes struct{ errors []string }

func (n *notes) Helper() {}

func (n *notes) Errorf(format string, args ...any) {
	n.errors = append(n.errors, fmt.Sprintf(format, args...))
}

const (
	serviceSID = "IS00000000000000000000000000000000"
	channelSID = "CH00000000000000000000000000000000"
	services   = "/v1/Services"
	users      = services + "/" + serviceSID + "/Users"
	messages   = services + "/" + serviceSID + "/Conversations/" + channelSID + "/Messages"
)

// exchange sends a request through a checker to a server that answers one
// thing, and returns what the checker said.
func exchange(t *testing.T, c *Checker, method, target, form string, status int, reply string) []string {
	t.Helper()
	n := &notes{}
	c.t = n
	h := c.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, form, string(body), "the handler reads what was sent")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, reply)
	}))
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	if form != "" {
		r.Header.Set("Content-Type", formType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, status, w.Code)
	require.Equal(t, reply, w.Body.String())
	return n.errors
}

func TestChecker(t *testing.T) {
	c := Conversations(t)
	post, get := http.MethodPost, http.MethodGet
	const listed = `{"services":[],"meta":{"key":"services","page":0,"page_size":50,"url":"https://a.test","first_page_url":"https://a.test","next_page_url":null,"previous_page_url":null}}`

	for name, row := range map[string]struct {
		method, target, form string
		status               int
		reply                string
		says                 string // part of the only complaint; empty for none
	}{
		"takes what the document has":                {get, services + "?PageSize=10", "", 200, listed, ""},
		"takes a form as documented":                 {post, users, "Identity=a%2Fb&Attributes=", 201, `{"identity":"a/b","is_online":null}`, ""},
		"takes a form with dots in its names":        {post, services + "/" + serviceSID + "/Configuration/Notifications", "NewMessage.Enabled=true", 200, "{}", ""},
		"reports an unknown path":                    {get, "/v1/Rooms", "", 200, "{}", "no such operation"},
		"reports a method that a path has not":       {http.MethodDelete, services, "", 204, "", "no such operation"},
		"reports an unknown query parameter":         {get, services + "?Since=1", "", 200, listed, "query parameter Since"},
		"reports a page that is too large":           {get, services + "?PageSize=1000", "", 200, listed, "query parameter PageSize"},
		"reports a malformed SID in the path":        {get, services + "/IS1", "", 200, "{}", "path parameter Sid"},
		"reports an unknown form parameter":          {post, users, "Identity=a&Name=b", 201, "{}", "form parameter Name"},
		"reports a missing form parameter":           {post, users, "FriendlyName=b", 201, "{}", "form parameter Identity is missing"},
		"reports a form value of the wrong type":     {post, messages, "Body=x&DateCreated=yesterday", 201, "{}", "form parameter DateCreated"},
		"reports a value that is sent twice":         {post, users, "Identity=a&Identity=b", 201, "{}", "more than once"},
		"reports a status that is not documented":    {post, users, "Identity=a", 200, "{}", "status 200"},
		"reports an unknown field":                   {get, users + "/a", "", 200, `{"nick":"a"}`, ".nick is not in the document"},
		"reports a field of the wrong type":          {get, users + "/a", "", 200, `{"identity":1}`, ".identity"},
		"reports a SID of another kind":              {get, users + "/a", "", 200, `{"sid":"` + serviceSID + `"}`, ".sid"},
		"reports null where it is not allowed":       {get, messages + "/IM00000000000000000000000000000000", "", 200, `{"index":null}`, ".index"},
		"reports a bad date":                         {get, users + "/a", "", 200, `{"date_created":"2020"}`, ".date_created"},
		"reports a wrong field deep in a list":       {get, users, "", 200, `{"users":[{},{"nick":1}]}`, ".users[1].nick"},
		"reports a reply that is no JSON":            {get, users + "/a", "", 200, `{`, "unexpected EOF"},
		"takes a refusal":                            {get, users + "/a", "", 404, `{"code":20404,"message":"m","more_info":"u","status":404}`, ""},
		"takes a refused request that was wrong":     {get, services + "?PageSize=1000", "", 400, `{"code":1,"message":"m","more_info":"u","status":400}`, ""},
		"reports a refusal of another shape":         {get, users + "/a", "", 404, `{"error":"not found"}`, "refusal"},
		"reports a refusal of another status":        {get, users + "/a", "", 404, `{"code":1,"message":"m","more_info":"u","status":400}`, "refusal"},
		"takes the dates that the prose allows":      {get, users + "/a", "", 200, `{"date_created":"Tue, 01 Jan 2019 00:00:00 +0000"}`, ""},
		"takes an empty reply where none is due":     {http.MethodDelete, users + "/a", "", 204, "", ""},
		"reports a form sent to a call without form": {http.MethodDelete, users + "/a", "A=b", 204, "", "takes none"},
	} {
		t.Run(name, func(t *testing.T) {
			said := exchange(t, c, row.method, row.target, row.form, row.status, row.reply)
			if row.says == "" {
				require.Empty(t, said)
				return
			}
			require.Len(t, said, 1)
			require.Contains(t, said[0], row.says)
		})
	}

	t.Run("knows a parameter that is part of a segment", func(t *testing.T) {
		const account = "/2010-04-01/Accounts/AC00000000000000000000000000000000"
		require.Empty(t, exchange(t, API(t), get, account+".json", "", 200, `{"status":"active"}`))
		for path, says := range map[string]string{account: "no such operation", "/2010-04-01/Accounts/.json": "no such operation", "/2010-04-01/Accounts/AC1.json": "path parameter Sid"} {
			said := exchange(t, API(t), get, path, "", 200, `{}`)
			require.Len(t, said, 1)
			require.Contains(t, said[0], says)
		}
	})
	t.Run("lists what it saw succeed", func(t *testing.T) {
		require.Contains(t, c.Seen(), "POST /v1/Services/{ChatServiceSid}/Users")
		require.NotContains(t, c.Seen(), "POST /v1/Services")
	})
	t.Run("prefers the most literal path", func(t *testing.T) {
		r := httptest.NewRequest(get, "/v1/Configuration/Webhooks", nil)
		o, _, found := c.find(r)
		require.True(t, found)
		require.Equal(t, "GET /v1/Configuration/Webhooks", o.name)
	})
	t.Run("lets a handler abort", func(t *testing.T) {
		c.t = &notes{}
		h := c.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		require.PanicsWithValue(t, http.ErrAbortHandler, func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(get, services, nil))
		})
	})
}

func TestMissingDocuments(t *testing.T) {
	t.Setenv("TWILIO_OAI_DIR", t.TempDir())
	t.Run("skip the test and say how to get them", func(t *testing.T) {
		t.Setenv("CHATBRIDGE_REQUIRE_OAI", "")
		said := attempt(t)
		require.True(t, said.skipped)
		require.Contains(t, said.text, "git clone https://github.com/twilio/twilio-oai")
	})
	t.Run("fail the test where they are required", func(t *testing.T) {
		t.Setenv("CHATBRIDGE_REQUIRE_OAI", "1")
		said := attempt(t)
		require.False(t, said.skipped)
		require.Contains(t, said.text, "git clone https://github.com/twilio/twilio-oai")
	})
}

// ended is a test that notes how it would have ended.
type ended struct {
	testing.TB
	skipped bool
	text    string
}

type stopped struct{}

func (e *ended) Helper() {}

func (e *ended) Skipf(format string, args ...any) {
	e.skipped, e.text = true, fmt.Sprintf(format, args...)
	panic(stopped{})
}

func (e *ended) Fatalf(format string, args ...any) {
	e.text = fmt.Sprintf(format, args...)
	panic(stopped{})
}

func attempt(t *testing.T) *ended {
	t.Helper()
	e := &ended{TB: t}
	require.PanicsWithValue(t, stopped{}, func() { Chat(e) })
	return e
}
