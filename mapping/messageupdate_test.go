package mapping_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
)

func TestMessageUpdate(t *testing.T) {
	at := time.Date(2017, 3, 2, 10, 0, 0, 0, time.UTC)
	t.Run("names what an update would leave, or date today", func(t *testing.T) {
		require.Equal(t,
			conversations.Message{Body: "x", Attributes: "{}", DateCreated: at, DateUpdated: at},
			mapping.MessageUpdate(conversations.Message{Body: "x", DateCreated: at}))
	})
	t.Run("keeps what the source says", func(t *testing.T) {
		m := conversations.Message{Body: "x", Attributes: `{"a":1}`, DateCreated: at, DateUpdated: at.Add(time.Hour)}
		require.Equal(t, m, mapping.MessageUpdate(m))
	})
}
