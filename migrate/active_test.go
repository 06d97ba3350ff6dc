package migrate_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// room is a source of one channel.
type room struct {
	migrate.Source
	members  []chat.Member
	messages []chat.Message // the newest first
	listings int
	read     []int64 // indexes of what was listed
}

func (r *room) Members(context.Context, string, string) iter.Seq2[chat.Member, error] {
	return func(yield func(chat.Member, error) bool) {
		for _, m := range r.members {
			if !yield(m, nil) {
				return
			}
		}
	}
}

func (r *room) Messages(_ context.Context, _, _ string, span migrate.Span) iter.Seq2[chat.Message, error] {
	r.listings++
	return func(yield func(chat.Message, error) bool) {
		if !span.NewestFirst || !span.Listed {
			yield(chat.Message{}, context.Canceled)
			return
		}
		for _, m := range r.messages {
			if m.Index <= span.After {
				return
			}
			r.read = append(r.read, m.Index)
			if !yield(m, nil) {
				return
			}
		}
	}
}

func TestActiveSince(t *testing.T) {
	day := func(n int) chat.Time { return chat.Time{Time: time.Date(2020, 1, n, 0, 0, 0, 0, time.UTC)} }
	dormant := func(t *testing.T, r *room) (who []string) {
		src := migrate.Scoped(r, migrate.Scope{ActiveSince: day(10).Time})
		for m, err := range src.Members(t.Context(), "IS1", "CH1") {
			require.NoError(t, err)
			if m.Dormant {
				who = append(who, m.Identity)
			}
		}
		return who
	}
	read := func(who string, last chat.Time) chat.Member {
		return chat.Member{Identity: who, LastConsumptionTimestamp: last}
	}

	t.Run("who read on that day or later is active, and no message is read for it", func(t *testing.T) {
		r := &room{members: []chat.Member{read("ann", day(10)), read("ben", day(11))}}
		require.Empty(t, dormant(t, r))
		require.Zero(t, r.listings)
	})
	t.Run("who wrote is active, also below a message with an older date", func(t *testing.T) {
		r := &room{
			members: []chat.Member{read("ann", day(9)), read("ben", chat.Time{}), read("cyd", day(1)), read("dee", day(20))},
			messages: []chat.Message{
				{From: "cyd", DateCreated: day(9)}, {From: "ben", DateCreated: day(2)}, {From: "ann", DateCreated: day(10)}, {From: "ben", DateCreated: day(9)},
			},
		}
		require.Equal(t, []string{"ben", "cyd"}, dormant(t, r))
	})
	t.Run("nothing is read below the last one in question", func(t *testing.T) {
		r := &room{
			members:  []chat.Member{read("ann", day(9)), read("ben", day(9))},
			messages: []chat.Message{{From: "ben", Index: 9, DateCreated: day(11)}, {From: "ann", Index: 8, DateCreated: day(11)}, {From: "ann", Index: 7, DateCreated: day(11)}},
		}
		require.Empty(t, dormant(t, r))
		require.Equal(t, []int64{9, 8}, r.read)
	})
	t.Run("who is listed twice is active if one of both read", func(t *testing.T) {
		for _, last := range [][2]chat.Time{{day(9), day(11)}, {day(11), day(9)}} {
			r := &room{members: []chat.Member{read("ann", last[0]), read("ann", last[1])}}
			require.Empty(t, dormant(t, r))
			require.Zero(t, r.listings)
		}
	})
	t.Run("what cannot be read costs the list", func(t *testing.T) {
		for name, b := range map[string]broken{"messages": {messages: true}, "members": {members: true}} {
			b.room = &room{members: []chat.Member{read("ann", day(1))}}
			var last error
			n := 0
			for _, err := range migrate.Scoped(b, migrate.Scope{ActiveSince: day(10).Time}).Members(t.Context(), "IS1", "CH1") {
				last = err
				n++
			}
			require.ErrorIs(t, last, context.DeadlineExceeded, name)
			require.Equal(t, 1, n, "nobody of whom it is not known")
		}
	})
	t.Run("a list that ends early makes nobody dormant", func(t *testing.T) {
		s := halfOf(1, 4)
		s.messages[0].DateCreated = day(11)
		s.shows["skipped"] = []int{1}
		var last error
		for _, err := range migrate.Scoped(migrate.Counted(s), migrate.Scope{ActiveSince: day(10).Time}).Members(t.Context(), "IS1", "CH0") {
			last = err
		}
		require.ErrorIs(t, last, migrate.ErrShort)
	})

	t.Run("after an earlier pass", func(t *testing.T) {
		known := map[string]string{"MBbrought": "brought", "MBdormant": "dormant"}
		after := func(t *testing.T, r *room, failed error) (who []string, last error) {
			ctx := migrate.AfterPass(t.Context(), migrate.Pass{Newest: 5, Member: func(_ context.Context, sid string) (bool, bool, error) {
				return known[sid] == "brought", known[sid] == "dormant", failed
			}})
			for m, err := range migrate.Scoped(r, migrate.Scope{ActiveSince: day(10).Time}).Members(ctx, "IS1", "CH1") {
				if last = err; m.Dormant {
					who = append(who, m.Identity)
				}
			}
			return who, last
		}
		member := func(sid, who string, last chat.Time) chat.Member {
			return chat.Member{SID: sid, Identity: who, LastConsumptionTimestamp: last}
		}
		messages := []chat.Message{{From: "cyd", Index: 6, DateCreated: day(12)}, {From: "ben", Index: 5, DateCreated: day(12)}, {From: "dee", Index: 4, DateCreated: day(12)}}

		for name, c := range map[string]struct {
			members []chat.Member
			who     []string
			read    []int64
		}{
			"who was brought over is not looked for":             {[]chat.Member{member("MBbrought", "ann", day(1))}, nil, nil},
			"who was dormant is looked for in what came since":   {[]chat.Member{member("MBdormant", "ben", day(1))}, []string{"ben"}, []int64{6}},
			"who was dormant and wrote since is active":          {[]chat.Member{member("MBdormant", "cyd", day(1))}, nil, []int64{6}},
			"who was dormant and read since is active":           {[]chat.Member{member("MBdormant", "ben", day(11))}, nil, nil},
			"of whom nothing is known has the whole list read":   {[]chat.Member{member("MBnew", "dee", day(1))}, nil, []int64{6, 5, 4}},
			"beside one who is new, the whole list is read once": {[]chat.Member{member("MBdormant", "eve", day(1)), member("MBnew", "dee", day(1))}, []string{"eve"}, []int64{6, 5, 4}},
		} {
			t.Run(name, func(t *testing.T) {
				r := &room{members: c.members, messages: messages}
				who, err := after(t, r, nil)
				require.NoError(t, err)
				require.Equal(t, c.who, who)
				require.Equal(t, c.read, r.read)
			})
		}
		t.Run("a ledger that cannot be read costs the list", func(t *testing.T) {
			_, err := after(t, &room{members: []chat.Member{member("MBdormant", "ben", day(1))}}, context.Canceled)
			require.ErrorIs(t, err, context.Canceled)
		})
	})
}

// broken shows no messages, or no members.
type broken struct {
	*room
	messages, members bool
}

func (b broken) Messages(ctx context.Context, service, channel string, span migrate.Span) iter.Seq2[chat.Message, error] {
	if !b.messages {
		return b.room.Messages(ctx, service, channel, span)
	}
	return func(yield func(chat.Message, error) bool) { yield(chat.Message{}, context.DeadlineExceeded) }
}

func (b broken) Members(ctx context.Context, service, channel string) iter.Seq2[chat.Member, error] {
	return func(yield func(chat.Member, error) bool) {
		for m, err := range b.room.Members(ctx, service, channel) {
			if !yield(m, err) {
				return
			}
		}
		if b.members {
			yield(chat.Member{}, context.DeadlineExceeded)
		}
	}
}
