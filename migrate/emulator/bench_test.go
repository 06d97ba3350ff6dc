package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"chatbridge/migrate/emulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is an emulator and a client as plain as can be.
type bench struct {
	t             *testing.T
	e             *emulator.Emulator
	chat          http.Handler
	conversations http.Handler
	clock         time.Time
}

var started = time.Date(2022, 5, 1, 10, 0, 0, 0, time.UTC)

func newBench(t *testing.T, c emulator.Config) *bench {
	t.Helper()
	b := &bench{t: t, clock: started}
	if c.Now == nil {
		c.Now = func() time.Time { return b.clock }
	}
	e, err := emulator.New(c)
	require.NoError(t, err)
	b.e, b.chat, b.conversations = e, e.Chat(), e.Conversations()
	return b
}

// answer is a decoded reply.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) code() int { n, _ := a.body["code"].(float64); return int(n) }

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

func (b *bench) send(h http.Handler, method, path string, form url.Values, prepare ...func(*http.Request)) answer {
	b.t.Helper()
	r := httptest.NewRequest(method, "http://host.test"+path, strings.NewReader(form.Encode()))
	if method == http.MethodGet || method == http.MethodDelete {
		r = httptest.NewRequest(method, "http://host.test"+path, nil)
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	for _, p := range prepare {
		p(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if w.Body.Len() > 0 {
		require.NoError(b.t, json.Unmarshal(w.Body.Bytes(), &a.body), a.raw)
	}
	return a
}

// read and write talk to the Conversations host, readChat to the Chat host.
func (b *bench) read(path string) answer {
	b.t.Helper()
	return b.send(b.conversations, http.MethodGet, path, nil)
}

func (b *bench) readChat(path string) answer {
	b.t.Helper()
	return b.send(b.chat, http.MethodGet, path, nil)
}

// write takes names and values in turn.
func (b *bench) write(path string, params ...string) answer {
	b.t.Helper()
	return b.send(b.conversations, http.MethodPost, path, form(params...))
}

// raw writes, and does not read the answer as JSON.
func (b *bench) raw(path string, params ...string) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://host.test"+path, strings.NewReader(form(params...).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	w := httptest.NewRecorder()
	b.conversations.ServeHTTP(w, r)
	return answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
}

func (b *bench) remove(path string) answer {
	b.t.Helper()
	return b.send(b.conversations, http.MethodDelete, path, nil)
}

func form(params ...string) url.Values {
	f := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		f.Add(params[i], params[i+1])
	}
	return f
}

// make writes and requires that something was created.
func (b *bench) make(path string, params ...string) answer {
	b.t.Helper()
	a := b.write(path, params...)
	require.Equal(b.t, http.StatusCreated, a.status, a.raw)
	return a
}

// refused requires a refusal with that status and code.
func (b *bench) refused(a answer, status, code int) {
	b.t.Helper()
	require.Equal(b.t, status, a.status, a.raw)
	require.Equal(b.t, code, a.code(), a.raw)
	require.Equal(b.t, float64(status), a.body["status"])
	require.Equal(b.t, fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), a.body["more_info"])
}

// service makes a service and returns its path.
func (b *bench) service() string {
	b.t.Helper()
	return "/v1/Services/" + b.make("/v1/Services", "FriendlyName", "Desk").text("sid")
}

// conversation makes a service with a conversation and returns the paths of both.
func (b *bench) conversation(params ...string) (service, conversation string) {
	b.t.Helper()
	service = b.service()
	return service, service + "/Conversations/" + b.make(service+"/Conversations", params...).text("sid")
}

// pages follows a list to its end.
func (b *bench) pages(h http.Handler, path, key string) (items []map[string]any, pages int) {
	b.t.Helper()
	for path != "" {
		a := b.send(h, http.MethodGet, path, nil)
		require.Equal(b.t, http.StatusOK, a.status, a.raw)
		for _, item := range a.body[key].([]any) {
			items = append(items, item.(map[string]any))
		}
		pages++
		path = strings.TrimPrefix(next(a), "http://host.test")
	}
	return items, pages
}

func next(a answer) string {
	url, _ := a.body["meta"].(map[string]any)["next_page_url"].(string)
	return url
}

func sids(items []map[string]any) []string {
	var out []string
	for _, item := range items {
		out = append(out, item["sid"].(string))
	}
	return out
}
