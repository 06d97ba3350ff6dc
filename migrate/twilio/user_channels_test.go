package twilio

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

func TestUserChannels(t *testing.T) {
	read := func(t *testing.T, records ...string) ([]chat.UserChannel, error) {
		t.Helper()
		s := serve(t, func(seen) (int, string) { return 200, list("channels", "", records...) })
		all, err := drain(s.source(t).UserChannels(t.Context(), service, "US1"))
		for i := range all {
			all[i].Raw = nil
		}
		return all, err
	}
	t.Run("say whose they are where v1 does not, in either spelling", func(t *testing.T) {
		all, err := read(t, `{"channel_sid": "CH1", "status": "not_participating"}`, `{"channel_sid": "CH2", "status": "notParticipating"}`,
			`{"channel_sid": "CH3", "status": "joined", "member_sid": "MB1", "last_consumed_message_index": 0}`, `{"channel_sid": "CH3", "status": "joined"}`)
		require.NoError(t, err)
		zero := int64(0)
		require.Equal(t, []chat.UserChannel{
			{UserSID: "US1", ChannelSID: "CH1", Status: chat.NotParticipating},
			{UserSID: "US1", ChannelSID: "CH2", Status: chat.NotParticipating},
			{UserSID: "US1", ChannelSID: "CH3", Status: chat.Joined, MemberSID: "MB1", LastConsumedMessageIndex: &zero},
		}, all)
	})
	t.Run("without a channel are an error", func(t *testing.T) {
		_, err := read(t, `{"status": "joined"}`)
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
	})
}
