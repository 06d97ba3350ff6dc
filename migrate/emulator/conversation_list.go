package emulator

import (
	"iter"
	"slices"
	"time"
)

// listConversations sorts newest first as soon as a date is asked for, as
// Twilio does.
func (t *target) listConversations(x *Exchange, s *service) (Reply, error) {
	c, err := t.pager.cursor(x, conversationPages)
	if err != nil {
		return Reply{}, err
	}
	from, errFrom := day(x.Query.Get("StartDate"), 0)
	until, errUntil := day(x.Query.Get("EndDate"), 24*time.Hour)
	if errFrom != nil || errUntil != nil {
		return Reply{}, invalid(20001, "StartDate and EndDate are days, as 2006-01-02")
	}
	state := x.Query.Get("State")
	wanted := func(c *conversation) bool {
		return (state == "" || c.stateAt(x.now) == state) &&
			(from == noDate || c.created >= from) && (until == noDate || c.created < until)
	}
	items := s.conversations.from(c.after)
	if from != noDate || until != noDate {
		items = newest(s, c.after)
	}
	return t.pager.list(x, conversationPages, c, shown(kept(items, wanted), func(c *conversation) any {
		return t.showConversation(x, s, c)
	}))
}

// newest yields conversations by date of creation, the latest first, each with
// its rank.
func newest(s *service, after int64) iter.Seq2[int64, *conversation] {
	all := slices.SortedStableFunc(s.conversations.all(), func(a, b *conversation) int { return int(b.created - a.created) })
	return func(yield func(int64, *conversation) bool) {
		for i := after + 1; i < int64(len(all)); i++ {
			if !yield(i, all[i]) {
				return
			}
		}
	}
}

// kept yields what passes the filter.
func kept[T any](items iter.Seq2[int64, T], wanted func(T) bool) iter.Seq2[int64, T] {
	return func(yield func(int64, T) bool) {
		for place, item := range items {
			if wanted(item) && !yield(place, item) {
				return
			}
		}
	}
}

func day(text string, add time.Duration) (date, error) {
	if text == "" {
		return noDate, nil
	}
	at, err := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))])
	return dateOf(at.Add(add)), err
}
