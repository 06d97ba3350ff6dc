package bench_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twilio/twilio-go/client"
	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
	"golang.org/x/sync/errgroup"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/bench"
)

// rounds are how often each way of writing the same messages is timed: in turns, so
// that what else this machine does slows all of them.
const rounds = 5

// processor is how fast a migration writes without a limit, beside plain loops that
// write the same messages into the same emulator, as many channels at once.
func processor(t *testing.T, table *bench.Table) {
	const channels, each = 8, 1000
	s := start(t, emulator.Generate{Channels: channels, Messages: channels * each, Longest: each, Members: 1, Users: 1, Attributes: -1})
	raw := &loop{t: t, server: s, http: &http.Client{Transport: keeping()}}
	ways := []struct {
		name string
		time func() time.Duration
	}{
		{"migrate", func() time.Duration {
			program(t, s, t.TempDir(), "migrate", "--yes", "-q")
			run := s.run()
			return run.Span - run.Opening
		}},
		{"POSTs over net/http", func() time.Duration { return raw.posts(raw.post) }},
		{"POSTs and reads over net/http", func() time.Duration { return raw.whole() }},
		{"POSTs through twilio-go", func() time.Duration { return raw.posts(raw.library(http.DefaultTransport)) }},
		{"POSTs through twilio-go, connections kept", func() time.Duration { return raw.posts(raw.library(keeping())) }},
	}
	took := make([][]float64, len(ways))
	for range rounds {
		for i, w := range ways {
			s.reset()
			took[i] = append(took[i], w.time().Seconds())
		}
	}
	bars := []*bench.Bar{nil, bench.AtLeast(0.45).Aimed(), bench.AtLeast(0.60), nil, nil}
	of := func(at float64) string { return fmt.Sprintf("%.0f messages/s", channels*each/at) }
	for i := 1; i < len(ways); i++ {
		var ratios []float64
		for n := range rounds {
			ratios = append(ratios, took[i][n]/took[0][n])
		}
		table.Add(bench.Figure{
			Name: "migrate ÷ " + ways[i].name, On: fmt.Sprintf("%d channels of %d, loopback, no limits", channels, each), Value: median(ratios), Unit: bench.Ratio,
			Bar: bars[i], Clock: bench.Real, Detail: fmt.Sprintf("median of %d; %s ÷ %s", rounds, of(median(took[0])), of(median(took[i]))),
		})
	}
	raw.http.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
}

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// keeping keeps as many connections as there are requests at once.
func keeping() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost, t.MaxIdleConns = 64, 128
	return t
}

// loop writes the messages of every channel into conversations, and nothing else.
type loop struct {
	t      *testing.T
	server *server
	http   *http.Client

	service string // of the source
	plan    []lane
}

type lane struct {
	channel      string
	conversation string // path
	messages     []message
}

type message struct {
	SID         string `json:"sid"`
	From        string `json:"from"`
	Body        string `json:"body"`
	Attributes  string `json:"attributes"`
	DateCreated string `json:"date_created"`
}

func (l *loop) do(method, url string, form url.Values, into any) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, url, body)
	l.must(err)
	req.SetBasicAuth(emulator.DefaultAccountSID, serverToken)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := l.http.Do(req)
	l.must(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	l.must(err)
	if resp.StatusCode >= 300 {
		panic(fmt.Sprintf("%s %s: %s: %s", method, url, resp.Status, raw))
	}
	if into != nil {
		l.must(json.Unmarshal(raw, into))
	}
}

// must is for goroutines, in which a test cannot be failed.
func (l *loop) must(err error) {
	if err != nil {
		panic(err)
	}
}

// prepare makes a service and a conversation for each channel, which is not timed.
func (l *loop) prepare() {
	var services struct{ Services []struct{ SID string } }
	l.do(http.MethodGet, l.server.Chat+"/v1/Services", nil, &services)
	l.service = services.Services[0].SID
	var channels struct{ Channels []struct{ SID string } }
	l.do(http.MethodGet, l.server.Chat+"/v1/Services/"+l.service+"/Channels?PageSize=100&Type=public&Type=private", nil, &channels)
	var made struct{ SID string }
	l.do(http.MethodPost, l.server.Conversations+"/v1/Services", url.Values{"FriendlyName": {"loop"}}, &made)
	l.plan = nil
	for _, c := range channels.Channels {
		var conversation struct{ SID string }
		l.do(http.MethodPost, l.server.Conversations+"/v1/Services/"+made.SID+"/Conversations", url.Values{"FriendlyName": {"loop"}}, &conversation)
		l.plan = append(l.plan, lane{channel: c.SID, conversation: "/v1/Services/" + made.SID + "/Conversations/" + conversation.SID})
	}
}

// page is the pages of a channel's messages, as Chat lists them.
func (l *loop) pages(channel string) func(yield func([]message) bool) {
	return func(yield func([]message) bool) {
		next := "/v1/Services/" + l.service + "/Channels/" + channel + "/Messages?PageSize=100"
		for next != "" {
			var page struct {
				Messages []message
				Meta     struct {
					Next string `json:"next_page_url"`
				}
			}
			l.do(http.MethodGet, l.server.Chat+next, nil, &page)
			if !yield(page.Messages) {
				return
			}
			next = behind(page.Meta.Next)
		}
	}
}

// behind is the path and query of a URL.
func behind(text string) string {
	u, err := url.Parse(text)
	if err != nil || text == "" {
		return ""
	}
	return u.RequestURI()
}

// posts times the writes alone: the messages were read before.
func (l *loop) posts(post func(lane, message)) time.Duration {
	l.prepare()
	for i := range l.plan {
		for page := range l.pages(l.plan[i].channel) {
			l.plan[i].messages = append(l.plan[i].messages, page...)
		}
	}
	return l.each(func(p lane) {
		for _, m := range p.messages {
			post(p, m)
		}
	})
}

// whole times the writes with the reading of the source, and of the target at last.
func (l *loop) whole() time.Duration {
	l.prepare()
	return l.each(func(p lane) {
		for page := range l.pages(p.channel) {
			for _, m := range page {
				l.post(p, m)
			}
		}
		next := p.conversation + "/Messages?PageSize=100"
		for next != "" {
			var page struct {
				Messages []message
				Meta     struct {
					Next string `json:"next_page_url"`
				}
			}
			l.do(http.MethodGet, l.server.Conversations+next, nil, &page)
			next = behind(page.Meta.Next)
		}
	})
}

func (l *loop) each(work func(lane)) time.Duration {
	began := time.Now()
	var g errgroup.Group
	for _, p := range l.plan {
		g.Go(func() error { work(p); return nil })
	}
	require.NoError(l.t, g.Wait())
	return time.Since(began)
}

func (l *loop) post(p lane, m message) {
	var made message
	l.do(http.MethodPost, l.server.Conversations+p.conversation+"/Messages", url.Values{
		"Author": {m.From}, "Body": {m.Body}, "Attributes": {m.Attributes}, "DateCreated": {m.DateCreated}, "DateUpdated": {m.DateCreated},
	}, &made)
	if made.SID == "" {
		panic("a message without SID")
	}
}

// library posts through twilio-go, whose base URL cannot be set.
func (l *loop) library(base http.RoundTripper) func(lane, message) {
	at, err := url.Parse(l.server.Conversations)
	require.NoError(l.t, err)
	c := &client.Client{
		Credentials: client.NewCredentials(emulator.DefaultAccountSID, serverToken),
		HTTPClient:  &http.Client{Transport: elsewhere{base, at}},
	}
	c.SetAccountSid(emulator.DefaultAccountSID)
	rest := conversations.NewApiServiceWithClient(c)
	return func(p lane, m message) {
		at := strings.Split(p.conversation, "/")
		created, err := time.Parse(time.RFC3339, m.DateCreated)
		l.must(err)
		made, err := rest.CreateServiceConversationMessage(at[3], at[5], (&conversations.CreateServiceConversationMessageParams{}).
			SetAuthor(m.From).SetBody(m.Body).SetAttributes(m.Attributes).SetDateCreated(created).SetDateUpdated(created))
		l.must(err)
		if made.Sid == nil {
			panic("a message without SID")
		}
	}
}

// elsewhere sends requests to a host.
type elsewhere struct {
	base http.RoundTripper
	at   *url.URL
}

func (e elsewhere) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host, req.Host = e.at.Scheme, e.at.Host, ""
	return e.base.RoundTrip(req)
}
