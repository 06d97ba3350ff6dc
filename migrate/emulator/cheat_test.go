package emulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// said fills a conversation and returns the SIDs of its messages.
func (b *bench) said(conversation string, many int) (all []string) {
	b.t.Helper()
	for i := range many {
		all = append(all, b.make(conversation+"/Messages", "Body", fmt.Sprint(i)).text("sid"))
	}
	return all
}

func (b *bench) listed(path, key string) []string {
	b.t.Helper()
	items, _ := b.pages(b.conversations, path, key)
	return sids(items)
}

func TestListsThatLag(t *testing.T) {
	t.Run("show what was made only after a while, and singly at once", func(t *testing.T) {
		b := unkind(t, "list-lags=5s")
		s, c := b.conversation()
		all := b.said(c, 3)
		require.Empty(t, b.listed(c+"/Messages", "messages"))
		require.Empty(t, b.listed(s+"/Conversations", "conversations"))
		require.Equal(t, http.StatusOK, b.read(c+"/Messages/"+all[0]).status)
		b.clock = b.clock.Add(5 * time.Second)
		require.Equal(t, all, b.listed(c+"/Messages", "messages"))
		require.EqualValues(t, 2, b.e.Mischief()["list-lags"])
	})
	t.Run("and not at all unless told, at whatever part of a second", func(t *testing.T) {
		b := unkind(t, "refuse=blank")
		b.clock = b.clock.Add(700 * time.Millisecond)
		_, c := b.conversation()
		require.Equal(t, b.said(c, 3), b.listed(c+"/Messages", "messages"))
	})
	t.Run("or after some requests", func(t *testing.T) {
		b := unkind(t, "list-lags=2")
		_, c := b.conversation()
		all := b.said(c, 1)
		require.Empty(t, b.listed(c+"/Messages", "messages"))
		require.Empty(t, b.listed(c+"/Messages", "messages"))
		require.Equal(t, all, b.listed(c+"/Messages", "messages"))
	})
	t.Run("or are stale at random", func(t *testing.T) {
		b := unkind(t, "list-stale=0.5,stale-for=10s")
		_, c := b.conversation()
		all := b.said(c, 3)
		stale := 0
		for range 40 {
			switch got := b.listed(c+"/Messages", "messages"); len(got) {
			case 0:
				stale++
			default:
				require.Equal(t, all, got)
			}
		}
		require.Greater(t, stale, 5)
		require.Less(t, stale, 35)
		b.clock = b.clock.Add(10 * time.Second)
		for range 20 {
			require.Equal(t, all, b.listed(c+"/Messages", "messages"))
		}
	})
	t.Run("as do those of Chat with what came since", func(t *testing.T) {
		b := unkind(t, "list-lags=5s")
		_, err := b.e.AppendToChannel(privateSID, "ada", "new")
		require.NoError(t, err)
		count := func() int { items, _ := b.pages(b.chat, private+"/Messages", "messages"); return len(items) }
		require.Equal(t, 3, count())
		b.clock = b.clock.Add(5 * time.Second)
		require.Equal(t, 4, count())
	})
}

func TestListsThatEndEarly(t *testing.T) {
	b := unkind(t, "list-ends-early=1")
	s, c := b.conversation()
	all := b.said(c, 20)
	ends := map[int]bool{}
	for range 40 {
		got := b.listed(c+"/Messages?PageSize=8", "messages")
		require.Equal(t, all[:len(got)], got)
		ends[len(got)] = true
	}
	require.Equal(t, map[int]bool{8: true, 16: true}, ends, "at the first page or at the second")
	require.Less(t, len(b.listed(c+"/Messages", "messages")), 20, "an only page is cut")
	for path, key := range map[string]string{s + "/Roles": "roles", s + "/Conversations": "conversations", "/v1/Services": "services"} {
		b.listed(path, key)
	}
	items, _ := b.pages(b.chat, private+"/Messages", "messages")
	require.Less(t, len(items), 3)
	require.Greater(t, b.e.Mischief()["list-ends-early"], int64(40))

	b = unkind(t, "list-ends-early=1,lists=participants")
	_, c = b.conversation()
	require.Len(t, b.said(c, 3), len(b.listed(c+"/Messages", "messages")))
}

func TestListsThatIgnoreTheirOrder(t *testing.T) {
	b := unkind(t, "list-ignores-order=1")
	_, c := b.conversation()
	all := b.said(c, 9)
	require.Equal(t, all, b.listed(c+"/Messages?Order=desc&PageSize=4", "messages"))
	slices.Reverse(all)
	require.Equal(t, all, b.listed(c+"/Messages?PageSize=4", "messages"))
	items, _ := b.pages(b.chat, private+"/Messages?PageSize=1", "messages")
	require.Equal(t, []string{messageSID(3), messageSID(1), messageSID(0)}, sids(items))
}

func TestListsOfAnother(t *testing.T) {
	b := unkind(t, "list-of-another=1")
	s, c := b.conversation()
	other := b.make(s + "/Conversations").text("sid")
	b.said(c, 3)
	b.said(s+"/Conversations/"+other, 2)
	items, _ := b.pages(b.conversations, c+"/Messages?PageSize=1", "messages")
	require.Len(t, items, 2)
	require.Equal(t, other, items[0]["conversation_sid"])
	items, _ = b.pages(b.chat, service+"/Channels/"+publicSID+"/Messages", "messages")
	require.Len(t, items, 3, "those of the private channel")
	b.service()
	items, _ = b.pages(b.conversations, s+"/Roles", "roles")
	require.NotEqual(t, strings.TrimPrefix(s, "/v1/Services/"), items[0]["chat_service_sid"])
}
