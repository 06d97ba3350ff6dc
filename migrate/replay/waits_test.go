package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// TestWaitIsNoStall holds that a wait which the run imposes on a lane is no
// stall, be it longer than the watchdog.
func TestWaitIsNoStall(t *testing.T) {
	t.Run("after a crash", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			cutOff(t, r, call{"target AppendMessage", 2}, true)
			r.Settings.Settle, r.Settings.Watchdog = 3*time.Minute, time.Minute
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Greater(t, s.Duration, r.Settings.Watchdog.Seconds())
		})
	})

	t.Run("for a create or a message without answer", func(t *testing.T) {
		for _, name := range []string{"target AppendConversation", "target AppendMessage"} {
			synctest.Test(t, func(t *testing.T) {
				r := littleRig(t, little(t))
				r.Settings.Settle, r.Settings.Watchdog = 3*time.Minute, time.Minute
				c := &calls{after: firstOf(name, inDoubt("append"))}
				s, err := c.run(t.Context(), t, r)
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			})
		}
	})

	t.Run("for answers that come slowly, each of which is one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			r.Settings.Watchdog = time.Minute
			c := &calls{before: func(one call) error {
				if one.name != "target AppendConversation" {
					return nil
				}
				time.Sleep(40 * time.Second)
				if one.nth < 4 {
					return &migrate.Error{Op: "create conversation", Kind: migrate.Contended, Err: errors.New("somebody else is writing")}
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Target = bareTarget{m.Target} })
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		})
	})

	t.Run("and what gets on, however slowly, is none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			r.Settings.Watchdog = time.Minute
			c := &calls{before: func(one call) error {
				if side(one) == "target" {
					time.Sleep(15 * time.Second)
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		})
	})
}

// bareTarget lists no conversation, and asks nobody, so that no request tells the
// watchdog that something goes on.
type bareTarget struct{ migrate.Target }

func (bareTarget) Conversations(context.Context, string) iter.Seq2[conversations.Conversation, error] {
	return func(func(conversations.Conversation, error) bool) {}
}

// Each message of a list that comes slowly is progress, whatever the target says.
func TestEachMessageIsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var many []string
		for i := range 80 {
			many = append(many, fmt.Sprint("message ", i))
		}
		r := rig.NewRig(t, emulator.Config{Archive: oneChannel(many...).Archive()})
		r.Settings.Watchdog = time.Minute
		s, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) { m.Target = drippingTarget{m.Target, t.Context()} })
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Greater(t, s.Duration, 80.0)
	})
}

// drippingTarget lists a message a second, and tells no watchdog.
type drippingTarget struct {
	migrate.Target
	quiet context.Context
}

func (d drippingTarget) Messages(_ context.Context, service, conversation string, newest bool) iter.Seq2[conversations.Message, error] {
	return func(yield func(conversations.Message, error) bool) {
		for m, err := range d.Target.Messages(d.quiet, service, conversation, newest) {
			time.Sleep(time.Second)
			if !yield(m, err) {
				return
			}
		}
	}
}
