package inplace_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// mixed is a workspace with five public channels and four private ones.
func mixed() rig.Scenario {
	s := rig.ManyChannels(9)
	for i := range 5 {
		s.Channels[i].Public = true
	}
	return s
}

// account is one account with the workspace in it, and a ledger.
type account struct {
	*rig.Rig
	wire  *rig.Tripwire
	drain chan struct{}
	told  func(*inplace.Promotion)
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{wire: &rig.Tripwire{}}
	a.Rig = rig.NewRig(t, emulator.Config{Archive: mixed().Archive(), Shared: true, Intercept: a.wire.Intercept})
	return a
}

// promote runs as a new process would, with a ledger of which one call may fail.
func (a *account) promote(ctx context.Context, t *testing.T, l *rig.Torn, execute bool) (inplace.Result, error) {
	t.Helper()
	var err error
	l.Ledger, err = sqlite.Open(t.Context(), a.Rig.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	counter := &transport.Counter{}
	promoter, err := twilio.NewPromoter(twilio.Config{
		BaseURL: "http://127.0.0.1:1", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: a.Transport(a.Emulator.Chat(), counter),
	})
	require.NoError(t, err)
	p := inplace.Promotion{
		Source: a.Source(counter), Target: a.Target(counter), Promoter: promoter, Ledger: l,
		Observer: a.Events, Settings: a.Settings, Execute: execute, Traffic: counter.Traffic, Drain: a.drain,
	}
	if a.told != nil {
		a.told(&p)
	}
	return p.Run(ctx)
}

// public is how many channels are still public.
func (a *account) public() (n int) {
	for _, c := range a.Emulator.Channels() {
		if c.Type == chat.PublicChannel {
			n++
		}
	}
	return n
}

// requireWhole requires that nothing is left to do, and that the ledger says so.
func (a *account) requireWhole(t *testing.T, about string) {
	t.Helper()
	got, err := a.promote(t.Context(), t, &rig.Torn{}, true)
	require.NoError(t, err, about)
	require.Equal(t, migrate.Complete, got.Status, about)
	require.Empty(t, got.Failures, about)
	require.Zero(t, a.public(), about)
	again, err := a.promote(t.Context(), t, &rig.Torn{}, true)
	require.NoError(t, err, about)
	require.Zero(t, again.Requests.Writes, about)
	require.EqualValues(t, 9, again.Before+again.Visible, about)
	require.Equal(t, got.Before+got.Promoted, again.Before, about)
	l, err := sqlite.Open(t.Context(), a.Rig.Ledger)
	require.NoError(t, err)
	s, ok, err := l.Service(t.Context(), rig.ScenarioService)
	require.NoError(t, err)
	require.True(t, ok, about)
	require.Equal(t, migrate.Done, s.Stage, about)
	for f, err := range l.Failures(t.Context()) {
		require.NoError(t, err)
		require.Fail(t, "a failure that is none any more", "%s: %+v", about, f)
	}
	require.NoError(t, l.Close())
}

// TestPromotionThatCannotGoOn has each request fail, one after the other. What
// counts as promoted is private, and running again does the rest.
func TestPromotionThatCannotGoOn(t *testing.T) {
	const goesOn migrate.Kind = -1 // as if nothing had been
	for answer, c := range map[string]struct {
		trip rig.Trip
		kind migrate.Kind
	}{
		"may not be made": {rig.Trip{Reply: rig.Denied()}, migrate.Credentials},
		"is refused":      {rig.Trip{Reply: rig.Refused()}, migrate.Refused},
		"takes effect, of which the reply is lost": {rig.Trip{Reply: rig.Failing(), After: true}, goesOn},
		"meets an outage":                          {rig.Trip{Reply: rig.Failing(), Outage: true}, migrate.Unavailable},
	} {
		for _, execute := range []bool{false, true} {
			name := "a request that " + answer
			if !execute {
				name += ", of a preview"
			}
			t.Run(name, func(t *testing.T) {
				at := 1
				for more := true; more; at++ {
					synctest.Test(t, func(t *testing.T) {
						a := newAccount(t)
						a.Settings.Concurrency = 1
						trip := c.trip
						trip.At = at
						a.wire.Arm(trip)
						got, err := a.promote(t.Context(), t, &rig.Torn{}, execute)
						hit := a.wire.Disarm()
						if !execute {
							require.Equal(t, 5, a.public(), hit)
							require.Zero(t, got.Requests.Writes, hit)
						}
						if hit == "" || c.kind == goesOn {
							more = hit != ""
							require.NoError(t, err, hit)
							require.Equal(t, migrate.Complete, got.Status, hit)
							require.EqualValues(t, 5, got.Promoted, hit)
							return
						}
						if err != nil {
							require.Equal(t, c.kind, migrate.KindOf(err), "%s: %v", hit, err)
							require.Equal(t, migrate.FailedStatus, got.Status, hit)
						} else {
							require.Equal(t, migrate.Partial, got.Status, hit)
							require.EqualValues(t, 1, got.Failed, hit)
							require.EqualValues(t, 4, got.Promoted, hit)
							require.Len(t, got.Failures, 1, hit)
							require.Contains(t, hit, got.Failures[0].SourceSID)
							require.Contains(t, got.Failures[0].Reason, "Not this one", hit)
							require.NotEmpty(t, got.Failures[0].Hint, hit)
						}
						if execute {
							require.LessOrEqual(t, got.Promoted, int64(5-a.public()), "%s: what counts as promoted is private", hit)
						}
						a.requireWhole(t, hit)
					})
				}
				require.GreaterOrEqual(t, at, 4)
			})
		}
	}
}

// TestPromotionWithoutARecord has each call of the ledger fail, one after the
// other, and every write after it.
func TestPromotionWithoutARecord(t *testing.T) {
	at := 1
	for more := true; more; at++ {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			l := &rig.Torn{At: at}
			got, err := a.promote(t.Context(), t, l, true)
			if l.Hit() == "" {
				more = false
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, rig.ErrTorn, l.Hit())
			require.Equal(t, migrate.FailedStatus, got.Status, l.Hit())
			a.requireWhole(t, l.Hit())
		})
	}
	require.Greater(t, at, 15)
}
