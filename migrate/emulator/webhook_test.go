package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestConversationWebhook(t *testing.T) {
	whole := []string{"Target", "webhook", "Configuration.Url", "https://a.test", "Configuration.Filters", "onMessageAdded"}
	t.Run("refuses what Twilio does, and a replay", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		_, c := b.conversation()
		for name, one := range map[string]struct {
			code int
			form []string
		}{
			"no target":     {50364, []string{"Configuration.Url", "https://a.test"}},
			"a method":      {50365, append([]string{"Configuration.Method", "PUT"}, whole...)},
			"a long URL":    {50372, []string{"Target", "webhook", "Configuration.Url", "https://a.test/" + strings.Repeat("x", 512), "Configuration.Filters", "onMessageAdded"}},
			"a pre-event":   {50369, []string{"Target", "webhook", "Configuration.Url", "https://a.test", "Configuration.Filters", "onMessageAdd"}},
			"no keyword":    {50362, []string{"Target", "trigger", "Configuration.Url", "https://a.test"}},
			"no flow":       {50370, []string{"Target", "studio"}},
			"what was said": {50367, append([]string{"Configuration.ReplayAfter", "0"}, whole...)},
		} {
			t.Run(name, func(t *testing.T) { b.refused(b.write(c+"/Webhooks", one.form...), http.StatusBadRequest, one.code) })
		}
	})
	t.Run("five fit in a conversation", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		_, c := b.conversation()
		for range 5 {
			b.make(c+"/Webhooks", whole...)
		}
		b.refused(b.write(c+"/Webhooks", whole...), http.StatusBadRequest, 50361)
	})
	t.Run("is called only by writes that ask for it, unless the emulator is unkind", func(t *testing.T) {
		for _, eager := range []bool{false, true} {
			b := newBench(t, emulator.Config{Unkind: emulator.Unkind{EagerWebhooks: eager}})
			_, c := b.conversation()
			b.make(c+"/Messages", "Body", "before")
			b.make(c+"/Webhooks", whole...)
			require.Zero(t, b.e.Stats().Webhooks)
			b.make(c+"/Messages", "Body", "after")
			require.Equal(t, eager, b.e.Stats().Webhooks == 1)
		}
	})
}

func TestChatV1ShowsNoWebhooks(t *testing.T) {
	b := newBench(t, emulator.Config{Archive: workspace(t)})
	for _, path := range []string{private + "/Webhooks", service + "/Bindings", service + "/Users/" + userSID + "/Bindings"} {
		require.Equal(t, http.StatusNotFound, b.readChat(path).status, path)
		require.Equal(t, http.StatusOK, b.readChat(v2(path)).status, path)
	}
}
