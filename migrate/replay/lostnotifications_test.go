package replay_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/transport"
)

// pushed reports whether the service sends push notifications.
func pushed(t *testing.T, r *rig.Rig, service string) bool {
	t.Helper()
	cfg, err := r.Target(&transport.Counter{}).Configuration(t.Context(), service)
	require.NoError(t, err)
	return cfg.Notifications.NewMessage.Enabled
}

func claimed(t *testing.T, r *rig.Rig, service string) bool {
	t.Helper()
	_, err := r.Target(&transport.Counter{}).Conversation(t.Context(), service, migrate.ClaimName)
	if err != nil {
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
	}
	return err == nil
}

func TestNotificationsOfALostLedger(t *testing.T) {
	into := func(t *testing.T) (*rig.Rig, string) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		there := r.Inhabit(t)
		r.Settings.ToService = there
		return r, there
	}
	t.Run("come back with a new ledger, wherever the run before was killed", func(t *testing.T) {
		off := 0
		for n := 1; ; n++ {
			killed := false
			synctest.Test(t, func(t *testing.T) {
				r, there := into(t)
				if killed = r.Killed(t, rig.Kill{Write: n, After: n%2 == 0}); !killed {
					return
				}
				if !pushed(t, r, there) {
					off++
				}
				r.Ledger = filepath.Join(ledgertest.Dir(t), "new.db")
				require.Equal(t, migrate.Complete, r.UntilDone(t).Status)
				require.True(t, pushed(t, r, there), "killed at write %d", n)
				require.False(t, claimed(t, r, there))
			})
			if !killed {
				break
			}
		}
		require.Greater(t, off, 10)
	})
	t.Run("are noted in the claim after a run that ended partial, and come back with a new ledger at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			refuse := true
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive(),
				Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if refuse && x.Form.Get("Body") == "four" {
						emulator.Refusal(400, 50503, "refused").WriteTo(w)
						return
					}
					commit().WriteTo(w)
				}})
			there := r.Inhabit(t)
			r.Settings.ToService = there
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.False(t, pushed(t, r, there))
			require.True(t, claimed(t, r, there), "it says what they were")
			refuse = false
			r.Ledger = filepath.Join(ledgertest.Dir(t), "new.db")
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.LessOrEqual(t, s.Duration, 2*r.Settings.Settle.Seconds(), "nobody holds the claim")
			require.True(t, pushed(t, r, there))
			require.False(t, claimed(t, r, there))
		})
	})
	t.Run("come back with the ledger that finished the service, after a run on another ended partial", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := rig.ManyChannels(2)
			r := rig.NewRig(t, emulator.Config{})
			there := r.MigrateFrom(t, s.Archive()).Services[0].TargetSID
			target := r.Target(&transport.Counter{})
			require.NoError(t, target.SetNotifications(t.Context(), there, conversations.Notifications{NewMessage: conversations.Notification{Enabled: true}}))
			first := r.Ledger
			r.Ledger = filepath.Join(ledgertest.Dir(t), "new.db")
			more := rig.ManyChannels(3)
			more.Channels[2].Messages[1].Body = ""
			require.Equal(t, migrate.Partial, r.Once(t, more.Archive()).Status)
			require.False(t, pushed(t, r, there))
			r.Ledger = first
			require.Equal(t, migrate.Complete, r.Once(t, s.Archive()).Status)
			require.True(t, pushed(t, r, there))
			require.False(t, claimed(t, r, there))
		})
	})
	t.Run("come back after the service was done, and done again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := rig.ManyChannels(1)
			r := rig.NewRig(t, emulator.Config{})
			first := r.MigrateFrom(t, s.Archive())
			there := first.Services[0].TargetSID
			target := r.Target(&transport.Counter{})
			require.NoError(t, target.SetNotifications(t.Context(), there, conversations.Notifications{NewMessage: conversations.Notification{Enabled: true}}))
			a, err := archive.Open(rig.ManyChannels(3).Archive())
			require.NoError(t, err)
			src := archive.NewSource(a)
			defer src.Close()
			stop := make(chan struct{})
			done := start(t, r, r.Ledger, func(m *replay.Migration) {
				m.Source, m.Drain = src, stop
				m.Observer = drainAt{r.Events, "push notifications are off until the service is done", stop}
			})
			require.Equal(t, migrate.Interrupted, migrate.KindOf((<-done).err))
			require.False(t, pushed(t, r, there))
			require.True(t, claimed(t, r, there))
			r.Ledger = filepath.Join(ledgertest.Dir(t), "new.db")
			require.NoError(t, (<-start(t, r, r.Ledger, func(m *replay.Migration) { m.Source = src })).err)
			require.True(t, pushed(t, r, there))
			require.False(t, claimed(t, r, there))
		})
	})
}

// drainAt gives the signal to stop at an event.
type drainAt struct {
	*rig.Events
	at   string
	stop chan struct{}
}

func (d drainAt) Event(e migrate.Event) {
	d.Events.Event(e)
	if e.Message == d.at {
		close(d.stop)
	}
}
