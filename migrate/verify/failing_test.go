package verify_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// wired is a finished migration with a tripwire in front of both hosts.
func wired(t *testing.T, s rig.Scenario) (*rig.Mutant, *rig.Tripwire) {
	t.Helper()
	wire := &rig.Tripwire{}
	r := rig.NewRig(t, emulator.Config{Archive: s.Archive(), Intercept: wire.Intercept})
	r.Settings.UserChannels = true
	r.Settings.Concurrency = 1
	return r.Migrated(t), wire
}

func openLedger(t *testing.T, m *rig.Mutant) *sqlite.Ledger {
	t.Helper()
	l, err := sqlite.Open(t.Context(), m.Ledger)
	require.NoError(t, err)
	return l
}

// withheld are the reads that a restricted key may be refused: each costs
// itself alone.
func withheld(request string) bool {
	return strings.HasSuffix(request, "/Invites") || strings.Contains(request, "/Users/") && strings.HasSuffix(request, "/Channels")
}

// TestComparisonThatCannotRead has each request of a comparison fail, one after
// the other. Nobody may take two sides for equal that were not both read.
func TestComparisonThatCannotRead(t *testing.T) {
	for name, setUp := range map[string]func(*testing.T, *rig.Mutant) migrate.LedgerReader{
		"found by its stamps": func(*testing.T, *rig.Mutant) migrate.LedgerReader { return nil },
		"found in the ledger": func(t *testing.T, m *rig.Mutant) migrate.LedgerReader {
			l := openLedger(t, m)
			t.Cleanup(func() { require.NoError(t, l.Close()) })
			return l
		},
		"named": func(_ *testing.T, m *rig.Mutant) migrate.LedgerReader {
			m.Settings.ToService = m.Service
			return nil
		},
	} {
		for answer, fails := range map[string]struct {
			trip rig.Trip
			kind migrate.Kind
		}{
			"a key that may not": {rig.Trip{Reply: rig.Denied()}, migrate.Credentials},
			"a refusal":          {rig.Trip{Reply: rig.Refused()}, migrate.Refused},
			"an outage":          {rig.Trip{Reply: rig.Failing(), Outage: true}, migrate.Unavailable},
		} {
			t.Run("of a service "+name+" ends with the error of any read that meets "+answer+", and writes nothing", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m, wire := wired(t, rig.WholeScenario())
					_, err := m.Emulator.PostAs(m.Conversation, rig.IdentityOf(0), "hello from the new app")
					require.NoError(t, err)
					ledger := setUp(t, m)
					writes := m.Emulator.Stats().Conversations.Writes
					at, stride := rig.Faults(t)
					for ; ; at += stride {
						trip := fails.trip
						trip.At = at
						wire.Arm(trip)
						counter := &transport.Counter{}
						v := verify.Verifier{Source: m.Source(counter), Target: m.Rig.Target(counter), Ledger: ledger, Observer: m.Events, Settings: m.Settings}
						got, err := v.Run(t.Context(), func(d verify.Difference) {
							require.Equal(t, verify.Foreign, d.Class, "%+v", d)
						})
						hit := wire.Disarm()
						if hit == "" {
							require.NoError(t, err)
							require.True(t, got.Equal)
							break
						}
						if fails.kind == migrate.Credentials && withheld(hit) {
							require.NoError(t, err, hit)
							continue
						}
						require.Equal(t, fails.kind, migrate.KindOf(err), "%s: %v", hit, err)
						require.False(t, got.Equal, hit)
						if fails.kind != migrate.Refused {
							require.NotEmpty(t, migrate.HintOf(err), hit)
						}
					}
					require.Greater(t, at, 15)
					require.Equal(t, writes, m.Emulator.Stats().Conversations.Writes)
				})
			})
		}
	}
}

func emulatorOf(s rig.Scenario) emulator.Config { return emulator.Config{Archive: s.Archive()} }
