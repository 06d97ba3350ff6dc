package twilio

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

func TestMessagesKeepTheirOrder(t *testing.T) {
	index := func(m conversations.Message) string { return m.SID }
	message := func(i int) string { return fmt.Sprintf(`{"sid": "IM%d", "index": %d}`, i, i) }
	const base = "https://conversations.twilio.com/v1/M?Page="
	const next = base + "1"

	t.Run("where pages overlap because messages came or went", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			if r.Query == "Page=1" {
				return 200, list("messages", "", message(5), message(4), message(2))
			}
			return 200, list("messages", next, message(9), message(5))
		})
		all, err := drain(s.target(t).Messages(t.Context(), service, channel, true))
		require.NoError(t, err)
		require.Equal(t, []string{"IM9", "IM5", "IM4", "IM2"}, sids(all, index))
	})
	for _, expires := range []string{"Page=1", "Page=2", "Page=3"} {
		t.Run("where the list was begun again, "+expires+" being gone", func(t *testing.T) {
			var gone atomic.Bool
			s := serve(t, func(r seen) (int, string) {
				if r.Query == expires && gone.CompareAndSwap(false, true) {
					return refusal(400, 21481)
				}
				switch r.Query {
				case "Page=1":
					return 200, list("messages", base+"2", message(4), message(5))
				case "Page=2":
					return 200, list("messages", base+"3", message(6), message(8))
				case "Page=3":
					return 200, list("messages", "", message(9))
				}
				return 200, list("messages", base+"1", message(0), message(3))
			})
			all, err := drain(s.target(t).Messages(t.Context(), service, channel, false))
			require.NoError(t, err)
			require.True(t, gone.Load())
			require.Equal(t, []string{"IM0", "IM3", "IM4", "IM5", "IM6", "IM8", "IM9"}, sids(all, index))
		})
	}
	t.Run("where the list that was begun again has changed", func(t *testing.T) {
		var gone atomic.Bool
		s := serve(t, func(r seen) (int, string) {
			switch {
			case r.Query == "Page=2" && gone.CompareAndSwap(false, true):
				return refusal(400, 21481)
			case r.Query == "Page=2":
				return 200, list("messages", "", message(5), message(2))
			case r.Query == "Page=1" && gone.Load():
				return 200, list("messages", base+"2", message(6)) // the page was shorter before
			case r.Query == "Page=1":
				return 200, list("messages", base+"2", message(6), message(5))
			case gone.Load():
				return 200, list("messages", base+"1", message(11), message(9)) // 11 came while the list was read
			}
			return 200, list("messages", base+"1", message(9), message(8))
		})
		all, err := drain(s.target(t).Messages(t.Context(), service, channel, true))
		require.NoError(t, err)
		require.Equal(t, []string{"IM9", "IM8", "IM6", "IM5", "IM2"}, sids(all, index))
	})
	t.Run("and says so where one is out of place after the list was begun again", func(t *testing.T) {
		var gone atomic.Bool
		s := serve(t, func(r seen) (int, string) {
			switch {
			case r.Query == "Page=1" && gone.CompareAndSwap(false, true):
				return refusal(400, 21481)
			case r.Query == "Page=1":
				return 200, list("messages", base+"2", message(4))
			case r.Query == "Page=2":
				return 200, list("messages", "", message(1))
			}
			return 200, list("messages", base+"1", message(0), message(3))
		})
		all, err := drain(s.target(t).Messages(t.Context(), service, channel, false))
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.Equal(t, []string{"IM0", "IM3", "IM4"}, sids(all, index))
	})
	t.Run("and takes an empty page for no page at all", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			switch r.Query {
			case "Page=1":
				return 200, list("messages", base+"2")
			case "Page=2":
				return 200, list("messages", base+"3", message(0), message(3))
			case "Page=3":
				return 200, list("messages", "", message(4))
			}
			return 200, list("messages", base+"1", message(0), message(3))
		})
		all, err := drain(s.target(t).Messages(t.Context(), service, channel, false))
		require.NoError(t, err)
		require.Equal(t, []string{"IM0", "IM3", "IM4"}, sids(all, index))
	})
	for name, page := range map[string]string{
		"on a page":                  list("messages", "", message(8), message(7), message(9)),
		"against the page before":    list("messages", "", message(3), message(9)),
		"by an index that is null":   list("messages", "", `{"sid": "IM8", "index": null}`),
		"by a message without a SID": list("messages", "", `{"index": 8}`),
	} {
		t.Run("and says so where one is out of place "+name, func(t *testing.T) {
			s := serve(t, func(r seen) (int, string) {
				if r.Query == "Page=1" {
					return 200, page
				}
				return 200, list("messages", next, message(5), message(6))
			})
			all, err := drain(s.target(t).Messages(t.Context(), service, channel, false))
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err), "leaving it out would lose it")
			require.Equal(t, []string{"IM5", "IM6"}, sids(all, index)[:2])
		})
	}
}

// A first page has none before it to be held against; its own order is all there
// is. A message that it passes over is lost to the migration and to verify.
func TestFirstPagesKeepTheirOrder(t *testing.T) {
	message := func(i int) string { return fmt.Sprintf(`{"sid": "IM%d", "index": %d, "attributes": "{}"}`, i, i) }
	source := func(api string) func(*stub, bool) ([]string, error) {
		return func(s *stub, newest bool) ([]string, error) {
			c := s.config(t)
			c.API = api
			src, err := NewSource(c)
			require.NoError(t, err)
			all, err := drain(src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All, NewestFirst: newest}))
			return sids(all, func(m chat.Message) string { return m.SID }), err
		}
	}
	for side, read := range map[string]func(s *stub, newest bool) ([]string, error){
		"source by v1": source(APIv1),
		"source by v2": source(APIv2),
		"target": func(s *stub, newest bool) ([]string, error) {
			all, err := drain(s.target(t).Messages(t.Context(), service, channel, newest))
			return sids(all, func(m conversations.Message) string { return m.SID }), err
		},
	} {
		for name, c := range map[string]struct {
			newest bool
			page   []string
		}{
			"a descent":                 {false, []string{message(1), message(3), message(2)}},
			"an ascent, newest first":   {true, []string{message(3), message(1), message(2)}},
			"the other order":           {false, []string{message(2), message(1)}},
			"the other, newest first":   {true, []string{message(1), message(2)}},
			"two messages at one index": {false, []string{message(1), `{"sid": "IM9", "index": 1, "attributes": "{}"}`}},
		} {
			t.Run(side+": "+name, func(t *testing.T) {
				s := serve(t, func(seen) (int, string) { return 200, list("messages", "", c.page...) })
				all, err := read(s, c.newest)
				require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
				require.Empty(t, all, "the first may be the last of the channel")
			})
		}
		t.Run(side+": a descent on the first page of a list that was begun again", func(t *testing.T) {
			var gone atomic.Bool
			s := serve(t, func(r seen) (int, string) {
				switch {
				case r.Query == "Page=1":
					gone.Store(true)
					return refusal(400, 21481)
				case gone.Load():
					return 200, list("messages", "", message(1), message(5), message(4))
				}
				return 200, list("messages", "https://conversations.twilio.com/v1/M?Page=1", message(1))
			})
			all, err := read(s, false)
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.Equal(t, []string{"IM1"}, all)
		})
	}
}

func TestMessagesThatAreShownAgain(t *testing.T) {
	message := func(i int) string { return fmt.Sprintf(`{"sid": "IM%d", "index": %d}`, i, i) }
	const base = "https://conversations.twilio.com/v1/M?Page="
	pages := map[string]string{
		"":       list("messages", base+"1", message(1), message(1), message(2)),
		"Page=1": list("messages", base+"2"),
		"Page=2": list("messages", base+"3", message(1), message(2)),
		"Page=3": list("messages", "", message(2), message(4)),
	}
	s := serve(t, func(r seen) (int, string) {
		if body, ok := pages[r.Query]; ok {
			return 200, body
		}
		return 200, pages[""]
	})
	all, err := drain(s.target(t).Messages(t.Context(), service, channel, false))
	require.NoError(t, err, "a page that comes twice, with an empty one between, loses nothing")
	require.Equal(t, []string{"IM1", "IM2", "IM4"}, sids(all, func(m conversations.Message) string { return m.SID }))
}
