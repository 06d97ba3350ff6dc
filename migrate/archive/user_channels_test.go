package archive_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

func TestUserChannels(t *testing.T) {
	of := func(t *testing.T, fsys fstest.MapFS, user string) ([]chat.UserChannel, error) {
		t.Helper()
		s := archive.NewSource(open(t, fsys))
		defer func() { require.NoError(t, s.Close()) }()
		var all []chat.UserChannel
		for range 2 { // the second read is from what the first one found
			all = nil
			for r, err := range s.UserChannels(t.Context(), serviceSID, user) {
				if err != nil {
					return all, err
				}
				r.Raw = nil
				all = append(all, r)
			}
		}
		return all, nil
	}
	with := func(text string) fstest.MapFS {
		fsys := workspace()
		fsys[archive.UserChannelsPath(serviceSID)] = &fstest.MapFile{Data: []byte(text)}
		return fsys
	}

	t.Run("are none without a file", func(t *testing.T) {
		all, err := of(t, workspace(), "US1")
		require.NoError(t, err)
		require.Empty(t, all)
	})
	t.Run("are those of one user, in either spelling", func(t *testing.T) {
		fsys := with(`{"user_sid":"US1","channel_sid":"CH1","status":"not_participating"}` + "\n" +
			`{"user_sid":"US2","channel_sid":"CH1","status":"invited"}` + "\n" +
			`{"user_sid":"US1","channel_sid":"CH2","status":"joined","notification_level":"muted","unread_messages_count":0}` + "\n")
		zero := int64(0)
		for user, want := range map[string][]chat.UserChannel{
			"US1": {
				{UserSID: "US1", ChannelSID: "CH1", Status: chat.NotParticipating},
				{UserSID: "US1", ChannelSID: "CH2", Status: chat.Joined, NotificationLevel: chat.NotificationsMuted, UnreadMessagesCount: &zero},
			},
			"US2": {{UserSID: "US2", ChannelSID: "CH1", Status: chat.Invited}},
			"US3": nil,
		} {
			all, err := of(t, fsys, user)
			require.NoError(t, err)
			require.Equal(t, want, all)
		}
	})
	for name, text := range map[string]string{
		"no user":       `{"channel_sid":"CH1","status":"joined"}`,
		"no channel":    `{"user_sid":"US1","status":"joined"}`,
		"no object":     `[]`,
		"no valid JSON": `{"user_sid":"US1",`,
	} {
		t.Run("say which line has "+name, func(t *testing.T) {
			_, err := of(t, with(`{"user_sid":"US1","channel_sid":"CH1"}`+"\n"+text+"\n"), "US1")
			require.ErrorContains(t, err, "user_channels.jsonl:2:")
		})
	}
	t.Run("that the manifest names must be there", func(t *testing.T) {
		fsys := workspace()
		fsys[archive.ManifestPath] = &fstest.MapFile{Data: []byte(
			`{"schema_version":1,"account_sid":"AC1","source_api":"v2","files":{"` + archive.UserChannelsPath(serviceSID) + `":{"sha256":"x","lines":1}}}`)}
		_, err := of(t, fsys, "US1")
		require.ErrorContains(t, err, "is missing")
	})
	t.Run("of a service that the archive does not hold are not found", func(t *testing.T) {
		s := archive.NewSource(open(t, workspace()))
		for _, err := range s.UserChannels(t.Context(), "IS00000000000000000000000000000009", "US1") {
			require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		}
	})
}
