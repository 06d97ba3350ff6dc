package inplace_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/ledgertest"
)

func TestAdditionsThatMeet(t *testing.T) {
	t.Run("a service whose push of Chat is its own add nobody", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 5, emulator.Config{Unkind: emulator.Unkind{PushApart: true}})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			before := a.members(t)
			_, _, err = a.add(t.Context(), t, &rig.Torn{})
			require.Equal(t, migrate.Refused, migrate.KindOf(err))
			require.Contains(t, migrate.HintOf(err), "nobody was added")
			require.Equal(t, before, a.members(t))
			a.requireQuiet(t, "")
		})
	})
	t.Run("a participant who is denied though created count them once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 5, emulator.Config{Unkind: emulator.Unkind{Denied: 1}})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			got, _, err := a.add(t.Context(), t, &rig.Torn{})
			require.NoError(t, err)
			require.EqualValues(t, 12, got.Added)
			a.requireAll(t, 5, "")
		})
	})
	t.Run("a channel that is shown late wait for it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 5, emulator.Config{Unkind: emulator.Unkind{LateShow: 1}})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			got, failures, err := a.add(t.Context(), t, &rig.Torn{})
			require.NoError(t, err)
			require.Empty(t, failures)
			require.EqualValues(t, 12, got.Added)
			a.requireAll(t, 5, "")
		})
	})
	t.Run("another run in the service write nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 5, emulator.Config{})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			other, met := *a.Rig, false
			other.Ledger = filepath.Join(ledgertest.Dir(t), "other.db")
			got, _, err := a.add(t.Context(), t, &rig.Torn{}, func(x *inplace.Additions) {
				x.Settings.Concurrency = 1
				x.Write = listening{x.Write, func() {
					if met {
						return
					}
					met = true
					before := a.members(t)
					_, _, err := (&account{Rig: &other}).add(t.Context(), t, &rig.Torn{}, wishing(inplace.Wish{Channel: "channel-1", Identity: rig.IdentityOf(4)}))
					require.Equal(t, migrate.Conflict, migrate.KindOf(err))
					require.ErrorContains(t, err, "chatbridge migrate --in-place")
					require.Equal(t, before, a.members(t))
				}}
			})
			require.NoError(t, err)
			require.True(t, met)
			require.EqualValues(t, 12, got.Added)
			a.requireAll(t, 5, "")
		})
	})
	t.Run("a service that admits fewer than it says name the channel and go on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 5, emulator.Config{ParticipantLimit: 3})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			got, failures, err := a.add(t.Context(), t, &rig.Torn{}, func(a *inplace.Additions) { a.Target = limited{a.Target, migrate.Limits{}} })
			require.NoError(t, err)
			require.EqualValues(t, 6, got.Added)
			require.EqualValues(t, 6, got.Failed)
			require.Len(t, failures, 3)
			for _, f := range failures {
				require.True(t, strings.HasPrefix(f.SourceSID, "CH"))
				require.Contains(t, f.Reason, "people were not added")
				require.NotEmpty(t, f.Hint)
			}
		})
	})
}

// TestAdditionsThatCannotGoOn has each request fail, one after the other. No phone
// rings, and running again does the rest.
func TestAdditionsThatCannotGoOn(t *testing.T) {
	for answer, trip := range map[string]rig.Trip{
		"may not be made": {Reply: rig.Denied()},
		"is refused":      {Reply: rig.Refused()},
		"takes effect, of which the reply is lost": {Reply: rig.Failing(), After: true},
		"meets an outage":                          {Reply: rig.Failing(), Outage: true},
	} {
		t.Run("a request that "+answer, func(t *testing.T) {
			at := 1
			for more := true; more; at++ {
				synctest.Test(t, func(t *testing.T) {
					a := crowd(t, 3, emulator.Config{})
					a.Settings.Concurrency = 1
					_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
					require.NoError(t, err)
					one := trip
					one.At = at
					a.wire.Arm(one)
					got, failures, err := a.add(t.Context(), t, &rig.Torn{})
					hit := a.wire.Disarm()
					more = hit != ""
					if !more {
						require.NoError(t, err)
						return
					}
					if err == nil {
						require.Equal(t, got.Failed > 0, len(failures) > 0, hit)
					}
					require.Zero(t, a.Emulator.Stats().Pushes, hit)
					_, failures, err = a.add(t.Context(), t, &rig.Torn{})
					require.NoError(t, err, hit)
					require.Empty(t, failures, hit)
					a.requireAll(t, 3, hit)
				})
			}
			require.Greater(t, at, 20)
		})
	}
}

// TestAdditionsWithoutARecord has each call of the ledger fail, one after the other,
// and every write after it.
func TestAdditionsWithoutARecord(t *testing.T) {
	at := 1
	for more := true; more; at++ {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 3, emulator.Config{})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			l := &rig.Torn{At: at}
			_, _, err = a.add(t.Context(), t, l)
			if more = l.Hit() != ""; !more {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, rig.ErrTorn, l.Hit())
			require.Zero(t, a.Emulator.Stats().Pushes, l.Hit())
			_, err = a.promote(t.Context(), t, &rig.Torn{}, true) // comes first in a run, and keeps what was noted
			require.NoError(t, err)
			_, _, err = a.add(t.Context(), t, &rig.Torn{})
			require.NoError(t, err, l.Hit())
			a.requireAll(t, 3, l.Hit())
		})
	}
	require.Greater(t, at, 8)
}
