package emulator

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func hideSet(raw string) string {
	return string(hide(json.RawMessage(raw), func(name string, value []byte) bool {
		return name == "attributes" && string(value) != `"{}"`
	}))
}

func TestHide(t *testing.T) {
	for in, out := range map[string]string{
		`{}`:                                 `{}`,
		`{"attributes":"{}"}`:                `{"attributes":"{}"}`,
		`{"attributes":"{\"a\":\"\\\"}\"}"}`: `{"attributes":null}`,
		"{ \"a\" : 1 ,\n \"attributes\" : \"x\" , \"b\":2}":                     "{ \"a\" : 1 ,\n \"attributes\" : null , \"b\":2}",
		`{"in":{"attributes":"x","y":[1,{"attributes":"z"}]},"attributes":"x"}`: `{"in":{"attributes":"x","y":[1,{"attributes":"z"}]},"attributes":null}`,
		`{"n":12345678901234567890,"attributes":null}`:                          `{"n":12345678901234567890,"attributes":null}`,
		`{"body":"\"attributes\":\"x\"","last":true}`:                           `{"body":"\"attributes\":\"x\"","last":true}`,
	} {
		require.Equal(t, out, hideSet(in))
	}
}

func FuzzHide(f *testing.F) {
	f.Add(`{"attributes":"{\"a\":1}","b":[1,"}"]}`)
	f.Add(`{"a":-1e9,"attributes":{"b":null}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		var before map[string]json.RawMessage
		if json.Unmarshal([]byte(raw), &before) != nil || before == nil {
			t.Skip("not an object: nothing else is kept")
		}
		var after map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(hideSet(raw)), &after), raw)
		require.Len(t, after, len(before))
		for name, value := range before {
			if name != "attributes" {
				require.Equal(t, value, after[name])
			}
		}
	})
}
