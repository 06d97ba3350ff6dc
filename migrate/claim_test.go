package migrate_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

type (
	listed     struct{ migrate.TargetReader }
	listedChat struct{ migrate.Source }
)

var errList = errors.New("the list broke")

func (listed) Conversations(context.Context, string) iter.Seq2[conversations.Conversation, error] {
	return func(yield func(conversations.Conversation, error) bool) {
		_ = yield(conversations.Conversation{SID: "CH1"}, nil) &&
			yield(conversations.Conversation{SID: "CH2", UniqueName: migrate.ClaimName}, nil) &&
			yield(conversations.Conversation{SID: "CH3", UniqueName: "x"}, nil) &&
			yield(conversations.Conversation{UniqueName: migrate.ClaimName}, errList)
	}
}

func (listedChat) Channels(context.Context, string) iter.Seq2[chat.Channel, error] {
	return func(yield func(chat.Channel, error) bool) {
		_ = yield(chat.Channel{SID: "CH1", UniqueName: migrate.ClaimName}, nil) && yield(chat.Channel{SID: "CH2"}, nil) &&
			yield(chat.Channel{SID: "CH3", UniqueName: migrate.ClaimName, MembersCount: 1}, nil) &&
			yield(chat.Channel{SID: "CH4", UniqueName: migrate.ClaimName, MessagesCount: 1}, nil)
	}
}

func TestWithoutClaim(t *testing.T) {
	t.Run("a target lists all but the claim, and its errors", func(t *testing.T) {
		var sids []string
		var last error
		for c, err := range migrate.WithoutClaim(listed{}).Conversations(t.Context(), "IS") {
			sids, last = append(sids, c.SID), err
		}
		require.Equal(t, []string{"CH1", "CH3", ""}, sids)
		require.Equal(t, errList, last)
	})
	t.Run("a source lists all but the claim, and what only has its name", func(t *testing.T) {
		var sids []string
		for c, err := range migrate.WithoutClaimChannels(listedChat{}).Channels(t.Context(), "IS") {
			require.NoError(t, err)
			sids = append(sids, c.SID)
		}
		require.Equal(t, []string{"CH2", "CH3", "CH4"}, sids)
	})
	t.Run("no target stays none", func(t *testing.T) { require.Nil(t, migrate.WithoutClaim(nil)) })
}
