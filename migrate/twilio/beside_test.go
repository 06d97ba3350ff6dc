package twilio

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// besides reads two channels with three messages each, and what Conversations has
// of them.
func besides(t *testing.T, answer answers) (got []chat.Message, asked []string, told []migrate.Event) {
	t.Helper()
	message := func(n int) string {
		return fmt.Sprintf(`{"sid":"IM0000000000000000000000000000000%d","index":%d,"attributes":"{}","type":"media","media":{"sid":%q,"size":5}} `, n, n, fileSID)
	}
	beside := serve(t, answer)
	s := serve(t, func(seen) (int, string) { return 200, list("messages", "", message(0), message(1), message(2)) })
	config := s.config(t)
	config.API, config.ConversationsURL, config.Fetchers = APIv2, beside.url, 1
	config.Notice = func(e migrate.Event) { told = append(told, e) }
	src, err := NewSource(config)
	require.NoError(t, err)
	for range 2 {
		for m, err := range src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}) {
			require.NoError(t, err)
			got = append(got, m)
		}
	}
	return got, beside.uris(), told
}

func TestFilesBeside(t *testing.T) {
	second := chat.Media{SID: "ME00000000000000000000000000000002", Size: 7, ContentType: "text/plain", Filename: "b.txt"}
	both := `{"sid":"IM0000000000000000000000000000000%s","media":[{"sid":"` + fileSID + `"},{"sid":"` + second.SID + `","size":7,"content_type":"text/plain","filename":"b.txt"}]}`

	t.Run("a message that went away hides those of no other", func(t *testing.T) {
		got, asked, _ := besides(t, func(r seen) (int, string) {
			switch {
			case strings.HasSuffix(r.Path, channel):
				return 200, `{"sid":"` + channel + `"}`
			case strings.HasSuffix(r.Path, "0"):
				return 404, `{"code":20404}`
			}
			return 200, fmt.Sprintf(both, r.Path[len(r.Path)-1:])
		})
		require.Len(t, got, 6)
		require.Len(t, asked, 8)
		require.Empty(t, got[0].MoreMedia)
		require.Equal(t, []chat.Media{second}, got[1].MoreMedia)
		require.Equal(t, []chat.Media{second}, got[2].MoreMedia)
	})
	t.Run("what is kept of a message has them too", func(t *testing.T) {
		got, _, _ := besides(t, func(r seen) (int, string) { return 200, fmt.Sprintf(both, r.Path[len(r.Path)-1:]) })
		for _, m := range got {
			again, err := chat.Decode[chat.Message](m.Raw)
			require.NoError(t, err)
			require.Equal(t, m, again)
			require.Equal(t, []chat.Media{second}, again.MoreMedia)
		}
	})
	t.Run("a key that may not read them is told once, and asked once", func(t *testing.T) {
		got, asked, told := besides(t, func(seen) (int, string) { return 403, `{"code":70051}` })
		require.Len(t, got, 6)
		require.Len(t, asked, 1)
		require.Len(t, told, 1)
		require.Equal(t, migrate.Warning, told[0].Level)
		require.Contains(t, told[0].Message, "several files")
	})
	t.Run("a conversation that cannot be read ends the list", func(t *testing.T) {
		beside := serve(t, func(r seen) (int, string) {
			if strings.HasSuffix(r.Path, channel) {
				return 400, "{}"
			}
			return 404, `{"code":20404}`
		})
		s := serve(t, func(seen) (int, string) {
			return 200, list("messages", "", `{"sid":"IM00000000000000000000000000000001","index":0,"attributes":"{}","media":{"sid":"`+fileSID+`"}}`)
		})
		config := s.config(t)
		config.API, config.ConversationsURL = APIv2, beside.url
		src, err := NewSource(config)
		require.NoError(t, err)
		for _, failed := range src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}) {
			err = failed
		}
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
	})
}
