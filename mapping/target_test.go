package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
)

func TestPlainAttributes(t *testing.T) {
	for in, want := range map[string]string{
		`{"url": "a\/b", "n\u00e9": [1, 2.50, 1e3, {}], "x": null}`: `{"url":"a/b","né":[1,2.50,1e3,{}],"x":null}`,
		`{"b":1,"a":"\u2028<&>"}`:                                   `{"b":1,"a":"\u2028<&>"}`,
		` [ ] `:                                                     `[]`,
		`"x"`:                                                       `"x"`,
		`{"half":"\ud83d"}`:                                         `{"half":"\ud83d"}`,
		`{"a":1} x`:                                                 `{"a":1} x`,
		`{"a"`:                                                      `{"a"`,
		``:                                                          ``,
	} {
		require.Equal(t, want, mapping.PlainAttributes(in), in)
	}
}
