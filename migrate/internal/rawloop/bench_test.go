package rawloop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// The workspace: no message has attributes, which a list of Chat v1 would hide, so
// that all a raw loop has to ask for are pages.
const (
	channels  = 8
	messages  = 16_000
	workspace = "channels=8,messages=16000,longest=2000,attributes=0,seed=7"
)

// BenchmarkMigrate measures an unpaced migration, a raw loop that makes the same
// requests (the pages of the source, a POST for each message, the pages that are read
// back), and one that makes the POSTs alone. Each has an emulator of its own, in
// another process, and they take turns, so that a busy machine slows all of them. The
// figures are of the best of the rounds:
//
//	msg/s      messages a second
//	raw-share  msg/s of the migration ÷ msg/s of the raw loop
//	post-share msg/s of the migration ÷ msg/s of the POSTs alone
//	cpu-us     processor time of this process for a message, in microseconds
//	cpu-share  that of the raw loop ÷ that of the migration
//	both-share the same with what the emulator took beside each: the raw-share of a
//	           machine that does nothing else
//	allocs     allocations of the migration for a message
//	alloc-B    bytes of them
func BenchmarkMigrate(b *testing.B) {
	plan := record(b)
	var migrated, raw, posts cost
	for b.Loop() {
		migrated = migrated.best(measure(b, migration))
		raw = raw.best(measure(b, func(b *testing.B, at hosts, _ func()) { plan.run(b, at, true) }))
		posts = posts.best(measure(b, func(b *testing.B, at hosts, _ func()) { plan.run(b, at, false) }))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(messages/migrated.wall.Seconds(), "msg/s")
	b.ReportMetric(messages/raw.wall.Seconds(), "raw-msg/s")
	b.ReportMetric(raw.wall.Seconds()/migrated.wall.Seconds(), "raw-share")
	b.ReportMetric(posts.wall.Seconds()/migrated.wall.Seconds(), "post-share")
	b.ReportMetric(float64(migrated.cpu.Microseconds())/messages, "cpu-us")
	b.ReportMetric(float64(raw.cpu.Microseconds())/messages, "raw-cpu-us")
	b.ReportMetric(raw.cpu.Seconds()/migrated.cpu.Seconds(), "cpu-share")
	b.ReportMetric((raw.cpu+raw.emulator).Seconds()/(migrated.cpu+migrated.emulator).Seconds(), "both-share")
	b.ReportMetric((posts.cpu+posts.emulator).Seconds()/(migrated.cpu+migrated.emulator).Seconds(), "both-post-share")
	b.ReportMetric(float64(migrated.allocs)/messages, "allocs")
	b.ReportMetric(float64(migrated.bytes)/messages, "alloc-B")
}

// cost is what one run took.
type cost struct {
	wall, cpu     time.Duration
	emulator      time.Duration // processor time of the other process, its start included
	allocs, bytes uint64
}

func (c cost) best(other cost) cost {
	if c == (cost{}) {
		return other
	}
	return cost{min(c.wall, other.wall), min(c.cpu, other.cpu), min(c.emulator, other.emulator), min(c.allocs, other.allocs), min(c.bytes, other.bytes)}
}

// measure runs something from its start, or from when it calls begun.
func measure(b *testing.B, run func(b *testing.B, at hosts, begun func())) (c cost) {
	at, stop := emulated(b, workspace)
	runtime.GC()
	var before, after runtime.MemStats
	var used time.Duration
	var start time.Time
	begin := func() {
		runtime.ReadMemStats(&before)
		used, start = processorTime(), time.Now()
	}
	begin()
	run(b, at, begin)
	c.wall, c.cpu = time.Since(start), processorTime()-used
	runtime.ReadMemStats(&after)
	c.allocs, c.bytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	c.emulator = stop()
	return c
}

// migration begins with its first write: before it makes a service it makes sure, for
// some seconds, that there is none, however long the migration then is.
func migration(b *testing.B, at hosts, begun func()) {
	migrateOver(b, at, &firstWrite{next: transport.NewBase(2 * channels), begun: begun})
}

type firstWrite struct {
	next  http.RoundTripper
	once  sync.Once
	begun func()
}

func (f *firstWrite) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost {
		f.once.Do(f.begun)
	}
	return f.next.RoundTrip(req)
}

// migrateOver is the stack that the command has, without a pace.
func migrateOver(tb testing.TB, at hosts, base http.RoundTripper) {
	ctx := tb.Context()
	counter := &transport.Counter{}
	rt := transport.New(transport.Options{Base: base, InFlight: transport.InFlight{Most: 2 * channels}, Counter: counter, Observer: func(string, string, int, time.Duration) {}})
	source, err := twilio.NewSource(twilio.Config{BaseURL: at.chat, Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken, HTTP: rt})
	require.NoError(tb, err)
	target, err := twilio.NewTarget(twilio.Config{BaseURL: at.conversations, ChatURL: at.chat, Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken, HTTP: rt})
	require.NoError(tb, err)
	ledger, err := sqlite.Open(ctx, filepath.Join(tb.TempDir(), "chatbridge.db"))
	require.NoError(tb, err)
	defer ledger.Close()
	m := replay.Migration{
		Source: migrate.WithoutClaimChannels(migrate.Counted(source)), Target: target, Ledger: ledger,
		Settings: migrate.Settings{Concurrency: channels}, Traffic: counter.Traffic,
	}
	s, err := m.Run(ctx)
	require.NoError(tb, err)
	require.Equal(tb, migrate.Complete, s.Status)
	require.EqualValues(tb, messages, s.Counts[migrate.KindMessages].Written)
}

// plan is what a migration asked for, channel by channel.
type plan struct {
	chats []chat
}

// chat is the requests of one channel.
type chat struct {
	pages []string // path and query of each page of the source
	posts []string // form of each message
	back  int      // pages that were read back
}

// recorder keeps the requests about messages that pass.
type recorder struct {
	next http.RoundTripper
	mu   sync.Mutex
	made map[string]*chat // by path of the list
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/Messages") {
		r.mu.Lock()
		c := r.made[req.URL.Path]
		if c == nil {
			c = &chat{}
			r.made[req.URL.Path] = c
		}
		if req.Method == http.MethodPost {
			body, err := req.GetBody()
			if err != nil {
				panic(err)
			}
			form, _ := io.ReadAll(body)
			c.posts = append(c.posts, string(form))
		} else {
			c.pages = append(c.pages, req.URL.RequestURI())
			c.back++
		}
		r.mu.Unlock()
	}
	return r.next.RoundTrip(req)
}

// record runs a migration to see what it asks for. Channels and conversations are
// brought together by size, which is all that matters here.
func record(b *testing.B) plan {
	at, stop := emulated(b, workspace)
	defer stop()
	r := &recorder{next: transport.NewBase(2 * channels), made: map[string]*chat{}}
	migrateOver(b, at, r)
	var sources, targets []*chat
	for path, c := range r.made {
		if strings.Contains(path, "/Channels/") {
			sources = append(sources, c)
		} else {
			targets = append(targets, c)
		}
	}
	require.Len(b, sources, channels)
	require.Len(b, targets, channels)
	slices.SortFunc(sources, func(x, y *chat) int { return len(x.pages) - len(y.pages) })
	slices.SortFunc(targets, func(x, y *chat) int { return len(x.posts) - len(y.posts) })
	var p plan
	for i, c := range targets {
		p.chats = append(p.chats, chat{sources[i].pages, c.posts, c.back})
	}
	return p
}

// run makes the requests of the plan, each channel beside the others, and reads every
// reply to its end. It decodes nothing but the SID of what it made, and where the next
// page is.
func (p plan) run(b *testing.B, at hosts, pages bool) {
	client := &http.Client{Transport: transport.NewBase(2 * channels)}
	l := loop{client: client, at: at}
	service, err := l.post(b.Context(), "/v1/Services", url.Values{"FriendlyName": {"raw"}}.Encode())
	require.NoError(b, err)
	var g errgroup.Group
	for i, c := range p.chats {
		g.Go(func() error { return l.copy(b.Context(), sid(service), i, c, pages) })
	}
	require.NoError(b, g.Wait())
}

type loop struct {
	client *http.Client
	at     hosts
}

func (l loop) copy(ctx context.Context, service string, i int, c chat, pages bool) error {
	list := "/v1/Services/" + service + "/Conversations"
	made, err := l.post(ctx, list, url.Values{"FriendlyName": {fmt.Sprint("raw ", i)}}.Encode())
	if err != nil {
		return err
	}
	list += "/" + sid(made) + "/Messages"
	perPage := len(c.posts)/len(c.pages) + 1
	for n, form := range c.posts {
		if pages && n%perPage == 0 {
			if _, err := l.do(ctx, http.MethodGet, l.at.chat+c.pages[n/perPage], ""); err != nil {
				return err
			}
		}
		if _, err := l.post(ctx, list, form); err != nil {
			return err
		}
	}
	if !pages {
		return nil
	}
	next := l.at.conversations + list + "?Order=asc&PageSize=100"
	for range c.back {
		raw, err := l.do(ctx, http.MethodGet, next, "")
		if err != nil {
			return err
		}
		const key = `"next_page_url":"`
		if from := bytes.LastIndex(raw, []byte(key)); from >= 0 {
			rest := raw[from+len(key):]
			next = strings.ReplaceAll(string(rest[:bytes.IndexByte(rest, '"')]), `\u0026`, "&")
		}
	}
	return nil
}

func (l loop) post(ctx context.Context, path, form string) ([]byte, error) {
	return l.do(ctx, http.MethodPost, l.at.conversations+path, form)
}

func (l loop) do(ctx context.Context, method, address, form string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: HTTP %d: %s", method, address, resp.StatusCode, raw)
	}
	return raw, err
}

// sid is that of a resource that was created.
func sid(raw []byte) string {
	const key = `"sid":"`
	from := bytes.Index(raw, []byte(key)) + len(key)
	return string(raw[from : from+34])
}
