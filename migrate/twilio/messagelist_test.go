package twilio

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// shortList serves messages with the indexes that there are, of which a reading
// shows as many as shows says; it is given how often that order was read whole.
type shortList struct {
	indexes []int64
	shows   func(order string, reading int, all []int64) []int64
	probes  int
	read    map[string]int
}

func (l *shortList) answer(r seen) (int, string) {
	q, _ := url.ParseQuery(r.Query)
	order, size := q.Get("Order"), q.Get("PageSize")
	all := slices.Clone(l.indexes)
	if order == "desc" {
		slices.Reverse(all)
	}
	if size == "1" {
		l.probes++
		all = all[:min(1, len(all))]
	} else {
		if l.read == nil {
			l.read = map[string]int{}
		}
		l.read[order]++
		all = l.shows(order, l.read[order], all)
	}
	var records []string
	for _, i := range all {
		records = append(records, fmt.Sprintf(`{"sid": "IM%d", "index": %d, "attributes": "{}"}`, i, i))
	}
	return 200, list("messages", "", records...)
}

func TestMessageListsThatEndEarly(t *testing.T) {
	cut := func(at int) func(string, int, []int64) []int64 {
		return func(_ string, _ int, all []int64) []int64 { return all[:min(at, len(all))] }
	}
	whole := cut(100)
	first := func(n int, then func(string, int, []int64) []int64) func(string, int, []int64) []int64 {
		return func(order string, reading int, all []int64) []int64 {
			if reading == 1 {
				return all[:n]
			}
			return then(order, reading, all)
		}
	}
	for name, c := range map[string]struct {
		shows  func(string, int, []int64) []int64
		newest bool
		after  int64
		want   []int64
		short  bool
		probes int
	}{
		"whole, it is asked for its other end once":                {shows: whole, after: migrate.All, want: []int64{0, 2, 3, 7}, probes: 1},
		"whole from its end, too":                                  {shows: whole, newest: true, after: migrate.All, want: []int64{7, 3, 2, 0}, probes: 1},
		"from its end down to what is known, it is not asked":      {shows: whole, newest: true, after: 2, want: []int64{7, 3}},
		"short for good, it is an error":                           {shows: cut(2), after: migrate.All, want: []int64{0, 2}, short: true, probes: 2},
		"short for good from its end, it is an error":              {shows: cut(2), newest: true, after: 0, want: []int64{7, 3}, short: true, probes: 2},
		"empty for good, it is an error":                           {shows: cut(0), after: migrate.All, short: true, probes: 2},
		"short once, it is read again":                             {shows: first(1, whole), after: migrate.All, want: []int64{0, 2, 3, 7}, probes: 1},
		"short once from its end, it is read again":                {shows: first(1, whole), newest: true, after: migrate.All, want: []int64{7, 3, 2, 0}, probes: 1},
		"short behind what is wanted, it is an error all the same": {shows: cut(2), after: 2, short: true, probes: 2},
	} {
		t.Run(name, func(t *testing.T) {
			l := &shortList{indexes: []int64{0, 2, 3, 7}, shows: c.shows}
			s := serve(t, l.answer)
			all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: c.after, NewestFirst: c.newest}))
			var got []int64
			for _, m := range all {
				got = append(got, m.Index)
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.probes, l.probes)
			if !c.short {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, migrate.ErrShort)
			require.True(t, migrate.Unreadable(err))
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.ErrorContains(t, err, channel)
		})
	}
	t.Run("that somebody writes into meanwhile is read up to what was the end then", func(t *testing.T) {
		l := &shortList{indexes: []int64{0, 1}, shows: whole}
		s := serve(t, func(r seen) (int, string) {
			status, body := l.answer(r)
			l.indexes = append(l.indexes, int64(len(l.indexes))) // between any two requests
			return status, body
		})
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
		require.NoError(t, err)
		require.Len(t, all, 4)
		require.Len(t, s.requests(), 3)
	})
	t.Run("whose last message is deleted meanwhile is whole", func(t *testing.T) {
		l := &shortList{indexes: []int64{0, 1, 2}}
		l.shows = func(_ string, reading int, all []int64) []int64 {
			if reading == 2 {
				l.indexes = l.indexes[:2]
			}
			return all[:2]
		}
		_, err := drain(serve(t, l.answer).source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
		require.NoError(t, err)
	})
	t.Run("are wanted as they are listed, and none is fetched", func(t *testing.T) {
		w := &workspace{indexes: upTo(30), fetch: shown}
		s := serve(t, w.answer)
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All, Listed: true}))
		require.NoError(t, err)
		require.Len(t, all, 30)
		require.Empty(t, w.fetched)
		require.Contains(t, s.uris()[0], "PageSize=1000")
	})
}

// What was written here, and answered, need not be asked for.
func TestEndsThatAreKnown(t *testing.T) {
	serving := func(t *testing.T) (*stub, *shortList) {
		l := &shortList{shows: func(_ string, _ int, all []int64) []int64 { return all }}
		return serve(t, func(r seen) (int, string) {
			if r.Method == "GET" {
				return l.answer(r)
			}
			if r.Path == svcPath+"/Conversations" {
				return 201, `{"sid": "` + channel + `"}`
			}
			l.indexes = append(l.indexes, int64(len(l.indexes)))
			if r.Form.Get("Body") == "lost" {
				return 500, ""
			}
			return 201, fmt.Sprintf(`{"sid": "IM%032d", "index": %d}`, len(l.indexes), len(l.indexes)-1)
		}), l
	}
	create := func(t *testing.T, target *Target) {
		_, err := target.AppendConversation(t.Context(), service, conversations.Conversation{UniqueName: "x"})
		require.NoError(t, err)
	}
	write := func(t *testing.T, target *Target, body string) error {
		_, err := target.AppendMessage(t.Context(), service, channel, conversations.Message{Body: body})
		return err
	}
	read := func(t *testing.T, target *Target) int {
		all, err := drain(target.Messages(t.Context(), service, channel, false))
		require.NoError(t, err)
		return len(all)
	}
	t.Run("by what was created and written here", func(t *testing.T) {
		s, l := serving(t)
		target := s.target(t)
		create(t, target)
		require.NoError(t, write(t, target, "x"))
		require.Equal(t, 1, read(t, target))
		require.Zero(t, l.probes)
		require.Equal(t, 1, read(t, target))
		require.Equal(t, 1, l.probes, "once")
	})
	t.Run("not of a conversation that was there", func(t *testing.T) {
		s, l := serving(t)
		target := s.target(t)
		require.NoError(t, write(t, target, "x"))
		require.Equal(t, 1, read(t, target))
		require.Equal(t, 1, l.probes)
	})
	t.Run("not where the answer to a write was lost", func(t *testing.T) {
		s, l := serving(t)
		target := s.target(t)
		create(t, target)
		require.NoError(t, write(t, target, "x"))
		require.Error(t, write(t, target, "lost"))
		require.Equal(t, 2, read(t, target))
		require.Equal(t, 1, l.probes)
	})
	t.Run("not where the list does not get that far", func(t *testing.T) {
		s, l := serving(t)
		target := s.target(t)
		create(t, target)
		require.NoError(t, write(t, target, "x"))
		require.NoError(t, write(t, target, "y"))
		l.shows = func(_ string, _ int, all []int64) []int64 { return all[:1] }
		_, err := drain(target.Messages(t.Context(), service, channel, false))
		require.ErrorIs(t, err, migrate.ErrShort)
	})
}
