package chat_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
)

func TestTextThatIsNone(t *testing.T) {
	for raw, want := range map[string]string{
		`{"body":"cut \ud83d"}`:             "cut \xed\xa0\xbd",
		`{"body":"\uDE00 first"}`:           "\xed\xb8\x80 first",
		`{"body":"\ud83d\ud83d\ude00"}`:     "\xed\xa0\xbd😀",
		`{"body":"\ud83d\\ude00"}`:          "\xed\xa0\xbd\\ude00",
		"{\"body\":\"latin \xe9\"}":         "latin \xe9",
		"{\"body\":\"raw \xed\xa0\xbd\"}":   "raw \xed\xa0\xbd",
		"{\"body\":\"\ufdd0d83d \\ud83d\"}": "\ufdd0d83d \xed\xa0\xbd",
	} {
		t.Run("stays visible in "+raw, func(t *testing.T) {
			m, err := chat.Decode[chat.Message]([]byte(raw))
			require.NoError(t, err)
			require.Equal(t, want, m.Body)
			require.False(t, utf8.ValidString(m.Body))
			require.Equal(t, raw, string(m.Raw))
		})
	}
	for raw, want := range map[string]string{
		`{"body":"\ud83d\ude00"}`:   "😀",
		`{"body":"\\ud83d"}`:        `\ud83d`,
		"{\"body\":\"was \ufffd\"}": "was \ufffd",
		`{"body":"\ufffd"}`:         "\ufffd",
	} {
		t.Run("is not seen in "+raw, func(t *testing.T) {
			m, err := chat.Decode[chat.Message]([]byte(raw))
			require.NoError(t, err)
			require.Equal(t, want, m.Body)
			require.True(t, utf8.ValidString(m.Body))
		})
	}
	t.Run("is found wherever a string can be", func(t *testing.T) {
		s, err := chat.Decode[chat.Service]([]byte(`{"webhook_filters":["a\ud83d"],"webhooks":{"k":{"url":"b\ud83d"}},` +
			`"notifications":{"new_message":{"template":"c\ud83d"}}}`))
		require.NoError(t, err)
		const half = "\xed\xa0\xbd"
		require.Equal(t, []string{"a" + half}, s.WebhookFilters)
		require.Equal(t, "b"+half, s.Webhooks["k"].URL)
		require.Equal(t, "c"+half, *s.Notifications.NewMessage.Template)
	})
	t.Run("makes two identities of two halves", func(t *testing.T) {
		one, err := chat.Decode[chat.User]([]byte(`{"identity":"x\ud83d"}`))
		require.NoError(t, err)
		two, err := chat.Decode[chat.User]([]byte(`{"identity":"x\ud83e"}`))
		require.NoError(t, err)
		require.NotEqual(t, one.Identity, two.Identity)
	})
	t.Run("is quoted without loss", func(t *testing.T) {
		require.Equal(t, `"<\ud83d>\"\xe9"`, chat.Quote("<\xed\xa0\xbd>\"\xe9"))
	})
}

// FuzzText holds what is decoded to what encoding/json makes of it: the same,
// but for the places that are no text.
func FuzzText(f *testing.F) {
	for _, s := range []string{`"\ud83d"`, `"\ud83d\ude00"`, `"\\ud83d"`, "\"\xff\"", "\"\ufdd0\\ud83d\"", `"\ud83d\u"`, `"\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var plain, ours string
		err := json.Unmarshal(raw, &plain)
		failed := chat.Unmarshal(raw, &ours)
		require.Equal(t, err == nil, failed == nil, "%q: %v, %v", raw, err, failed)
		if err != nil {
			return
		}
		replaced := chat.Replace(ours, func(rune) string { return "\ufffd" })
		if utf8.Valid(raw) { // encoding/json counts three bytes where raw spells a half as UTF-8 would
			require.Equal(t, plain, replaced)
		}
		if utf8.ValidString(ours) {
			require.Equal(t, plain, ours)
		}
	})
}
