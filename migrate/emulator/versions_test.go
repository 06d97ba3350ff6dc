package emulator_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestVersionsThatDisagree(t *testing.T) {
	messages := private + "/Messages"
	t.Run("one hides a record, by itself, in lists, and with what is in it", func(t *testing.T) {
		for _, v := range []string{"v1", "v2"} {
			b := unkind(t, v+"-hides=1,lists=channels")
			for _, path := range []string{private, messages, messages + "/" + messageSID(1)} {
				there := map[string]answer{"v1": b.readChat(path), "v2": b.readChat(v2(path))}
				for version, a := range there {
					require.Equal(t, version == v, a.status == http.StatusNotFound, version+path)
				}
			}
			for version, path := range map[string]string{"v1": service, "v2": v2(service)} {
				all, _ := b.pages(b.chat, path+"/Channels?Type=private&Type=public", "channels")
				require.Equal(t, version == v, len(all) == 0)
				users, _ := b.pages(b.chat, path+"/Users", "users")
				require.NotEmpty(t, users, "only the kinds that are named")
			}
			require.Positive(t, b.e.Mischief()[v+"-hides"])
		}
	})
	t.Run("lists of v2 lack what v2 shows by itself", func(t *testing.T) {
		b := unkind(t, "v2-unlisted=1,lists=messages")
		all, _ := b.pages(b.chat, v2(messages), "messages")
		require.Empty(t, all)
		require.Equal(t, http.StatusOK, b.readChat(v2(messages)+"/"+messageSID(1)).status)
		all, _ = b.pages(b.chat, messages, "messages")
		require.NotEmpty(t, all)
	})
	t.Run("v2 has other dates", func(t *testing.T) {
		b := unkind(t, "v2-dates=1")
		at := messages + "/" + messageSID(1)
		require.NotEqual(t, b.readChat(at).text("date_created"), b.readChat(v2(at)).text("date_created"))
		listed, _ := b.pages(b.chat, v2(messages), "messages")
		require.Equal(t, b.readChat(v2(messages)+"/"+messageSID(1)).text("date_created"), listed[1]["date_created"])
	})
	t.Run("lists of v2 show attributes as null", func(t *testing.T) {
		b := unkind(t, "v2-bare=1")
		listed, _ := b.pages(b.chat, v2(messages), "messages")
		require.Nil(t, listed[1]["attributes"])
		require.Equal(t, `{"a": 1}`, b.readChat(v2(messages)+"/"+messageSID(1)).text("attributes"))
	})
	t.Run("one does not answer", func(t *testing.T) {
		b := unkind(t, "no-version=v2")
		require.Equal(t, http.StatusNotFound, b.readChat("/v2/Services").status)
		require.Equal(t, http.StatusNotFound, b.readChat(v2(messages)).status)
		require.Equal(t, http.StatusOK, b.readChat(v2(service)).status, "a target reads its limits there")
		require.Equal(t, http.StatusOK, b.readChat(messages).status)
		_, err := emulator.ParseUnkind("no-version=v3")
		require.ErrorContains(t, err, "v1 or v2")
	})
}
