package replay_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
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

// What passed is known of a file whose message landed before the run died, and is not
// forgotten when that is found.
func TestFileThatIsKnownStaysKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t)
		cutOff(t, r, call{"target AppendMessage", 2}, true)
		noted := func() (rec migrate.FileRecord) {
			rig.In(r, "").InLedger(t, func(l migrate.Ledger) {
				var known bool
				var err error
				rec, known, err = l.File(t.Context(), rig.SidOf("CH", 0), 1)
				require.NoError(t, err)
				require.True(t, known)
			})
			return rec
		}
		before := noted()
		require.NotZero(t, before.SHA256)
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, before, noted())
	})
}

// A message with a file that is sent without an answer is in doubt as often as it was
// sent.
func TestFileWithoutAnAnswerIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t)
		sent := 0
		_, err := r.Migrate(t.Context(), taking(func(m conversations.Message, _ appendMessage) (conversations.Message, error) {
			sent++
			return m, inDoubt("append message")
		}))
		require.ErrorContains(t, err, "no answer to any attempt")
		all := doubts(t, r)
		require.Len(t, all, 1)
		require.EqualValues(t, sent, all[0].Sends)
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, []string{"before", "[file 1.png, 3000]", "between", "look[file 3.png, 700]", "after"}, filesIn(t, r))
	})
}

// A pass whose only news is a message with a file gives the conversation its date back,
// as any pass does that writes.
func TestFileAloneIsAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t)
		pass(t, r, migrate.Complete)
		time.Sleep(time.Hour)
		_, _, err := r.Emulator.AppendFileToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "", emulator.File{Filename: "new.png", ContentType: "image/png", Size: 9})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		c := &calls{}
		s, err := c.run(t.Context(), t, r)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, 1, c.times("target AppendMessage"))
		require.Equal(t, 1, c.times("target SetConversation"), "its date")
		require.EqualValues(t, 1, s.Counts[migrate.KindChannels].Written)
	})
}

// A ledger that cannot be asked about a file ends the run.
func TestFileThatTheLedgerCannotTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t)
		pass(t, r, migrate.Complete)
		r.Ledger += ".new"
		broken := errors.New("disk I/O error")
		c := &calls{before: func(one call) error {
			if one == (call{"ledger File", 1}) {
				return broken
			}
			return nil
		}}
		_, err := c.run(t.Context(), t, r)
		require.ErrorIs(t, err, broken)
		pass(t, r, migrate.Complete)
	})
}
