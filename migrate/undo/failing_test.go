package undo_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
)

// undoWith undoes as a new process would, with a ledger of which one call may
// fail.
func undoWith(ctx context.Context, t *testing.T, r *rig.Rig, l *rig.Torn, execute bool) (undo.Undone, []undo.Removal, error) {
	t.Helper()
	var err error
	l.Ledger, err = sqlite.Open(ctx, r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	target := r.Target(&transport.Counter{})
	var all []undo.Removal
	u := undo.Undoer{Target: target, Write: target, Ledger: l, Record: l, Observer: r.Events, Settings: r.Settings, Execute: execute}
	got, err := u.Run(ctx, func(one undo.Removal) { all = append(all, one) })
	return got, all, err
}

// place is where a migration goes.
type place int

const (
	own   place = iota // a service of its own
	there              // one with strangers in it
	inUse              // one that has a role and a user of the source already, who are replaced
)

var places = map[string]place{
	"a service of its own":     own,
	"a service that was there": there,
	"a service in use, of which a role and a user were replaced": inUse,
}

// undoable is a finished migration of two channels into a place, and what the
// target held before.
func undoable(t *testing.T, into place) (r *rig.Rig, wire *rig.Tripwire, before string) {
	t.Helper()
	wire = &rig.Tripwire{}
	s := rig.ManyChannels(2)
	s.Users = 2
	r, _ = inhabited(t, into, emulator.Config{Archive: s.Archive(), Intercept: wire.Intercept})
	r.Settings.Concurrency = 1
	before = r.State(t)
	sum, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, sum.Status)
	return r, wire, before
}

// inhabited is an account with a service that is none of ours, and the SID of that.
func inhabited(t *testing.T, into place, c emulator.Config) (r *rig.Rig, sid string) {
	t.Helper()
	if into == inUse {
		m := rig.InUse(t, c)
		m.Settings.Mapper.Policy = mapping.Policy{mapping.RoleWasThere: "replace", mapping.UserWasThere: "replace"}
		return m.Rig, m.Service
	}
	r = rig.NewRig(t, c)
	if sid = r.Inhabit(t); into == there {
		r.Settings.ToService = sid
	}
	return r, sid
}

// TestUndoThatCannotGoOn has each request of an undo fail, one after the other.
// What it said is done is done, what it could not do it says, and the next undo
// does the rest.
func TestUndoThatCannotGoOn(t *testing.T) {
	const goesOn migrate.Kind = -1 // as if nothing had been
	for name, into := range places {
		for answer, c := range map[string]struct {
			trip rig.Trip
			kind migrate.Kind
		}{
			"may not be made": {rig.Trip{Reply: rig.Denied()}, migrate.Credentials},
			"is refused":      {rig.Trip{Reply: rig.Refused()}, migrate.Refused},
			"takes effect, of which the reply is lost": {rig.Trip{Reply: rig.Failing(), After: true}, goesOn},
			"meets an outage":                          {rig.Trip{Reply: rig.Failing(), Outage: true}, migrate.Unavailable},
		} {
			t.Run("a request that "+answer+", in "+name, func(t *testing.T) {
				at, stride := rig.Faults(t)
				for more := true; more; at += stride {
					synctest.Test(t, func(t *testing.T) {
						r, wire, before := undoable(t, into)
						trip := c.trip
						trip.At = at
						wire.Arm(trip)
						got, all, err := undoWith(t.Context(), t, r, &rig.Torn{}, true)
						hit := wire.Disarm()
						if hit == "" {
							more = false
							require.NoError(t, err)
							require.Equal(t, before, r.State(t))
							return
						}
						switch {
						case c.kind == goesOn:
							require.NoError(t, err, hit)
							require.Equal(t, before, r.State(t), "%s: %+v", hit, all)
						case err == nil && rig.OfClaim(hit):
							require.Zero(t, kept(all, "Twilio error 20001"), "%s: %+v", hit, all)
						case err == nil:
							require.Equal(t, migrate.Refused, c.kind, "%s: %+v", hit, all)
							require.NotContains(t, hit, "GET ")
							require.NotZero(t, kept(all, "Twilio error 20001"), "%s: %+v", hit, all)
						default:
							require.Equal(t, c.kind, migrate.KindOf(err), "%s: %v", hit, err)
						}
						for kind, n := range got.Counts {
							require.LessOrEqual(t, n.Done, n.Delete+n.Restore, "%s: %s", hit, kind)
						}
						_, all, err = undoWith(t.Context(), t, r, &rig.Torn{}, true)
						require.NoError(t, err, hit)
						require.Equal(t, before, r.State(t), "%s: %+v", hit, all)
						require.Zero(t, r.Emulator.Stats().Pushes, hit)
					})
				}
				require.Greater(t, at, 12)
			})
		}
	}
}

func kept(all []undo.Removal, reason string) (n int) {
	for _, one := range all {
		if one.Fate == undo.Keep && !one.Done && strings.Contains(one.Reason, reason) {
			n++
		}
	}
	return n
}

// TestUndoWithoutARecord has each call of the ledger fail, one after the other,
// and every write after it. What is gone and is still in the ledger is found gone
// by the next undo.
func TestUndoWithoutARecord(t *testing.T) {
	for name, into := range places {
		for _, execute := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, executed: %t", name, execute), func(t *testing.T) {
				at, stride := rig.Faults(t)
				for more := true; more; at += stride {
					synctest.Test(t, func(t *testing.T) {
						r, _, before := undoable(t, into)
						writes := r.Emulator.Stats().Conversations.Writes
						l := &rig.Torn{At: at}
						_, all, err := undoWith(t.Context(), t, r, l, execute)
						hit := l.Hit()
						if !execute {
							require.Equal(t, writes, r.Emulator.Stats().Conversations.Writes)
						}
						if hit == "" {
							more = false
							require.NoError(t, err)
							return
						}
						require.ErrorIs(t, err, rig.ErrTorn, "%s: %+v", hit, all)
						_, all, err = undoWith(t.Context(), t, r, &rig.Torn{}, true)
						require.NoError(t, err, hit)
						require.Equal(t, before, r.State(t), "%s: %+v", hit, all)
						again, err := r.Migrate(t.Context())
						require.NoError(t, err, hit)
						require.Equal(t, migrate.Complete, again.Status, hit)
						v, differences := r.Verify(t.Context())
						require.True(t, v.Equal, "%s: %+v", hit, differences)
					})
				}
				require.Greater(t, at, 5)
			})
		}
	}
}

func TestUndoIsTold(t *testing.T) {
	t.Run("to stop, and says how to go on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := undoable(t, own)
			before := r.State(t)
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			stop := make(chan struct{})
			close(stop)
			target := r.Target(&transport.Counter{})
			u := undo.Undoer{Target: target, Write: target, Ledger: l, Record: l, Observer: r.Events, Settings: r.Settings, Execute: true, Drain: stop}
			done, err := u.Run(t.Context(), func(undo.Removal) {})
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.ErrorIs(t, err, migrate.ErrDrained)
			require.Equal(t, migrate.InterruptedStatus, done.Status)
			require.Equal(t, "run the same command again to go on", migrate.HintOf(err))
			require.NoError(t, l.Close())
			require.Equal(t, before, r.State(t))
		})
	})

	t.Run("to undo a service that the ledger does not know", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := undoable(t, own)
			r.Settings.Services = []string{"IS00000000000000000000000000000099"}
			_, all, err := r.Undo(t.Context(), true)
			require.Empty(t, all)
			require.Equal(t, migrate.NotFound, migrate.KindOf(err))
			require.ErrorContains(t, err, "IS00000000000000000000000000000099")
			require.Contains(t, migrate.HintOf(err), "chatbridge sids")
		})
	})

	t.Run("to undo what was made visible where it is, and keeps it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := undoable(t, own)
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: "IS1", TargetSID: "IS1", Stage: migrate.Done}))
			require.NoError(t, l.Close())
			r.Settings.Services = []string{"IS1"}
			before := r.State(t)
			got, all, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, []undo.Removal{{Fate: undo.Keep, Kind: migrate.KindServices, SourceSID: "IS1", TargetSID: "IS1", Reason: "it is the source service itself"}}, all)
			require.EqualValues(t, 1, got.Counts[migrate.KindServices].Keep)
			require.Equal(t, before, r.State(t))
		})
	})
}
