package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

var errGone = errors.New("the process is gone")

// contentStage is an account to copy real channels in, and one process at a time.
type contentStage struct {
	*emulator.Emulator
	out    string
	mapper mapping.Mapper

	mu     sync.Mutex
	calls  int
	dieAt  int  // the request at which the process dies; 0 for never
	landed bool // that request takes effect
	copied bool // the copy had begun when the process died
	dead   bool // nothing of the process gets through, and it keeps nothing
}

func newContentStage(t *testing.T, c emulator.Config) *contentStage {
	t.Helper()
	if c.Archive == nil {
		c.Archive = smallWorkspace(t)
	}
	e, err := emulator.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return &contentStage{Emulator: e, out: filepath.Join(t.TempDir(), "rehearsal.json")}
}

// RoundTrip is of http.RoundTripper.
func (s *contentStage) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.calls++
	hit := s.calls == s.dieAt
	gone := s.dead || hit && !s.landed
	s.dead = s.dead || hit
	s.mu.Unlock()
	if gone {
		return nil, errGone
	}
	resp, err := s.direct(r)
	if hit {
		return nil, errGone
	}
	return resp, err
}

func (s *contentStage) direct(r *http.Request) (*http.Response, error) {
	host := map[string]http.Handler{"127.0.0.1:1": s.Chat(), "127.0.0.1:2": s.Conversations(), "127.0.0.1:3": s.Media()}[r.URL.Host]
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	return faults.Direct{Handler: host}.RoundTrip(r)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// open is the way to both sides.
func (s *contentStage) open(t *testing.T, network http.RoundTripper) (*endpoints, *twilio.Experimenter) {
	t.Helper()
	counter := &transport.Counter{}
	config := twilio.Config{Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.New(transport.Options{Base: network, APS: migrate.DefaultAPS, Counter: counter, Patience: transport.Patience{Attempts: 2}})}
	from, to := config, config
	from.BaseURL, from.ConversationsURL, from.MediaURL = "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"
	to.BaseURL, to.ChatURL, to.MediaURL = "http://127.0.0.1:2", "http://127.0.0.1:1", "http://127.0.0.1:3"
	source, err := twilio.NewSource(from)
	require.NoError(t, err)
	target, err := twilio.NewTarget(to)
	require.NoError(t, err)
	x, err := twilio.NewExperimenter(to)
	require.NoError(t, err)
	return &endpoints{source: migrate.WithoutClaimChannels(migrate.Counted(source)), reader: target, writer: target, counter: counter}, x
}

// mortalRecord is a record into which a process that is gone writes nothing.
type mortalRecord struct {
	rehearse.Record
	stage *contentStage
}

func (m mortalRecord) Put(made rehearse.Made) error {
	if m.stage.dead {
		return errGone
	}
	return m.Record.Put(made)
}

func (m mortalRecord) Forget() error {
	if m.stage.dead {
		return errGone
	}
	return m.Record.Forget()
}

// run rehearses with the channels that match, as a process would.
func (s *contentStage) run(t *testing.T, pattern string, with ...func(*rehearse.Rehearser)) (got migrate.Rehearsal, left, err error) {
	t.Helper()
	sides, x := s.open(t, s)
	for one, err := range sides.source.Services(t.Context()) {
		if err != nil {
			return got, nil, err
		}
		sides.services = append(sides.services, one)
	}
	c, err := readContent(t.Context(), sides, migrate.Scope{Channels: []string{pattern}}, s.mapper)
	if err != nil {
		return got, nil, err
	}
	copier := &contentCopy{content: c, endpoints: sides, concurrency: 2, aps: migrate.DefaultAPS, settle: migrate.DefaultSettle}
	c.Copy = copier.run
	record, _, _, err := rehearse.OpenRecord(s.out)
	require.NoError(t, err)
	defer func() { require.NoError(t, record.Close()) }()
	r := &rehearse.Rehearser{
		Experimenter: x, Record: mortalRecord{record, s}, Account: emulator.DefaultAccountSID, Region: "us1", Host: "127.0.0.1:2",
		Only: []string{"text"}, Content: &c.Content,
	}
	for _, f := range with {
		f(r)
	}
	return r.Run(t.Context())
}

// clean cleans, as the process after would. It has no access to the source.
func (s *contentStage) clean(t *testing.T) (rehearse.Cleaned, error) {
	t.Helper()
	s.dead, s.dieAt = false, 0
	_, x := s.open(t, s)
	record, made, recorded, err := rehearse.OpenRecord(s.out)
	require.NoError(t, err)
	defer func() { require.NoError(t, record.Close()) }()
	if !recorded {
		return rehearse.Nothing(), nil
	}
	s.copied = made.Copied != nil
	r := &rehearse.Rehearser{Experimenter: x, Record: record, Account: emulator.DefaultAccountSID, Region: "us1", Host: "127.0.0.1:2"}
	return r.Clean(t.Context(), made)
}

// outside is somebody else, with the credentials of the account.
func (s *contentStage) outside(t *testing.T) migrate.Target {
	sides, _ := s.open(t, roundTripper(s.direct))
	return sides.writer
}

func (s *contentStage) servicesLeft(t *testing.T) (names []string) {
	t.Helper()
	for one, err := range s.outside(t).Services(context.WithoutCancel(t.Context())) {
		require.NoError(t, err)
		names = append(names, one.FriendlyName)
	}
	return names
}

func contentOf(t *testing.T, r migrate.Rehearsal) migrate.Experiment {
	t.Helper()
	require.NotEmpty(t, r.Experiments)
	e := r.Experiments[len(r.Experiments)-1]
	require.Equal(t, rehearse.ContentExperiment, e.Name)
	return e
}
