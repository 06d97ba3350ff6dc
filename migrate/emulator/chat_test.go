package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestChat(t *testing.T) {
	seeded := func(t *testing.T) *bench { return newBench(t, emulator.Config{Archive: workspace(t)}) }

	t.Run("lists only public channels unless both types are named", func(t *testing.T) {
		b := seeded(t)
		list := func(query string) []string {
			items, _ := b.pages(b.chat, service+"/Channels"+query, "channels")
			return sids(items)
		}
		require.Equal(t, []string{publicSID}, list(""))
		require.Equal(t, []string{privateSID}, list("?Type=private"))
		require.Equal(t, []string{publicSID, privateSID}, list("?Type=public&Type=private"))
		require.Equal(t, []string{publicSID, privateSID}, list("?Type=public&Type=private&PageSize=1"))
	})
	t.Run("shows attributes that are set in a single fetch only", func(t *testing.T) {
		b := seeded(t)
		channels, _ := b.pages(b.chat, service+"/Channels?Type=public&Type=private", "channels")
		require.Equal(t, "{}", channels[0]["attributes"])
		require.Contains(t, channels[1], "attributes")
		require.Nil(t, channels[1]["attributes"])
		require.Equal(t, `{"k":1}`, b.readChat(private).text("attributes"))

		messages, _ := b.pages(b.chat, private+"/Messages", "messages")
		require.Equal(t, []any{"{}", nil, "{}"}, []any{messages[0]["attributes"], messages[1]["attributes"], messages[2]["attributes"]})
		require.Equal(t, `{"a": 1}`, b.readChat(private+"/Messages/"+messageSID(1)).text("attributes"))

		users, _ := b.pages(b.chat, service+"/Users", "users")
		require.Nil(t, users[0]["attributes"])
		require.Equal(t, `{"big": 12345678901234567890}`, b.readChat(service+"/Users/ada").text("attributes"))
	})
	t.Run("shows presence in a single fetch only", func(t *testing.T) {
		b := seeded(t)
		users, _ := b.pages(b.chat, service+"/Users", "users")
		require.Nil(t, users[0]["is_online"])
		require.Equal(t, true, b.readChat(service + "/Users/" + userSID).body["is_online"])
	})
	t.Run("orders messages both ways, page by page", func(t *testing.T) {
		b := seeded(t)
		asc, pages := b.pages(b.chat, private+"/Messages?PageSize=1", "messages")
		require.Equal(t, 3, pages)
		require.Equal(t, []string{messageSID(0), messageSID(1), messageSID(3)}, sids(asc))
		desc, _ := b.pages(b.chat, private+"/Messages?PageSize=2&Order=desc", "messages")
		require.Equal(t, []string{messageSID(3), messageSID(1), messageSID(0)}, sids(desc))
	})
	t.Run("answers 403 and 50050 for a service that it does not have", func(t *testing.T) {
		b := seeded(t)
		unknown := "/v1/Services/IS" + strings.Repeat("0", 32)
		b.refused(b.readChat(unknown), http.StatusForbidden, 50050)
		b.refused(b.readChat(unknown+"/Channels"), http.StatusForbidden, 50050)
		b.refused(b.readChat(service+"/Channels/nothing"), http.StatusNotFound, 20404)
	})
	t.Run("refuses and counts every write", func(t *testing.T) {
		b := seeded(t)
		b.refused(b.send(b.chat, http.MethodPost, private, form("FriendlyName", "x")), http.StatusMethodNotAllowed, 20004)
		b.refused(b.send(b.chat, http.MethodDelete, private, nil), http.StatusMethodNotAllowed, 20004)
		require.EqualValues(t, 2, b.e.Stats().RefusedSourceWrites)
		require.Equal(t, http.StatusOK, b.readChat(private).status)
	})
	t.Run("caps pages by resource", func(t *testing.T) {
		b := seeded(t)
		require.Equal(t, http.StatusOK, b.readChat("/v1/Services?PageSize=100").status)
		require.Equal(t, http.StatusBadRequest, b.readChat("/v1/Services?PageSize=101").status)
		require.Equal(t, http.StatusOK, b.readChat(private+"/Messages?PageSize=1000").status)
		require.Equal(t, http.StatusBadRequest, b.readChat(private+"/Messages?PageSize=1001").status)
	})
	t.Run("is not visible in Conversations", func(t *testing.T) {
		b := seeded(t)
		b.refused(b.read(service), http.StatusNotFound, 20404)
		items, _ := b.pages(b.conversations, "/v1/Services", "services")
		require.Empty(t, items)
	})
	t.Run("is visible in Conversations where both are one account, but for public channels", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Shared: true})
		items, _ := b.pages(b.conversations, service+"/Conversations", "conversations")
		require.Equal(t, []string{privateSID}, sids(items))
		require.Equal(t, `{"k":1}`, items[0]["attributes"])
		messages, _ := b.pages(b.conversations, service+"/Conversations/"+privateSID+"/Messages", "messages")
		require.Equal(t, []string{messageSID(0), messageSID(1), messageSID(3)}, sids(messages))
		require.Equal(t, float64(3), messages[2]["index"])
		ada := b.read(service + "/Conversations/back-office/Participants/ada")
		require.Equal(t, memberSID, ada.text("sid"))
		require.Equal(t, float64(2), ada.body["last_read_message_index"])
		require.Equal(t, "conversation", b.read(service+"/Roles/"+roleSID).text("type"))
		require.Equal(t, userSID, b.read(service+"/Users/ada").text("sid"))
	})
}

func TestSourceChanges(t *testing.T) {
	b := newBench(t, emulator.Config{Archive: workspace(t)})
	indexes := func(path string) (out []any) {
		items, _ := b.pages(b.chat, path, "messages")
		for _, m := range items {
			out = append(out, m["index"])
		}
		return out
	}

	added, err := b.e.AppendToChannel(privateSID, "ada", "late")
	require.NoError(t, err)
	require.Equal(t, []any{0.0, 1.0, 3.0, 4.0}, indexes(private+"/Messages?PageSize=2"))
	require.Equal(t, "late", b.readChat(private+"/Messages/"+added).text("body"))
	require.Equal(t, float64(4), b.readChat(private).body["messages_count"])

	require.NoError(t, b.e.EditInChannel(privateSID, messageSID(1), "edited"))
	edited := b.readChat(private + "/Messages/" + messageSID(1))
	require.Equal(t, "edited", edited.text("body"))
	require.Equal(t, true, edited.body["was_edited"])
	require.Equal(t, "2022-05-01T10:00:00Z", edited.text("date_updated"))

	require.NoError(t, b.e.DeleteInChannel(privateSID, added))
	require.NoError(t, b.e.DeleteInChannel(privateSID, messageSID(0)))
	require.Equal(t, []any{3.0, 1.0}, indexes(private+"/Messages?Order=desc"))
	b.refused(b.readChat(private+"/Messages/"+added), http.StatusNotFound, 20404)
	require.Error(t, b.e.DeleteInChannel(privateSID, added))

	_, err = b.e.AppendToChannel(privateSID, "ada", "later")
	require.NoError(t, err)
	require.Equal(t, []any{1.0, 3.0, 5.0}, indexes(private+"/Messages"), "the index of a deleted message is not used again")

	require.NoError(t, b.e.DeleteChannel(privateSID))
	b.refused(b.readChat(private), http.StatusNotFound, 20404)
	require.Len(t, b.e.Channels(), 1)
}
