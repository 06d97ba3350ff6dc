package twilio

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// What is too long, or breaks behind its last byte, must not have been given out
// whole before that is known: a target would have it by then.
func TestExact(t *testing.T) {
	reset := errors.New("reset")
	for name, c := range map[string]struct {
		body io.Reader
		size int64
		got  string
		kind migrate.Kind // Failed if it is whole
	}{
		"whole":                         {strings.NewReader("hello"), 5, "hello", migrate.Failed},
		"whole, a byte at a time":       {iotest.OneByteReader(strings.NewReader("hello")), 5, "hello", migrate.Failed},
		"whole, its end with its bytes": {iotest.DataErrReader(strings.NewReader("hello")), 5, "hello", migrate.Failed},
		"empty":                         {strings.NewReader(""), 0, "", migrate.Failed},
		"not empty":                     {strings.NewReader("h"), 0, "", migrate.Refused},
		"longer":                        {strings.NewReader("hello!"), 5, "", migrate.Refused},
		"longer, in a piece of its own": {io.MultiReader(strings.NewReader("hello"), strings.NewReader("!")), 5, "", migrate.Refused},
		"longer, a byte at a time":      {iotest.OneByteReader(strings.NewReader("hello!")), 5, "hell", migrate.Refused},
		"shorter":                       {strings.NewReader("hell"), 5, "hell", migrate.Refused},
		"broken behind its last byte":   {io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(reset)), 5, "", migrate.Unavailable},
		"broken before":                 {io.MultiReader(strings.NewReader("he"), iotest.ErrReader(reset)), 5, "he", migrate.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			x := &exact{body: io.NopCloser(c.body), call: &call{ctx: t.Context(), op: readFile}, size: c.size}
			raw, err := io.ReadAll(x)
			require.Equal(t, c.got, string(raw))
			if c.kind == migrate.Failed {
				require.NoError(t, err)
			} else {
				require.Equal(t, c.kind, migrate.KindOf(err), "%v", err)
			}
			n, again := x.Read(make([]byte, 9))
			require.Zero(t, n)
			require.Equal(t, x.err, again)
		})
	}
	t.Run("stops with its caller", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		x := &exact{body: io.NopCloser(strings.NewReader("hello")), call: &call{ctx: ctx, op: readFile}, size: 5}
		n, err := x.Read(nil)
		require.Zero(t, n)
		require.NoError(t, err)
		cancel()
		_, err = x.Read(make([]byte, 9))
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
	})
}
