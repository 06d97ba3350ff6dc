package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
)

// A message that landed without an answer is found by its file behind what somebody
// wrote since.
func TestFileBehindWhatSomebodyWrote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t)
		landed := false
		s, err := r.Migrate(t.Context(), taking(func(m conversations.Message, really appendMessage) (conversations.Message, error) {
			got, err := really(m)
			if err != nil || landed {
				return got, err
			}
			landed = true
			there := only(t, r)
			for _, body := range []string{"hello", "anybody here?"} {
				_, err := r.Emulator.PostAs(there.Conversation, rig.IdentityOf(0), body)
				require.NoError(t, err)
			}
			return m, inDoubt("append message")
		}))
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, []string{"before", "[file 1.png, 3000]", "hello", "anybody here?", "between", "look[file 3.png, 700]", "after"}, filesIn(t, r))
		require.Equal(t, migrate.KindCount{Source: 2, Written: 2}, s.Counts[migrate.KindFiles])
	})
}

// What stands in the place of a message whose file could not be copied has no file to
// be noted.
func TestNoFileIsNotedOfAPlaceholder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t, "media-unavailable=placeholder")
		require.NoError(t, r.Emulator.LoseFile(rig.SidOf("ME", 1)))
		for range 2 {
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			rig.In(r, "").InLedger(t, func(l migrate.Ledger) {
				_, known, err := l.File(t.Context(), rig.SidOf("CH", 0), 1)
				require.NoError(t, err)
				require.False(t, known)
				_, known, err = l.File(t.Context(), rig.SidOf("CH", 0), 3)
				require.NoError(t, err)
				require.True(t, known)
			})
			r.Ledger += ".new"
		}
	})
}
