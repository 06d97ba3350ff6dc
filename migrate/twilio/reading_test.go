package twilio

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

func TestMessagesAreFetchedBesideEachOther(t *testing.T) {
	var records []string
	for i := range 20 {
		records = append(records, fmt.Sprintf(`{"sid": "IM%d", "index": %d, "attributes": null}`, i, i))
	}
	for fetchers, want := range map[int]int64{0: 20, 1: 1, 3: 3} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int64
			c := base(func(r *http.Request) (*http.Response, error) {
				_, sid, one := strings.Cut(r.URL.Path, "/Messages/IM")
				if !one {
					return answer(200, list("messages", "", records...)), nil
				}
				n := now.Add(1)
				defer now.Add(-1)
				most.Store(max(most.Load(), n))
				time.Sleep(time.Second)
				return answer(200, fmt.Sprintf(`{"sid": "IM%s", "index": %s, "attributes": "{}"}`, sid, sid)), nil
			}).config()
			c.Fetchers = fetchers
			src, err := NewSource(c)
			require.NoError(t, err)
			all, err := drain(src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
			require.NoError(t, err)
			require.Len(t, all, 20)
			require.Equal(t, want, most.Load())
		})
	}
}

func TestALongListDoesNotStandStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		src, err := NewSource(base(func(*http.Request) (*http.Response, error) {
			time.Sleep(600 * time.Millisecond)
			next := ""
			if n++; n < 5 {
				next = fmt.Sprintf("https://chat.twilio.com/v1/Services?Page=%d", n)
			}
			return answer(200, list("services", next, fmt.Sprintf(`{"sid": "IS%d"}`, n))), nil
		}).config())
		require.NoError(t, err)
		ctx, w := migrate.NewWatchdog(t.Context(), time.Second, channel)
		defer w.Stop()
		all, err := drain(src.Services(ctx))
		require.NoError(t, err)
		require.Len(t, all, 5)
		require.NoError(t, context.Cause(ctx))
	})
}

func TestConversationsOfAUserComeInPagesOfFifty(t *testing.T) {
	s := serve(t, func(seen) (int, string) { return 200, list("conversations", "") })
	_, err := drain(s.target(t).UserConversations(t.Context(), service, "US1"))
	require.NoError(t, err)
	require.Equal(t, []string{"GET /v1/Services/" + service + "/Users/US1/Conversations?PageSize=50"}, s.uris())
}

func TestAttributesAreComparedByValue(t *testing.T) {
	for _, c := range []struct {
		want, got string
		same      bool
	}{
		{"", `{"a":1}`, true},
		{`{"a":1}`, `{ "a": 1 }`, true},
		{"not JSON", "not JSON", true},
		{`{"a":1}`, "{}", false},
		{`{"a":1}`, "", false},
	} {
		require.Equal(t, c.same, sameAttributes(c.want, c.got), c)
		params, same := amend(conversations.Participant{Attributes: c.want}, conversations.Participant{Attributes: c.got})
		require.Equal(t, c.same, same)
		if !same {
			require.Equal(t, c.want, *params.Attributes)
		}
	}
}

// A user whose creation was taken and never confirmed, and who is not there yet,
// may still come.
func TestAUserWhoMayStillComeIsInDoubt(t *testing.T) {
	s := serve(t, func(r seen) (int, string) {
		switch {
		case r.Method == http.MethodPost:
			return 202, ""
		case strings.HasSuffix(r.Path, "/ann"):
			return refusal(404, 20404)
		}
		return 200, list("users", "")
	})
	_, _, err := s.target(t).EnsureUser(t.Context(), service, conversations.User{Identity: "ann"})
	require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
	require.ErrorContains(t, err, "HTTP 202")
}
