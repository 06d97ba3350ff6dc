package chat_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
)

func TestExcerpts(t *testing.T) {
	t.Run("are whole where they are short", func(t *testing.T) {
		require.Equal(t, `"a\nb"`, chat.Excerpt("a\nb"))
		require.Equal(t, strings.Repeat("é", 80), chat.Shorten(strings.Repeat("é", 80)))
	})
	t.Run("end between characters", func(t *testing.T) {
		require.Equal(t, strings.Repeat("é", 80)+"… (200 bytes)", chat.Shorten(strings.Repeat("é", 100)))
	})
	t.Run("bound the error for a date", func(t *testing.T) {
		_, err := chat.Decode[chat.Message]([]byte(`{"sid":"IM1","date_created":"` + strings.Repeat("x", 70_000) + `"}`))
		require.ErrorContains(t, err, "IM1")
		require.Less(t, len(err.Error()), 300)
	})
}
