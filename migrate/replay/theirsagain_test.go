package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
)

// A policy may want a message written that somebody else wrote already. If no
// answer comes, what was there before is not what was sent.
func TestTheirsIsNotWhatWasSent(t *testing.T) {
	for name, landed := range map[string]bool{"the request took effect": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
				r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageThere: "append"}
				pass(t, r, migrate.Complete)
				mirror(t, r, only(t, r).Conversation, "new")
				theirs := messageOf(t, only(t, r), "new").SID
				sent := 0
				m.do(func(x exchange) bool {
					if !x.appends("new") {
						return false
					}
					if sent++; sent == 1 {
						if landed {
							x.commit()
						}
						x.lose()
					}
					return false
				})
				s := pass(t, r, migrate.Complete)
				require.EqualValues(t, 1, times(s, mapping.MessageThere))
				require.Equal(t, append(four[:4:4], "new", "new"), bodies(t, r))
				if landed {
					require.Equal(t, 1, sent)
				} else {
					require.Equal(t, 2, sent)
				}
				l, err := sqlite.OpenReader(t.Context(), r.Ledger)
				require.NoError(t, err)
				defer func() { require.NoError(t, l.Close()) }()
				newest, _, err := l.Newest(t.Context(), rig.SidOf("CH", 0))
				require.NoError(t, err)
				require.EqualValues(t, 4, newest.SourceIndex)
				require.False(t, newest.Others)
				require.NotEqual(t, theirs, newest.TargetSID)
			})
		})
	}
}
