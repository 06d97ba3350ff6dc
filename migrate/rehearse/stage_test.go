package rehearse_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// stage is an account to rehearse in.
type stage struct {
	*emulator.Emulator
	out string // of the rehearsal

	wrap func(http.Handler) http.Handler // stands before Conversations; may be nil

	// mu guards calls. A rehearsal has several requests in flight.
	mu    sync.Mutex
	calls []call
	// before may answer in place of the emulator. n counts requests from 1.
	// One request at a time asks before and after.
	before func(n int, r *http.Request) error
	// after may lose the reply of a request that took effect.
	after func(n int, r *http.Request) error
	// events are replies of Event Streams, by path; nil if nobody knows where it is.
	events map[string]string
	hooks  sync.Mutex
	// dead says that the process which rehearses is gone: it keeps nothing more.
	dead atomic.Bool
}

var errDead = errors.New("the process is gone")

// mortal is a record that a process which is gone writes nothing into.
type mortal struct {
	rehearse.Record
	stage *stage
}

func (m mortal) Put(made rehearse.Made) error {
	if m.stage.dead.Load() {
		return errDead
	}
	return m.Record.Put(made)
}

func (m mortal) Forget() error {
	if m.stage.dead.Load() {
		return errDead
	}
	return m.Record.Forget()
}

// call is a request as it reached the network.
type call struct {
	method, host, path string
	header             http.Header
}

func newStage(t *testing.T, c emulator.Config) *stage {
	t.Helper()
	e, err := emulator.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return &stage{Emulator: e, out: filepath.Join(t.TempDir(), "rehearsal.json")}
}

// RoundTrip is of http.RoundTripper: the network between both.
func (s *stage) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.calls = append(s.calls, call{r.Method, r.URL.Host, r.URL.EscapedPath(), r.Header.Clone()})
	n := len(s.calls)
	s.mu.Unlock()
	if s.dead.Load() {
		return nil, errDead
	}
	if err := s.ask(s.before, n, r); err != nil {
		return nil, err
	}
	resp, err := faults.Direct{Handler: http.HandlerFunc(s.serve)}.RoundTrip(r)
	if err == nil {
		if lost := s.ask(s.after, n, r); lost != nil {
			return nil, lost
		}
	}
	return resp, err
}

// ask asks a hook, if there is one.
func (s *stage) ask(hook func(int, *http.Request) error, n int, r *http.Request) error {
	if hook == nil {
		return nil
	}
	s.hooks.Lock()
	defer s.hooks.Unlock()
	return hook(n, r)
}

// serve is a host of the emulator, which has the whole request now.
func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	switch r.Host {
	case "127.0.0.1:4":
		emulator.Reply{Status: http.StatusOK, Body: []byte(s.events[r.URL.Path])}.WriteTo(w)
	case "127.0.0.1:1":
		s.Chat().ServeHTTP(w, r)
	case "127.0.0.1:3":
		s.Media().ServeHTTP(w, r)
	default:
		h := s.Conversations()
		if s.wrap != nil {
			h = s.wrap(h)
		}
		h.ServeHTTP(w, r)
	}
}

// rehearser is one process that rehearses here. Close its record.
func (s *stage) rehearser(t *testing.T) (*rehearse.Rehearser, *rehearse.File, rehearse.Made, bool) {
	t.Helper()
	events := ""
	if s.events != nil {
		events = "http://127.0.0.1:4"
	}
	x, err := twilio.NewExperimenter(twilio.Config{
		BaseURL: "http://127.0.0.1:2", ChatURL: "http://127.0.0.1:1", MediaURL: "http://127.0.0.1:3", EventsURL: events,
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.New(transport.Options{Base: s, APS: migrate.DefaultAPS, Patience: transport.Patience{Attempts: 2}}),
	})
	require.NoError(t, err)
	record, made, recorded, err := rehearse.OpenRecord(s.out)
	require.NoError(t, err)
	return &rehearse.Rehearser{
		Experimenter: x, Record: mortal{record, s}, Account: emulator.DefaultAccountSID, Region: "us1", Host: "127.0.0.1:2", Version: "test",
	}, record, made, recorded
}

// run rehearses, as a process would.
func (s *stage) run(t *testing.T, with ...func(*rehearse.Rehearser)) (got migrate.Rehearsal, left, err error) {
	t.Helper()
	r, record, _, _ := s.rehearser(t)
	defer func() { require.NoError(t, record.Close()) }()
	for _, f := range with {
		f(r)
	}
	return r.Run(t.Context())
}

// clean cleans, as the process after would.
func (s *stage) clean(t *testing.T) (rehearse.Cleaned, error) {
	t.Helper()
	r, record, made, recorded := s.rehearser(t)
	defer func() { require.NoError(t, record.Close()) }()
	if !recorded {
		return rehearse.Cleaned{}, nil
	}
	return r.Clean(t.Context(), made)
}

// services are the names of the services of the account.
func (s *stage) services(t *testing.T) (names []string) {
	t.Helper()
	x, err := twilio.NewExperimenter(twilio.Config{
		BaseURL: "http://127.0.0.1:2", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.New(transport.Options{Base: faults.Direct{Handler: s.Conversations()}}),
	})
	require.NoError(t, err)
	r, err := x.Try(context.WithoutCancel(t.Context()), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodGet, Target: "/v1/Services"})
	require.NoError(t, err)
	require.True(t, r.OK())
	for _, one := range gjson.GetBytes(r.Body, "services.#.friendly_name").Array() {
		names = append(names, one.String())
	}
	return names
}

// outside are the writes that were sent to anything but the service of a rehearsal,
// its creation aside.
func (s *stage) outside(sid string) (all []string) {
	for _, c := range s.calls {
		if c.method == http.MethodGet || c.method == http.MethodPost && c.path == "/v1/Services" || sid != "" && strings.HasPrefix(c.path, "/v1/Services/"+sid) {
			continue
		}
		all = append(all, c.method+" "+c.host+c.path)
	}
	return all
}

// inBubble runs a test on a clock that moves by itself.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func found(t *testing.T, r migrate.Rehearsal, name string) migrate.Experiment {
	t.Helper()
	for _, e := range r.Experiments {
		if e.Name == name {
			return e
		}
	}
	require.Fail(t, "no such experiment", name)
	return migrate.Experiment{}
}

const long = 30 * time.Minute // more than a rehearsal takes
