package chat

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// odd are texts at which readers of JSON disagree, and the seeds of the fuzzing.
var odd = []string{
	"", " ", "{}", " {} ", "[]", "{} {}", "{}x", "nul", "null", "truex", `"a`, `"a"`, "\"\x01\"", `"\x"`, `"\u12"`, `"\u00e9\n\/"`,
	"01", "-", "-0", "1.", "1.5", "1e", "1e+", "1E-5", ".5", "[1,]", "[,1]", "[1 2]", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{"a":1,"a":2}`, `{1:2}`,
	`{"sid":"IM1","body":"x","index":5,"attributes":"{\"a\":\"b\"}","was_edited":true,"date_created":"2019-01-01T00:00:00Z","media":null,"links":{"a":[1,2]}}`,
	`{"sid":"IM1","Body":"x"}`, `{"body":"x","body":null}`, `{"b\u006fdy":"x"}`, `{"body":"\ud800"}`, `{"body":"\ud83d\ude00"}`, "{\"body\":\"\xff\"}", `{"body":7}`, `{"index":"7"}`,
	`{"index":7.0}`, `{"index":1e3}`, `{"index":9223372036854775808}`, `{"index":-3}`, `{"date_created":"Tue, 01 Jan 2019 00:00:00 +0000"}`, `{"date_created":"x"}`, `{"date_created":""}`,
	`{"media":{"sid":"ME1"}}`, `{"more_media":[]}`, `{"was_edited":null,"attributes":null}`, "{\"\u017fid\":\"IM1\"}", `{"body":"é"}`, "\ufeff{}",
}

// TestDeepest holds the depth to that of encoding/json, to the level.
func TestDeepest(t *testing.T) {
	for _, depth := range []int{1, deepest - 1, deepest, deepest + 1, 5_000_000} {
		for _, pair := range []string{"[]", `{"a":}`} {
			closing := pair[len(pair)-1:]
			text := strings.Repeat(strings.TrimSuffix(pair, closing), depth) + strings.Repeat(closing, depth)
			text = strings.ReplaceAll(text, ":}", ":{}}")
			require.Equal(t, json.Valid([]byte(text)), Valid([]byte(text)), "%d of %s", depth, pair)
		}
	}
}

// FuzzJSON holds the fast readers to encoding/json: what they take is valid, and what
// they read is the same.
func FuzzJSON(f *testing.F) {
	for _, s := range odd {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		require.Equal(t, json.Valid(raw), Valid(raw))

		var list []json.RawMessage
		elements, isList := Elements(raw)
		require.Equal(t, json.Unmarshal(raw, &list) == nil && list != nil, isList)
		require.Len(t, elements, len(list))
		for i := range list {
			require.Equal(t, string(list[i]), string(elements[i]))
		}

		var members map[string]json.RawMessage
		isObject := json.Unmarshal(raw, &members) == nil && members != nil
		got := map[string]json.RawMessage{}
		o := ObjectOf(raw)
		for p, ok := o.Next(); ok; p, ok = o.Next() {
			got[p.Name()] = json.RawMessage(p.Value)
			require.Equal(t, byte('"'), raw[p.Start])
			require.Equal(t, string(p.Value), string(raw[p.From:p.From+len(p.Value)]))
		}
		require.Equal(t, isObject, o.Whole())
		if isObject && Valid(raw) && len(got) == len(members) {
			for name, value := range members {
				require.Equal(t, string(value), string(got[name]), "%q", name)
			}
		}

		if s, ok := Text(raw); ok {
			var want string
			require.NoError(t, Unmarshal(raw, &want))
			require.Equal(t, want, s)
		}
		var quick, slow Message
		if quickMessage(raw, &quick) {
			require.NoError(t, Unmarshal(raw, &slow))
			require.Equal(t, slow, quick)
		}
	})
}

// TestQuickReadsWhatIsUsual keeps what is sent every day from taking the long way
// unnoticed.
func TestQuickReadsWhatIsUsual(t *testing.T) {
	for _, raw := range []string{
		`{"sid":"IM1","body":"x \"quoted\" \u00e9 and é","index":5,"attributes":"{\"a\":1}","was_edited":true,"date_created":"2019-01-01T00:00:00Z","media":null}`,
		`{"sid":"IM1","attributes":null,"index":0,"to":"CH1","url":"https://example.com"}`,
	} {
		var quick, slow Message
		require.True(t, quickMessage([]byte(raw), &quick), raw)
		require.NoError(t, Unmarshal([]byte(raw), &slow))
		require.Equal(t, slow, quick)
	}
}
