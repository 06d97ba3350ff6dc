package emulator_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// What Conversations has otherwise than Chat, in one account.
func TestSharedAccountThatDiffers(t *testing.T) {
	conversation := service + "/Conversations/" + privateSID
	for spec, differs := range map[string]func(*bench) any{
		"no-media": func(b *bench) any {
			return b.read(conversation + "/Messages").body["messages"].([]any)[0].(map[string]any)["media"]
		},
		"no-member":  func(b *bench) any { return len(b.read(conversation + "/Participants").body["participants"].([]any)) },
		"no-message": func(b *bench) any { return len(b.read(conversation + "/Messages").body["messages"].([]any)) },
		"horizon": func(b *bench) any {
			for _, p := range b.read(conversation + "/Participants").body["participants"].([]any) {
				return p.(map[string]any)["last_read_message_index"]
			}
			return "nobody"
		},
		"attributes": func(b *bench) any { return b.read(conversation).text("attributes") },
	} {
		t.Run(spec, func(t *testing.T) {
			kind := closing(newBench(t, emulator.Config{Archive: filed(t), Shared: true}))
			b := closing(newBench(t, emulator.Config{Archive: filed(t), Shared: true, Unkind: parsed(t, "in-place="+spec)}))
			require.NotEqual(t, differs(kind), differs(b))
			for other, same := range map[string]string{"messages": "/Messages", "members": "/Members", "itself": ""} {
				require.Equal(t, kind.readChat(private+same).raw, b.readChat(private+same).raw, "Chat has %s as ever", other)
			}
		})
	}
}

func TestSharedAccount(t *testing.T) {
	conversation := service + "/Conversations/" + privateSID
	t.Run("has who joins and leaves in both products", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true})
		joined := b.make(conversation+"/Participants", "Identity", "bob", "RoleSid", roleSID)
		require.NoError(t, b.e.JoinAs(privateSID, "carol"))
		members, _ := b.pages(b.chat, private+"/Members", "members")
		require.Len(t, members, 3)
		require.Equal(t, joined.text("sid"), members[1]["sid"])
		require.Equal(t, "bob", members[1]["identity"])
		require.Equal(t, roleSID, members[1]["role_sid"])
		require.EqualValues(t, 3, b.readChat(private).body["members_count"])
		require.NoError(t, b.e.LeaveAs(privateSID, "ada"))
		require.EqualValues(t, 2, b.readChat(private).body["members_count"])
		require.EqualValues(t, 0, b.readChat(service + "/Users/" + userSID).body["joined_channels_count"])
	})
	for spec, pushes := range map[string]int64{"seed=1": 0, "in-place=push": 1} {
		t.Run("has its push settings from Chat, "+spec, func(t *testing.T) {
			w := workspace(t).(fstest.MapFS)
			about := w["services/"+serviceSID+"/service.json"]
			about.Data = []byte(strings.Replace(string(about.Data), `"notifications":{}`, `"notifications":{"added_to_channel":{"enabled":true,"template":"hello"}}`, 1))
			b := newBench(t, emulator.Config{Archive: w, Shared: true, Unkind: parsed(t, spec)})
			settings := service + "/Configuration/Notifications"
			require.Contains(t, b.read(settings).raw, `"template":"hello"`)
			b.write(settings, "AddedToConversation.Enabled", "false")
			b.make(conversation+"/Participants", "Identity", "bob")
			require.Equal(t, pushes, b.e.Stats().Pushes)
			require.Equal(t, pushes == 1, strings.Contains(b.readChat(service).raw, `"enabled":true`))
		})
	}
	t.Run("shows a promoted channel late", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true, Unkind: parsed(t, "late-show=2")})
		b.writeChat("/v3/Services/"+serviceSID+"/Channels/"+publicSID, "Type", "private")
		public := service + "/Conversations/" + publicSID
		require.Equal(t, []int{404, 404, 200}, []int{b.read(public).status, b.read(public + "/Messages").status, b.read(public).status})
	})
}
