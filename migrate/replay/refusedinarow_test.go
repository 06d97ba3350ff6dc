package replay_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

// Any number of messages may be refused for what they say, as long as others between
// them are not.
func TestManyRefusedAndNotInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all, want []string
		for i := range 24 {
			if i%2 == 1 {
				all = append(all, fmt.Sprint("odd ", i))
				continue
			}
			all = append(all, fmt.Sprint("even ", i))
			want = append(want, all[i])
		}
		r, m := between(t, emulator.Config{Archive: oneChannel(all...).Archive()})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
		m.do(func(x exchange) bool {
			odd := x.appends("") && strings.HasPrefix(x.Form.Get("Body"), "odd")
			if odd {
				html(403).WriteTo(x.w)
			}
			return odd
		})
		s := pass(t, r, migrate.Complete)
		require.EqualValues(t, 12, times(s, mapping.MessageRefused))
		require.Equal(t, want, bodies(t, r))
	})
}
