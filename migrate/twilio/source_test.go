package twilio

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

func TestChannelsAreOfBothTypesAndEachOnce(t *testing.T) {
	s := serve(t, func(seen) (int, string) {
		return 200, list("channels", "", `{"sid": "CH1", "type": "public"}`, `{"sid": "CH2", "type": "private"}`, `{"sid": "CH1", "type": "public"}`)
	})
	channels, err := drain(s.source(t).Channels(t.Context(), service))
	require.NoError(t, err)
	require.Equal(t, []string{"CH1", "CH2"}, sids(channels, func(c chat.Channel) string { return c.SID }))
	require.Equal(t, []string{"GET /v1/Services/" + service + "/Channels?PageSize=1000&Type=public&Type=private"}, s.uris())
}

func TestSourceAsksForWholePages(t *testing.T) {
	for api, most := range map[string]struct{ page, userChannels int }{APIv1: {1000, 1000}, APIv2: {100, 50}} {
		t.Run("of "+api, func(t *testing.T) {
			s := serve(t, func(r seen) (int, string) { return 200, list("things", "") })
			c := s.config(t)
			c.API = api
			src, err := NewSource(c)
			require.NoError(t, err)
			for _, err := range []error{
				second(drain(src.Services(t.Context()))),
				second(drain(src.Roles(t.Context(), service))),
				second(drain(src.Users(t.Context(), service))),
				second(drain(src.UserChannels(t.Context(), service, "US1"))),
				second(drain(src.Channels(t.Context(), service))),
				second(drain(src.Members(t.Context(), service, channel))),
				second(drain(src.Invites(t.Context(), service, channel))),
				second(drain(src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))),
				second(drain(src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All, NewestFirst: true}))),
				second(drain(src.Credentials(t.Context()))),
			} {
				require.NoError(t, err)
			}
			svc := "GET /" + api + "/Services/" + service
			whole := fmt.Sprintf("PageSize=%d", most.page)
			require.Equal(t, []string{
				"GET /" + api + "/Services?PageSize=100",
				svc + "/Roles?" + whole,
				svc + "/Users?" + whole,
				svc + "/Users/US1/Channels?" + fmt.Sprintf("PageSize=%d", most.userChannels),
				svc + "/Channels?" + whole + "&Type=public&Type=private",
				svc + "/Channels/" + channel + "/Members?" + whole,
				svc + "/Channels/" + channel + "/Invites?" + whole,
				svc + "/Channels/" + channel + "/Messages?Order=asc&PageSize=100",
				svc + "/Channels/" + channel + "/Messages?Order=desc&PageSize=1",
				svc + "/Channels/" + channel + "/Messages?Order=desc&PageSize=100",
				svc + "/Channels/" + channel + "/Messages?Order=asc&PageSize=1",
				"GET /" + api + "/Credentials?PageSize=1000",
			}, s.uris())
		})
	}
}

func second[A, B any](_ A, b B) B { return b }

// workspace serves a channel whose lists show set attributes as null, a hundred
// messages a page.
type workspace struct {
	indexes []int
	fetch   func(index int) (int, string)

	mu      sync.Mutex
	fetched []int
	flying  atomic.Int64
	most    atomic.Int64
}

func (w *workspace) answer(r seen) (int, string) {
	if sid, single := strings.CutPrefix(r.Path, "/v1/Services/"+service+"/Channels/"+channel+"/Messages/IM"); single {
		n := w.flying.Add(1)
		defer w.flying.Add(-1)
		for m := w.most.Load(); n > m && !w.most.CompareAndSwap(m, n); m = w.most.Load() {
		}
		var index int
		_, _ = fmt.Sscan(sid, &index)
		w.mu.Lock()
		w.fetched = append(w.fetched, index)
		w.mu.Unlock()
		return w.fetch(index)
	}
	if r.Path == "/v1/Services/"+service+"/Channels/"+channel {
		return 200, `{"sid": "` + channel + `"}`
	}
	var page int
	_, _ = fmt.Sscanf(r.Query, "Page=%d", &page)
	rest := w.indexes[page*100:]
	next := ""
	if len(rest) > 100 {
		rest, next = rest[:100], fmt.Sprintf("https://chat.twilio.com%s?Page=%d", r.Path, page+1)
	}
	var records []string
	for _, i := range rest {
		attributes := "null"
		if i%10 == 0 {
			attributes = `"{}"`
		}
		records = append(records, fmt.Sprintf(`{"sid": "IM%d", "index": %d, "attributes": %s}`, i, i, attributes))
	}
	return 200, list("messages", next, records...)
}

func shown(i int) (int, string) {
	return 200, fmt.Sprintf(`{"sid": "IM%d", "index": %d, "attributes": "{\"n\": %d}"}`, i, i, i)
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestMessagesAreWhole(t *testing.T) {
	t.Run("in order, with those fetched whose attributes a list hides", func(t *testing.T) {
		w := &workspace{indexes: upTo(250), fetch: shown}
		s := serve(t, w.answer)
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
		require.NoError(t, err)
		require.Len(t, all, 250)
		for i, m := range all {
			require.Equal(t, int64(i), m.Index)
			want := fmt.Sprintf(`{"n": %d}`, i)
			if i%10 == 0 {
				want = "{}"
			}
			require.Equal(t, want, *m.Attributes)
		}
		require.Len(t, w.fetched, 225)
	})
	t.Run("with no more fetches at once than the configuration says", func(t *testing.T) {
		w := &workspace{indexes: upTo(100), fetch: shown}
		s := serve(t, w.answer)
		c := s.config(t)
		c.Fetchers = 2
		src, err := NewSource(c)
		require.NoError(t, err)
		_, err = drain(src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
		require.NoError(t, err)
		require.LessOrEqual(t, w.most.Load(), int64(2))
	})
	t.Run("without fetching what the span leaves out", func(t *testing.T) {
		w := &workspace{indexes: upTo(250), fetch: shown}
		s := serve(t, w.answer)
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: 244}))
		require.NoError(t, err)
		require.Equal(t, []string{"IM245", "IM246", "IM247", "IM248", "IM249"}, sids(all, func(m chat.Message) string { return m.SID }))
		slices.Sort(w.fetched)
		require.Equal(t, []int{245, 246, 247, 248, 249}, w.fetched)
	})
	t.Run("newest first, without reading beyond the span", func(t *testing.T) {
		w := &workspace{indexes: upTo(250), fetch: shown}
		slices.Reverse(w.indexes)
		s := serve(t, w.answer)
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: 247, NewestFirst: true}))
		require.NoError(t, err)
		require.Equal(t, []string{"IM249", "IM248"}, sids(all, func(m chat.Message) string { return m.SID }))
		require.Len(t, s.requests(), 3, "one page and two fetches")
	})
	t.Run("without those that went away, which is said", func(t *testing.T) {
		w := &workspace{indexes: upTo(12), fetch: func(i int) (int, string) {
			if i == 7 {
				return refusal(404, 20404)
			}
			return shown(i)
		}}
		s := serve(t, w.answer)
		c := s.config(t)
		var told []migrate.Event
		c.Notice = func(e migrate.Event) { told = append(told, e) }
		src, err := NewSource(c)
		require.NoError(t, err)
		all, err := drain(src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
		require.NoError(t, err)
		require.Len(t, all, 11)
		require.Len(t, told, 1)
		require.Contains(t, told[0].Fields, int64(7))
	})
	t.Run("or not at all where the channel went away", func(t *testing.T) {
		w := &workspace{indexes: upTo(12), fetch: func(int) (int, string) { return refusal(404, 20404) }}
		s := serve(t, func(r seen) (int, string) {
			if strings.HasSuffix(r.Path, "/"+channel) {
				return refusal(404, 20404)
			}
			return w.answer(r)
		})
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		require.Len(t, all, 2, "those whose attributes the list showed")
	})
	t.Run("up to the first that cannot be read", func(t *testing.T) {
		w := &workspace{indexes: upTo(50), fetch: func(i int) (int, string) {
			if i == 25 {
				return http.StatusInternalServerError, ""
			}
			return shown(i)
		}}
		s := serve(t, w.answer)
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.Len(t, all, 25, "a gap must not be passed over")
	})
}

func TestUsersAndChannelsAreYieldedAsListed(t *testing.T) {
	s := serve(t, func(r seen) (int, string) {
		switch {
		case strings.HasSuffix(r.Path, "/US1"):
			return 200, `{"sid": "US1", "identity": "ann", "attributes": "{\"a\": 1}"}`
		case strings.HasSuffix(r.Path, "/"+channel):
			return 200, `{"sid": "` + channel + `", "attributes": "{\"a\": 1}"}`
		case strings.HasSuffix(r.Path, "/Users"):
			return 200, list("users", "", `{"sid": "US1", "identity": "ann", "attributes": null}`)
		}
		return 200, list("channels", "", `{"sid": "`+channel+`", "attributes": null}`)
	})
	src := s.source(t)
	users, err := drain(src.Users(t.Context(), service))
	require.NoError(t, err)
	require.Nil(t, users[0].Attributes)
	channels, err := drain(src.Channels(t.Context(), service))
	require.NoError(t, err)
	require.Nil(t, channels[0].Attributes)
	require.Len(t, s.requests(), 2)

	user, err := src.User(t.Context(), service, "US1")
	require.NoError(t, err)
	require.JSONEq(t, `{"a": 1}`, *user.Attributes)
	c, err := src.Channel(t.Context(), service, channel)
	require.NoError(t, err)
	require.JSONEq(t, `{"a": 1}`, *c.Attributes)
}
