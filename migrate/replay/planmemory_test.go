package replay

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/heap"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/sqlite"
)

// crowd is a source with so many channels and users, each read with texts of its own.
type crowd struct {
	migrate.Source
	n int
}

func (c crowd) Channels(context.Context, string) iter.Seq2[chat.Channel, error] {
	return func(yield func(chat.Channel, error) bool) {
		for i := range c.n {
			one := chat.Channel{
				SID: fmt.Sprintf("CH%032x", i), AccountSID: fmt.Sprintf("AC%032x", 1), ServiceSID: fmt.Sprintf("IS%032x", 1),
				FriendlyName: fmt.Sprint("Room ", i), UniqueName: fmt.Sprint("room-", i), MessagesCount: int64(i), MembersCount: 3, Raw: make([]byte, 600),
			}
			one.DateCreated.Time, one.DateUpdated.Time = time.Unix(int64(i), 5), time.Unix(int64(i), 6)
			if !yield(one, nil) {
				return
			}
		}
	}
}

func (c crowd) Users(context.Context, string) iter.Seq2[chat.User, error] {
	return func(yield func(chat.User, error) bool) {
		for i := range c.n {
			attributes := "{}"
			if !yield(chat.User{
				SID: fmt.Sprintf("US%032x", i), AccountSID: fmt.Sprintf("AC%032x", 1), ServiceSID: fmt.Sprintf("IS%032x", 1), RoleSID: fmt.Sprintf("RL%032x", 1),
				Identity: fmt.Sprint("user-", i), FriendlyName: fmt.Sprint("User ", i), Attributes: &attributes, Raw: make([]byte, 600),
			}, nil) {
				return
			}
		}
	}
}

// The plan of a large service takes a few hundred bytes of a channel until it is done,
// and no more of a user until they arrived.
func TestMemoryOfPlan(t *testing.T) {
	if !heap.Alone(t) {
		return
	}
	grows := func(n int) (channels, users int64, s *service) {
		l, err := sqlite.Open(t.Context(), filepath.Join(ledgertest.Dir(t), "ledger.db"))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		r := newRun(&Migration{Source: migrate.Counted(crowd{n: n}), Ledger: l})
		s = &service{run: r, source: chat.Service{SID: "IS1"}, target: "IS2"}
		s.users = newUsers(s)
		var line []planned
		channels = heap.Growth(func() {
			s.queue, err = s.plan(t.Context())
			require.NoError(t, err)
			line = queue([]*service{s})
			r.sheet.Plan(lengths(line))
			for i := range n { // as lanes do that end
				require.NoError(t, r.reserved.reserve(fmt.Sprintf("CH%032x", n+i), s.channels.At(i)))
				require.NoError(t, l.PutMessage(t.Context(), s.channels.At(i), migrate.MessageRecord{SourceSID: "IM1", TargetSID: fmt.Sprint("IM", i)}))
			}
			require.NoError(t, l.Sync(t.Context()))
		})
		require.Len(t, line, n)
		runtime.KeepAlive(line)
		users = heap.Growth(func() { require.NoError(t, s.users.list(t.Context())) })
		require.Len(t, s.users.inOrder, n)
		return channels, users, s
	}
	const n = 4000
	once, onceUsers, _ := grows(n)
	twice, twiceUsers, s := grows(2 * n)
	channel, user := (twice-once)/n, (twiceUsers-onceUsers)/n
	t.Logf("%d bytes for each channel, %d for each user", channel, user)
	require.Less(t, channel, int64(320))
	require.Less(t, user, int64(340))

	// A lane gets what the list and the ledger have.
	c, rec, err := s.channelOf(t.Context(), planned{messages: 7, members: 3, created: 7, createdNanos: 5, updated: 7, updatedNanos: 6, place: 7})
	require.NoError(t, err)
	require.Equal(t, []any{fmt.Sprintf("CH%032x", 7), "Room 7", int64(7), int64(3)}, []any{c.SID, rec.FriendlyName, rec.MessagesCount, c.MembersCount})
	require.Equal(t, []time.Time{time.Unix(7, 5).UTC(), time.Unix(7, 6).UTC()}, []time.Time{c.DateCreated.Time, c.DateUpdated.Time})
	runtime.KeepAlive(s)
}
