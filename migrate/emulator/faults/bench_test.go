package faults_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// form is a way to reach a handler. It returns a transport and a base URL.
type form func(t *testing.T, h http.Handler) (http.RoundTripper, string)

var forms = map[string]form{"socket": socket, "direct": direct}

func direct(_ *testing.T, h http.Handler) (http.RoundTripper, string) {
	return faults.Direct{Handler: h}, "http://conversations.example"
}

func socket(t *testing.T, h http.Handler) (http.RoundTripper, string) {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	// A connection that was used before would make net/http repeat reads by
	// itself.
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return transport, server.URL
}

// bench is an emulator with one conversation, whose plan is off until armed.
type bench struct {
	t            *testing.T
	plan         *faults.Plan
	armed        atomic.Bool
	transport    http.RoundTripper
	base         string
	conversation string // path
}

func newBench(t *testing.T, spec string, open form) *bench {
	t.Helper()
	p, err := faults.Parse(spec)
	require.NoError(t, err)
	b := &bench{t: t, plan: p}
	e, err := emulator.New(emulator.Config{Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if b.armed.Load() {
			p.Intercept(w, r, x, commit)
			return
		}
		commit().WriteTo(w)
	}})
	require.NoError(t, err)
	b.transport, b.base = open(t, e.Conversations())
	service := "/v1/Services/" + b.must("POST", "/v1/Services", "FriendlyName", "desk").text("sid")
	b.conversation = service + "/Conversations/" + b.must("POST", service+"/Conversations", "FriendlyName", "room").text("sid")
	b.armed.Store(true)
	return b
}

// answer is what became of a request.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error // of the round trip, or of reading the body
	cut    bool  // err came from the body
}

func (a answer) object() map[string]any {
	var v map[string]any
	if json.Unmarshal(a.body, &v) != nil {
		return nil
	}
	return v
}

func (a answer) text(field string) string {
	s, _ := a.object()[field].(string)
	return s
}

func (a answer) code() int {
	n, _ := a.object()["code"].(float64)
	return int(n)
}

func (a answer) meta(field string) string {
	m, _ := a.object()["meta"].(map[string]any)
	s, _ := m[field].(string)
	return s
}

func (a answer) bodies() []string {
	var v struct{ Messages []struct{ Body string } }
	_ = json.Unmarshal(a.body, &v)
	all := []string{}
	for _, m := range v.Messages {
		all = append(all, m.Body)
	}
	return all
}

func (b *bench) send(ctx context.Context, method, target string, form ...string) answer {
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	var body io.Reader
	if method != http.MethodGet {
		body = strings.NewReader(values.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, b.base+strings.TrimPrefix(target, b.base), body)
	require.NoError(b.t, err)
	r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.transport.RoundTrip(r)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, raw, err, err != nil}
}

func (b *bench) must(method, target string, form ...string) answer {
	b.t.Helper()
	a := b.send(b.t.Context(), method, target, form...)
	require.NoError(b.t, a.err)
	require.Less(b.t, a.status, 300, "%s", a.body)
	return a
}

func (b *bench) post(body string) answer {
	return b.send(b.t.Context(), "POST", b.conversation+"/Messages", "Body", body)
}

func (b *bench) list(query string) answer {
	return b.send(b.t.Context(), "GET", b.conversation+"/Messages?"+query)
}

// stored lists the messages past the plan.
func (b *bench) stored() []string {
	b.t.Helper()
	armed := b.armed.Swap(false)
	defer b.armed.Store(armed)
	return b.must("GET", b.conversation+"/Messages?PageSize=100").bodies()
}

// fill stores messages past the plan.
func (b *bench) fill(bodies ...string) {
	b.t.Helper()
	armed := b.armed.Swap(false)
	defer b.armed.Store(armed)
	for _, body := range bodies {
		b.must("POST", b.conversation+"/Messages", "Body", body)
	}
}

func only(k faults.Kind) map[faults.Kind]int64 { return map[faults.Kind]int64{k: 1} }
