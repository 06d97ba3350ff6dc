package verify

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/heap"
)

// crowd is a service of many channels and what they became, all of them equal.
type crowd struct {
	n       int
	unnamed bool   // without a stamp
	renamed bool   // in the target, so that all differ
	last    func() // is called in the comparison of the last channel
}

func (c *crowd) channel(i int) chat.Channel {
	attributes := "{}"
	one := chat.Channel{SID: fmt.Sprintf("CH%032x", i), ServiceSID: "IS1", FriendlyName: fmt.Sprint("Room ", i), UniqueName: fmt.Sprint("room-", i), Attributes: &attributes, Type: chat.PrivateChannel}
	one.DateCreated.Time, one.DateUpdated.Time = time.Unix(1e9, 0), time.Unix(1e9, 0)
	return one
}

func (c *crowd) mapper() mapping.Mapper { return mapping.Mapper{NoStamp: c.unnamed} }

func (c *crowd) conversation(i int) conversations.Conversation {
	have, _ := c.mapper().Channel(c.channel(i))
	have.SID = fmt.Sprintf("CH%032x", c.n+i)
	if c.renamed {
		have.FriendlyName += " renamed"
	}
	return have
}

func place(sid string) int {
	n, err := strconv.ParseInt(sid[2:], 16, 64)
	if err != nil {
		panic(err)
	}
	return int(n)
}

// crowdSource and crowdTarget keep the two apart.
type (
	crowdSource struct {
		migrate.Source
		*crowd
	}
	crowdTarget struct {
		migrate.TargetReader
		*crowd
	}
)

func each[T any](n int, one func(int) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for i := range n {
			if !yield(one(i), nil) {
				return
			}
		}
	}
}

func (c crowdSource) Channels(context.Context, string) iter.Seq2[chat.Channel, error] {
	return each(c.n, c.channel)
}

func (c crowdSource) Channel(_ context.Context, _, sid string) (chat.Channel, error) {
	if place(sid) == c.n-1 {
		c.last()
	}
	return c.channel(place(sid)), nil
}

func (c crowdSource) Members(context.Context, string, string) iter.Seq2[chat.Member, error] {
	return each(0, func(int) chat.Member { return chat.Member{} })
}

func (c crowdSource) Messages(context.Context, string, string, migrate.Span) iter.Seq2[chat.Message, error] {
	return each(0, func(int) chat.Message { return chat.Message{} })
}

func (c crowdSource) Invites(context.Context, string, string) iter.Seq2[chat.Invite, error] {
	return each(0, func(int) chat.Invite { return chat.Invite{} })
}

func (c crowdSource) Webhooks(context.Context, string, string) iter.Seq2[chat.ChannelWebhook, error] {
	return each(0, func(int) chat.ChannelWebhook { return chat.ChannelWebhook{} })
}

func (c crowdTarget) Conversations(context.Context, string) iter.Seq2[conversations.Conversation, error] {
	return each(c.n, c.conversation)
}

func (c crowdTarget) Conversation(_ context.Context, _, sid string) (conversations.Conversation, error) {
	return c.conversation(place(sid) - c.n), nil
}

func (c crowdTarget) Messages(context.Context, string, string, bool) iter.Seq2[conversations.Message, error] {
	return each(0, func(int) conversations.Message { return conversations.Message{} })
}

func (c crowdTarget) Participants(context.Context, string, string) iter.Seq2[conversations.Participant, error] {
	return each(0, func(int) conversations.Participant { return conversations.Participant{} })
}

func (c crowdTarget) ConversationWebhooks(context.Context, string, string) iter.Seq2[conversations.ConversationWebhook, error] {
	return each(0, func(int) conversations.ConversationWebhook { return conversations.ConversationWebhook{} })
}

// A comparison takes a few hundred bytes of a channel, with a stamp or without.
func TestMemoryOfChannels(t *testing.T) {
	if !heap.Alone(t) {
		return
	}
	for unnamed, most := range map[bool]int64{false: 340, true: 600} {
		grows := func(n int) int64 {
			var end int64
			world := &crowd{n: n, unnamed: unnamed, last: func() { end = heap.InUse() }}
			set := migrate.Settings{Mapper: world.mapper(), Concurrency: 1}
			v := &Verifier{Source: migrate.Counted(crowdSource{crowd: world}), Target: crowdTarget{crowd: world}, Settings: set}
			c := newComparison(v, "verify", func(d Difference) error { return fmt.Errorf("%+v", d) })
			s := &verifiedService{comparison: c, source: chat.Service{SID: "IS1"}, target: "IS2"}
			before := heap.InUse()
			require.NoError(t, s.listConversations(t.Context()))
			require.NoError(t, c.channels(t.Context(), s))
			require.Positive(t, end)
			return end - before
		}
		const n = 4000
		channel := (grows(2*n) - grows(n)) / n
		t.Logf("%d bytes for each channel, without a stamp: %t", channel, unnamed)
		require.Less(t, channel, most)
	}
}
