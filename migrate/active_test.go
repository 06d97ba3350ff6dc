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
	t.Run("messages that cannot be read cost the list", func(t *testing.T) {
		r := &room{members: []chat.Member{read("ann", day(1))}}
		src := migrate.Scoped(broken{r}, migrate.Scope{ActiveSince: day(10).Time})
		for _, err := range src.Members(t.Context(), "IS1", "CH1") {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	})
}

// broken shows no messages.
type broken struct{ *room }

func (broken) Messages(context.Context, string, string, migrate.Span) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) { yield(chat.Message{}, context.DeadlineExceeded) }
}
