package versions_test

import (
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/sourcetest"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/versions"
)

var _ versions.Reader = (*twilio.Source)(nil)

// desk is an emulated account, and its source read in each way.
type desk struct {
	*emulator.Emulator
	requests atomic.Int64
	notices  atomic.Int64
}

func newDesk(t testing.TB, c emulator.Config) *desk {
	t.Helper()
	e, err := emulator.New(c)
	require.NoError(t, err)
	return &desk{Emulator: e}
}

func unkind(t testing.TB, spec string) emulator.Unkind {
	t.Helper()
	u, err := emulator.ParseUnkind(spec)
	require.NoError(t, err)
	return u
}

// reader reads one version.
func (d *desk) reader(t testing.TB, api string) *twilio.Source {
	t.Helper()
	hosts := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.requests.Add(1)
		if r.Host == "127.0.0.1:3" {
			d.Media().ServeHTTP(w, r)
			return
		}
		d.Chat().ServeHTTP(w, r)
	})
	s, err := twilio.NewSource(twilio.Config{
		BaseURL: "http://127.0.0.1:1", MediaURL: "http://127.0.0.1:3", API: api,
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.New(transport.Options{
			Base:     faults.Direct{Handler: hosts},
			Patience: transport.Patience{Attempts: 8, FirstWait: time.Microsecond, MaxWait: time.Microsecond},
		}),
	})
	require.NoError(t, err)
	return s
}

func (d *desk) both(t testing.TB) *versions.Source {
	t.Helper()
	return versions.New(d.reader(t, twilio.APIv1), d.reader(t, twilio.APIv2), func(migrate.Event) { d.notices.Add(1) })
}

func collect[T any](t testing.TB, seq iter.Seq2[T, error]) (all []T) {
	t.Helper()
	for one, err := range seq {
		require.NoError(t, err)
		all = append(all, one)
	}
	return all
}

func TestConformance(t *testing.T) {
	for _, spec := range []string{"read.again=0", "seed=3,read.again=0.3,read.empty=0.2,read.token=0.05,read.cut=0.1"} {
		t.Run(spec, func(t *testing.T) {
			open := func(t *testing.T, w sourcetest.World, spec string) migrate.Source {
				plan, err := faults.Parse(spec)
				require.NoError(t, err)
				return newDesk(t, emulator.Config{Archive: w.Files(), Intercept: plan.Intercept}).both(t)
			}
			sourcetest.Run(t, sourcetest.Suite{
				Open: func(t *testing.T, w sourcetest.World) migrate.Source { return open(t, w, spec) },
				Broken: func(t *testing.T, w sourcetest.World) migrate.Source {
					return open(t, w, "nth(GET messages,4-)=before.500")
				},
				Kind:        migrate.Unavailable,
				Media:       true,
				BrokenMedia: func(t *testing.T, w sourcetest.World) migrate.Source { return open(t, w, "media.short=1") },
			})
		})
	}
}

// whole is everything that a source shows of its first service, by SID.
type whole struct {
	service  chat.Service
	roles    map[string]chat.Role
	users    map[string]chat.User
	channels map[string]chat.Channel
	members  map[string]chat.Member
	messages map[string]chat.Message
	order    map[string][]string // of the messages, by channel
}

func readAll(t testing.TB, s migrate.Source) whole {
	t.Helper()
	ctx := t.Context()
	w := whole{roles: map[string]chat.Role{}, users: map[string]chat.User{}, channels: map[string]chat.Channel{}, members: map[string]chat.Member{}, messages: map[string]chat.Message{}, order: map[string][]string{}}
	w.service = collect(t, s.Services(ctx))[0]
	in := w.service.SID
	for _, r := range collect(t, s.Roles(ctx, in)) {
		w.roles[r.SID] = r
	}
	for _, u := range collect(t, s.Users(ctx, in)) {
		if u.Attributes == nil {
			one, err := s.User(ctx, in, u.SID)
			require.NoError(t, err)
			u = one
		}
		w.users[u.SID] = u
	}
	for _, c := range collect(t, s.Channels(ctx, in)) {
		one, err := s.Channel(ctx, in, c.SID)
		require.NoError(t, err)
		w.channels[c.SID] = one
		for _, m := range collect(t, s.Members(ctx, in, c.SID)) {
			w.members[m.SID] = m
		}
		for _, m := range collect(t, s.Messages(ctx, in, c.SID, migrate.Span{After: migrate.All})) {
			w.messages[m.SID] = m
			w.order[c.SID] = append(w.order[c.SID], m.SID)
		}
	}
	return w
}

func sample(t testing.TB, spec string) *desk {
	t.Helper()
	c := emulator.Config{Generate: emulator.Generate{Channels: 6, Messages: 250, Users: 12, Attributes: 0.3, Files: 0.1, Seed: 3}}
	if spec != "" {
		c.Unkind = unkind(t, spec)
	}
	return newDesk(t, c)
}

func TestShowsWhatTwoVersionsShow(t *testing.T) {
	d := newDesk(t, emulator.Config{Generate: emulator.Generate{Channels: 5, Messages: 600, Files: 0.1, Attributes: 0.3, Seed: 1}})
	one, two, both := readAll(t, d.reader(t, twilio.APIv1)), readAll(t, d.reader(t, twilio.APIv2)), readAll(t, d.both(t))
	require.Equal(t, one.service.Webhooks, both.service.Webhooks, "v1 alone has them")
	require.Equal(t, two.service.Media, both.service.Media, "and v2 these")
	require.Equal(t, two.order, both.order)
	files := 0
	for sid, m := range both.messages {
		require.Equal(t, two.messages[sid].Body, m.Body, "v1 has a text of its own in place of a file")
		require.Equal(t, two.messages[sid].Media, m.Media)
		require.Equal(t, two.messages[sid].Attributes, m.Attributes)
		require.Equal(t, two.messages[sid].LastUpdatedBy, m.LastUpdatedBy)
		require.Equal(t, one.messages[sid].DateCreated, m.DateCreated)
		require.Zero(t, m.Versions)
		if m.Media != nil {
			files++
		}
	}
	require.Positive(t, files)
	for sid, m := range both.members {
		require.Equal(t, two.members[sid].Attributes, m.Attributes)
		require.Zero(t, m.Versions)
	}
	for sid, c := range both.channels {
		require.Equal(t, one.channels[sid].Attributes, c.Attributes)
		require.Zero(t, c.Versions)
	}
	require.Len(t, both.users, len(one.users))
	require.Len(t, both.roles, len(one.roles))
}

// README and the help of --source-api say what this test counts.
func TestRequests(t *testing.T) {
	for _, c := range []struct {
		attributes     float64 // share of messages that have some
		one, two, both int64
	}{
		{-1, 117, 113, 166},
		{0.02, 215, 113, 166},
		{0.5, 2138, 113, 166},
	} {
		d := newDesk(t, emulator.Config{Generate: emulator.Generate{Channels: 20, Messages: 4000, Attributes: c.attributes, Seed: 1}})
		n := func(s migrate.Source) int64 {
			before := d.requests.Load()
			readAll(t, s)
			return d.requests.Load() - before
		}
		require.Equal(t, []int64{c.one, c.two, c.both}, []int64{n(d.reader(t, twilio.APIv1)), n(d.reader(t, twilio.APIv2)), n(d.both(t))},
			"by v1, by v2, by both, if %v of the messages have attributes", c.attributes)
	}
}

func TestDisagreements(t *testing.T) {
	truth := readAll(t, sample(t, "").both(t))
	for _, c := range []struct {
		spec string
		want chat.Versions
	}{
		{"v1-hides=0.5", chat.Versions{Only: "v2"}},
		{"v2-hides=0.5", chat.Versions{Only: "v1"}},
		{"v2-dates=0.5", chat.Versions{Differ: []string{"date_created"}}},
	} {
		for _, list := range []string{"services", "roles", "users", "channels", "members", "messages"} {
			spec := c.spec
			if list == "services" {
				spec = strings.Replace(spec, "0.5", "1", 1)
			}
			t.Run(spec+" of "+list, func(t *testing.T) {
				d := sample(t, spec+",seed=4,lists="+list)
				got := readAll(t, d.both(t))
				require.Positive(t, d.Mischief()[strings.Split(spec, "=")[0]])
				require.Len(t, got.roles, len(truth.roles))
				require.Len(t, got.users, len(truth.users))
				require.Len(t, got.channels, len(truth.channels))
				require.Len(t, got.members, len(truth.members))
				require.Equal(t, truth.order, got.order, "nothing is lost, and the order stays")
				marked := 0
				note := func(v chat.Versions, of string) {
					if v.Only == "" && v.Differ == nil {
						return
					}
					marked++
					require.Equal(t, list, of)
					require.Equal(t, c.want, v)
				}
				note(got.service.Versions, "services")
				for _, r := range got.roles {
					note(r.Versions, "roles")
				}
				for _, r := range got.users {
					note(r.Versions, "users")
					require.NotNil(t, r.Attributes)
				}
				for _, r := range got.channels {
					note(r.Versions, "channels")
				}
				for _, r := range got.members {
					note(r.Versions, "members")
				}
				for _, r := range got.messages {
					note(r.Versions, "messages")
					require.NotNil(t, r.Attributes)
				}
				require.Positive(t, marked)
				require.Zero(t, d.notices.Load())
			})
		}
	}
	for _, spec := range []string{"v2-unlisted=0.5", "v2-unlisted=1", "v2-bare=0.5", "list-ends-early=0.1,seed=2"} {
		t.Run(spec+" is no disagreement about what both have", func(t *testing.T) {
			d := sample(t, spec)
			got := readAll(t, migrate.Counted(d.both(t)))
			require.NotEmpty(t, d.Mischief())
			require.Equal(t, truth.order, got.order)
			for sid, m := range got.messages {
				require.Zero(t, m.Versions)
				require.Equal(t, truth.messages[sid].Media, m.Media)
				require.Equal(t, truth.messages[sid].Attributes, m.Attributes)
			}
			for sid, m := range got.members {
				require.Zero(t, m.Versions)
				require.Equal(t, truth.members[sid].Attributes, m.Attributes)
			}
			for _, c := range got.channels {
				require.Zero(t, c.Versions)
			}
		})
	}
}

func TestSpans(t *testing.T) {
	for _, spec := range []string{"", "v1-hides=0.3,lists=messages", "v2-hides=0.3,lists=messages", "v2-unlisted=0.5,lists=messages"} {
		d := sample(t, spec)
		s := d.both(t)
		service := collect(t, s.Services(t.Context()))[0].SID
		for _, c := range collect(t, s.Channels(t.Context(), service)) {
			all := collect(t, s.Messages(t.Context(), service, c.SID, migrate.Span{After: migrate.All}))
			for _, after := range []int64{0, 3, 50, 1 << 40} {
				var want []string
				for _, m := range all {
					if m.Index > after {
						want = append(want, m.SID)
					}
				}
				for _, newest := range []bool{false, true} {
					var got []string
					for _, m := range collect(t, s.Messages(t.Context(), service, c.SID, migrate.Span{After: after, NewestFirst: newest})) {
						got = append(got, m.SID)
					}
					if newest {
						slices.Reverse(got)
					}
					require.Equal(t, want, got, "%s after %d of %s", spec, after, c.SID)
				}
			}
		}
	}
}
