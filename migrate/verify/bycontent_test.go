package verify_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

func TestVerifyWithoutLedgerAndStamps(t *testing.T) {
	t.Run("knows a service that was made without stamps", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
			r.Settings.Mapper.NoStamp = true
			_, err := r.Target(&transport.Counter{}).AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
			require.NoError(t, err)
			r.Settings.ToService = "" // so that a second one of the name is made
			time.Sleep(time.Hour)
			s := migratedBeside(t, r)
			v, all := r.Verify(t.Context())
			require.True(t, v.Equal, "%+v", all)
			require.Equal(t, s, v.Services[0].TargetSID)
		})
	})
	t.Run("knows conversations whose stamps an application replaced", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			m := rig.In(r, s.Services[0].TargetSID)
			for sid := range m.ConversationsIn(t) {
				require.NoError(t, m.Target.SetConversation(t.Context(), m.Service, conversations.Conversation{SID: sid, Attributes: `{"mine":true}`}))
			}
			v, all := r.Verify(t.Context())
			require.Equal(t, m.Service, v.Services[0].TargetSID)
			require.EqualValues(t, 3, v.Compared[migrate.KindChannels])
			for _, d := range all {
				require.Equal(t, migrate.KindChannels, d.Kind, "%+v", d)
				require.Contains(t, []string{"attributes", "date_updated"}, d.Field, "%+v", d)
			}
			require.Positive(t, v.Differences[verify.Altered])
		})
	})
	t.Run("knows a service without a channel by what is not in it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 3}.Archive()})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			v, all := r.Verify(t.Context())
			require.True(t, v.Equal, "%+v", all)
			require.Equal(t, s.Services[0].TargetSID, v.Services[0].TargetSID)
		})
	})
	t.Run("takes nothing of others for it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			target := r.Target(&transport.Counter{})
			theirs, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
			require.NoError(t, err)
			_, err = target.AppendConversation(t.Context(), theirs.SID, conversations.Conversation{FriendlyName: "theirs"})
			require.NoError(t, err)
			v, all := r.Verify(t.Context())
			require.Empty(t, v.Services[0].TargetSID)
			require.Len(t, all, 1)
			require.Equal(t, verify.Missing, all[0].Class)
		})
	})
}

// migratedBeside migrates with the policy-free settings of r, and returns the service
// that it made beside another of the name.
func migratedBeside(t *testing.T, r *rig.Rig) string {
	t.Helper()
	target := r.Target(&transport.Counter{})
	before := r.ServicesThere(t)
	_, err := target.AppendConversation(t.Context(), before[0], conversations.Conversation{FriendlyName: "theirs"})
	require.NoError(t, err)
	s, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
	require.NotContains(t, before, s.Services[0].TargetSID)
	return s.Services[0].TargetSID
}

// Attributes that are gone are a policy's only if the ledger knows of one that took
// them.
func TestAttributesThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.AttributesTooLarge: "drop"}
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		target := r.Target(&transport.Counter{})
		for u, err := range target.Users(t.Context(), s.Services[0].TargetSID) {
			require.NoError(t, err)
			u.Attributes = "{}"
			_, err = target.SetUser(t.Context(), s.Services[0].TargetSID, u)
			require.NoError(t, err)
		}
		v, all := r.Verify(t.Context())
		require.False(t, v.Equal)
		require.NotEmpty(t, all)
		for _, d := range all {
			require.Equal(t, []string{migrate.KindUsers, "attributes"}, []string{d.Kind, d.Field})
		}
	})
}

// A service that nothing proves may be somebody's.
func TestNothingIsRepairedInAServiceThatNothingProves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 3}.Archive()})
		target := r.Target(&transport.Counter{})
		theirs, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
		require.NoError(t, err)
		hook := conversations.Webhooks{PostWebhookURL: "https://example.com/theirs", Method: "POST", Filters: []string{"onMessageAdded"}}
		require.NoError(t, target.SetWebhooks(t.Context(), theirs.SID, hook))
		before := r.State(t)
		_, all := r.Verify(t.Context())
		require.NotEmpty(t, all)
		repairer := verify.Repairer{
			Verifier: verify.Verifier{Source: migrate.Counted(r.Source(&transport.Counter{})), Target: target, Observer: r.Events, Settings: r.Settings},
			Write:    target, Execute: true,
		}
		_, err = repairer.Run(t.Context(), func(rep verify.Repair) { require.False(t, rep.Possible, "%+v", rep) })
		require.NoError(t, err)
		require.Equal(t, before, r.State(t))
	})
}
