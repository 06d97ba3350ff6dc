package verify_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// ruin damages one of everything that a repair can bring back, and returns the
// notifications that the service ought to have.
func ruin(t *testing.T, m *rig.Mutant) conversations.Notifications {
	t.Helper()
	ctx := t.Context()
	was, err := m.Target.Configuration(ctx, m.Service)
	require.NoError(t, err)
	other := was
	other.ReachabilityEnabled = !was.ReachabilityEnabled
	require.NoError(t, m.Target.SetRoleDefaults(ctx, m.Service, other))
	require.NoError(t, m.Target.SetNotifications(ctx, m.Service, conversations.Notifications{NewMessage: conversations.Notification{Enabled: true, Template: "other"}}))
	require.NoError(t, m.Target.SetWebhooks(ctx, m.Service, conversations.Webhooks{PostWebhookURL: "https://example.com/other", Method: "POST"}))
	require.NoError(t, m.Target.SetRole(ctx, m.Service, conversations.Role{
		SID: m.Roles(t)["Reader"], Type: conversations.ConversationRole, FriendlyName: "Reader", Permissions: []string{"sendMessage"},
	}))
	all := m.Messages(t)
	// Horizons point at the fourth message, so the last two can go.
	for _, one := range all[4:] {
		require.NoError(t, m.Target.DeleteMessage(ctx, m.Service, m.Conversation, one.SID))
	}
	changed := all[1]
	changed.Body = "changed"
	require.NoError(t, m.Target.SetMessage(ctx, m.Service, m.Conversation, changed))
	p := m.Participants(t)[0]
	require.NoError(t, m.Target.SetHorizon(ctx, m.Service, m.Conversation, p.SID, conversations.Horizon{LastReadMessageIndex: all[0].Index, DateUpdated: time.Now()}))
	u, err := m.Target.SetUser(ctx, m.Service, conversations.User{SID: m.User(t, rig.IdentityOf(0)).SID, FriendlyName: "changed", Attributes: `{"n":0}`})
	require.NoError(t, err)
	require.NoError(t, m.Target.SetNotificationLevel(ctx, m.Service, u.SID, m.Conversation, conversations.NotificationsMuted))
	require.NoError(t, m.Target.SetConversation(ctx, m.Service, conversations.Conversation{SID: m.Conversation, FriendlyName: "changed"}))
	return was.Notifications
}

// repairWith repairs as a new process would, with a ledger of which one call may
// fail.
func repairWith(ctx context.Context, t *testing.T, m *rig.Mutant, l *rig.Torn) (verify.Repairs, []verify.Repair, error) {
	t.Helper()
	l.Ledger = openLedger(t, m)
	defer func() { require.NoError(t, l.Close()) }()
	counter := &transport.Counter{}
	target := m.Rig.Target(counter)
	var all []verify.Repair
	r := verify.Repairer{
		Verifier: verify.Verifier{Source: m.Source(counter), Target: target, Ledger: l, Observer: m.Events, Settings: m.Settings},
		Write:    target, Record: l, Bring: m.Bring(m.Source(counter), l), Execute: true,
	}
	got, err := r.Run(ctx, func(one verify.Repair) { all = append(all, one) })
	return got, all, err
}

// requireWhole requires that a repair left nothing to do, for itself or for a
// migration, and that the phones were left alone and will ring again.
func requireWhole(t *testing.T, m *rig.Mutant, want conversations.Notifications, about string) {
	t.Helper()
	requireWholeBut(t, m, want, about, 0)
}

// requireWholeBut is requireWhole where a migration may have so many writes left.
func requireWholeBut(t *testing.T, m *rig.Mutant, want conversations.Notifications, about string, left int) {
	t.Helper()
	v, differences := m.Verify(t.Context())
	require.Empty(t, differences, about)
	require.True(t, v.Equal, about)
	require.Zero(t, m.Emulator.Stats().Pushes, about)
	cfg, err := m.Target.Configuration(t.Context(), m.Service)
	require.NoError(t, err)
	require.Equal(t, want, cfg.Notifications, about)
	again, err := m.Migrate(t.Context())
	require.NoError(t, err, about)
	require.GreaterOrEqual(t, again.Requests.Writes, int64(rig.ClaimWrites), about)
	require.LessOrEqual(t, again.Requests.Writes, int64(rig.ClaimWrites+left), about)
	require.Zero(t, again.Counts[migrate.KindMessages].Written, about)
}

func writes(x *emulator.Exchange) bool { return x.Write() }

// TestRepairThatCannotWrite has each write of a repair fail, one after the
// other.
func TestRepairThatCannotWrite(t *testing.T) {
	for answer, fails := range map[string]struct {
		trip rig.Trip
		ends bool // whatever comes next would meet it, too
	}{
		"is refused":                        {rig.Trip{Reply: rig.Refused()}, false},
		"a key may not make":                {rig.Trip{Reply: rig.Denied()}, true},
		"lands and is said to have failed":  {rig.Trip{Reply: rig.Refused(), After: true}, false},
		"meets an outage, as the rest does": {rig.Trip{Reply: rig.Failing(), Outage: true}, false},
	} {
		t.Run("a write that "+answer+" is said to be not done, and the next repair brings the rest", func(t *testing.T) {
			at, stride := rig.Faults(t)
			for more := true; more; at += stride {
				synctest.Test(t, func(t *testing.T) {
					m, wire := wired(t, rig.WholeScenario())
					want := ruin(t, m)
					trip := fails.trip
					trip.At, trip.Count = at, writes
					wire.Arm(trip)
					got, all, err := repairWith(t.Context(), t, m, &rig.Torn{})
					hit := wire.Disarm()
					require.Zero(t, m.Emulator.Stats().Pushes, hit)
					if hit == "" {
						more = false
						require.NoError(t, err)
						require.Equal(t, got.Possible, got.Done)
						requireWhole(t, m, want, "no write failed")
						return
					}
					if fails.ends && (err != nil || !rig.OfClaim(hit)) {
						require.Equal(t, migrate.Credentials, migrate.KindOf(err), hit)
						require.False(t, got.Equal, hit)
					}
					if err == nil {
						require.Equal(t, got.Equal, got.Done == got.Possible, "%s: %+v", hit, all)
					}
					for _, one := range all {
						require.Equal(t, !one.Done, one.Reason != "", "%s: %+v", hit, one)
					}
					_, all, err = repairWith(t.Context(), t, m, &rig.Torn{})
					require.NoError(t, err, hit)
					require.True(t, slices.IndexFunc(all, func(one verify.Repair) bool { return !one.Done }) < 0, "%s: %+v", hit, all)
					left := 0
					if trip.After && strings.HasSuffix(hit, "/Messages") {
						// The ledger has yet to learn that the message is there: push
						// notifications off and on, as the claim notes, and the date.
						left = 4
					}
					requireWholeBut(t, m, want, hit, left)
				})
			}
			require.Greater(t, at, 12)
		})
	}
}

// TestRepairThatCannotGiveBack leaves push notifications off: two sides that are
// equal but for that are not.
func TestRepairThatCannotGiveBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, wire := wired(t, rig.WholeScenario())
		want := ruin(t, m)
		wire.Arm(rig.Trip{At: 2, Reply: rig.Refused(), Count: func(x *emulator.Exchange) bool {
			return x.Write() && x.Path[len(x.Path)-1] == "Notifications"
		}})
		got, _, err := repairWith(t.Context(), t, m, &rig.Torn{})
		require.NotEmpty(t, wire.Disarm())
		require.ErrorContains(t, err, "turn push notifications back on "+m.Service)
		require.Contains(t, migrate.HintOf(err), "run the same command again")
		require.False(t, got.Equal)
		_, _, err = repairWith(t.Context(), t, m, &rig.Torn{})
		require.NoError(t, err)
		requireWhole(t, m, want, "run again")
	})
}

// TestRepairWithoutARecord has each call of the ledger fail, one after the
// other, and every write after it, as a full disk has it.
func TestRepairWithoutARecord(t *testing.T) {
	at, stride := rig.Faults(t)
	for more := true; more; at += stride {
		synctest.Test(t, func(t *testing.T) {
			m, _ := wired(t, rig.WholeScenario())
			want := ruin(t, m)
			l := &rig.Torn{At: at}
			got, all, err := repairWith(t.Context(), t, m, l)
			hit := l.Hit()
			require.Zero(t, m.Emulator.Stats().Pushes, hit)
			if hit == "" {
				more = false
				require.NoError(t, err)
				return
			}
			if err != nil {
				require.ErrorIs(t, err, rig.ErrTorn, hit)
				require.False(t, got.Equal, hit)
			} else {
				require.True(t, slices.ContainsFunc(all, func(one verify.Repair) bool { return one.Reason != "" }), hit)
			}
			_, _, err = repairWith(t.Context(), t, m, &rig.Torn{})
			require.NoError(t, err, hit)
			v, differences := m.Verify(t.Context())
			require.Empty(t, differences, hit)
			require.True(t, v.Equal, hit)
			cfg, err := m.Target.Configuration(t.Context(), m.Service)
			require.NoError(t, err)
			require.Equal(t, want, cfg.Notifications, hit)
			// The next migration may have to look again, and writes nothing twice.
			_, err = m.Migrate(t.Context())
			require.NoError(t, err, hit)
			v, differences = m.Verify(t.Context())
			require.Empty(t, differences, hit)
			require.True(t, v.Equal, hit)
		})
	}
	require.Greater(t, at, 5)
}
