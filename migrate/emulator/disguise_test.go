package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestAnotherAccountBehindTheKey(t *testing.T) {
	other := "AC" + strings.Repeat("0", 32)
	b := newBench(t, emulator.Config{Archive: workspace(t), APIKey: "SK1", APISecret: "s", Unkind: parsed(t, "key-account="+other)})
	withKey := func(r *http.Request) { r.SetBasicAuth("SK1", "s") }
	b.service()
	for h, path := range map[http.Handler]string{b.chat: service, b.conversations: "/v1/Configuration"} {
		require.Equal(t, other, b.send(h, http.MethodGet, path, nil, withKey).text("account_sid"))
		require.NotEqual(t, other, b.send(h, http.MethodGet, path, nil).text("account_sid"))
	}
	require.NotContains(t, b.send(b.conversations, http.MethodGet, "/v1/Services", nil, withKey).raw, emulator.DefaultAccountSID)
}

func TestServicesWithoutAccount(t *testing.T) {
	b := unkind(t, "account-sid=null")
	s, c := b.conversation()
	for _, a := range []answer{b.read(s), b.readChat(service), b.readChat(v2(service))} {
		require.Contains(t, a.body, "account_sid")
		require.Nil(t, a.body["account_sid"])
	}
	items, _ := b.pages(b.conversations, "/v1/Services", "services")
	require.Nil(t, items[0]["account_sid"])
	require.Equal(t, emulator.DefaultAccountSID, b.read(c).text("account_sid"), "only services are without")
	b = unkind(t, "account-sid=nowhere")
	_, c = b.conversation()
	for _, a := range []answer{b.read(c), b.readChat(private), b.read("/v1/Configuration")} {
		require.Contains(t, a.body, "account_sid")
		require.Nil(t, a.body["account_sid"])
	}
}

func TestCountsAdrift(t *testing.T) {
	b := newBench(t, emulator.Config{
		Generate: emulator.Generate{Channels: 30, Messages: 300, Seed: 1}, Unkind: parsed(t, "counts-adrift=0.4"),
	})
	services, _ := b.pages(b.chat, "/v1/Services", "services")
	at := "/v1/Services/" + services[0]["sid"].(string) + "/Channels"
	channels, _ := b.pages(b.chat, at+"?Type=public&Type=private", "channels")
	wrong := map[string]int{}
	for _, c := range channels {
		one := b.readChat(at + "/" + c["sid"].(string))
		for name, list := range map[string]string{"messages_count": "/Messages", "members_count": "/Members"} {
			require.Equal(t, c[name], one.body[name], "always by as much")
			all, _ := b.pages(b.chat, at+"/"+c["sid"].(string)+list, strings.ToLower(list[1:]))
			if c[name] != float64(len(all)) {
				wrong[name]++
			}
		}
	}
	for _, name := range []string{"messages_count", "members_count"} {
		require.Greater(t, wrong[name], 3)
		require.Less(t, wrong[name], 27)
	}
}

func TestIndexGaps(t *testing.T) {
	gaps := func(spec string) (n int) {
		b := unkind(t, spec)
		_, c := b.conversation()
		last := -1.0
		for range 200 {
			index := b.make(c+"/Messages", "Body", "x").body["index"].(float64)
			if index > last+1 {
				n++
			}
			last = index
		}
		return n
	}
	require.Zero(t, gaps("index-gaps=0"))
	require.NotZero(t, gaps("seed=1"), "by design, they are there unless switched off")
	require.Greater(t, gaps("index-gaps=0.5"), 60)
}
