package replay_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// namesakes are the services of the target that are called as the scenario.
func namesakes(t *testing.T, r *rig.Rig) (sids []string) {
	t.Helper()
	for s, err := range r.Target(&transport.Counter{}).Services(t.Context()) {
		require.NoError(t, err)
		if s.FriendlyName == "scenario" {
			sids = append(sids, s.SID)
		}
	}
	return sids
}

func named(t *testing.T, r *rig.Rig, name string) string {
	t.Helper()
	s, err := r.Target(&transport.Counter{}).AppendService(t.Context(), conversations.Service{FriendlyName: name})
	require.NoError(t, err)
	return s.SID
}

func TestTargetService(t *testing.T) {
	t.Run("is made beside those of the same name, and noted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			before := []string{named(t, r, "scenario"), named(t, r, "scenario")}
			for _, theirs := range before { // or nobody would mind if it was taken
				_, err := r.Target(&transport.Counter{}).AppendConversation(t.Context(), theirs, conversations.Conversation{FriendlyName: "theirs"})
				require.NoError(t, err)
			}
			named(t, r, "another")
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			rec := serviceOf(t, r, rig.ScenarioService)
			require.ElementsMatch(t, before, rec.Before)
			require.True(t, rec.Created)
			require.Equal(t, migrate.Done, rec.Stage)
			require.Equal(t, "scenario", rec.FriendlyName)
			require.Equal(t, s.Services[0].TargetSID, rec.TargetSID)
			require.NotContains(t, before, rec.TargetSID)
			require.Equal(t, []migrate.SummaryService{{SourceSID: rig.ScenarioService, TargetSID: rec.TargetSID, FriendlyName: "scenario"}}, s.Services)
			require.Equal(t, migrate.KindCount{Source: 1, Written: 1}, s.Counts[migrate.KindServices])
			again, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 1, Existing: 1}, again.Counts[migrate.KindServices])
		})
	})

	t.Run("is in the ledger before anything is written into it", func(t *testing.T) {
		for _, into := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				r := littleRig(t, little(t))
				if into {
					r.Settings.ToService = r.Inhabit(t)
				}
				cutOff(t, r, call{"target Roles", 1}, false)
				require.NotEmpty(t, serviceOf(t, r, rig.ScenarioService).TargetSID)
				require.Equal(t, !into, serviceOf(t, r, rig.ScenarioService).Created)
			})
		}
	})

	t.Run("that is refused ends the run at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			c := &calls{before: func(one call) error {
				if one.name == "target AppendService" {
					return refused("create service")
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r)
			require.Equal(t, migrate.Refused, migrate.KindOf(err))
			require.Equal(t, 1, c.times("target AppendService"))
		})
	})

	t.Run("admits as many members as the largest channel has", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := rig.Scenario{Users: 120, Channels: []rig.ChannelPlan{{}}}
			for u := range s.Users {
				s.Channels[0].Members, s.Channels[0].Read = append(s.Channels[0].Members, u), append(s.Channels[0].Read, -1)
			}
			r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
			sum, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, sum.Status, "%+v", sum.Failures)
			require.EqualValues(t, 120, sum.Counts[migrate.KindMembers].Written)
			limits, err := r.Target(&transport.Counter{}).Limits(t.Context(), sum.Services[0].TargetSID)
			require.NoError(t, err)
			require.Equal(t, 120, limits.ChannelMembers)
		})
	})

	t.Run("is never the source itself, though it has the name", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: little(t), Shared: true})
			r.Settings.Mapper.Policy = rig.CarryAll()
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.NotEqual(t, rig.ScenarioService, s.Services[0].TargetSID)
			require.Empty(t, serviceOf(t, r, rig.ScenarioService).Before)
			r.Ledger += ".new"
			again, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, s.Services[0].TargetSID, again.Services[0].TargetSID)
		})
	})

	t.Run("with the stamps of another source is not ours", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			theirs := named(t, r, "scenario")
			for _, attributes := range []string{"{}", stampOf(rig.SidOf("CH", 77), "IS00000000000000000000000000000077")} {
				_, err := r.Target(&transport.Counter{}).AppendConversation(t.Context(), theirs, conversations.Conversation{Attributes: attributes})
				require.NoError(t, err)
			}
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, theirs, s.Services[0].TargetSID)
		})
	})

	t.Run("whose name the mapping blocks is not made", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := rig.WithFile(t, little(t), archive.ServicePath(rig.ScenarioService), func(s string) string {
				return strings.Replace(s, `"scenario"`, `"`+strings.Repeat("x", 300)+`"`, 1)
			})
			r := rig.NewRig(t, emulator.Config{Archive: in})
			s, err := r.Migrate(t.Context())
			require.Equal(t, migrate.Refused, migrate.KindOf(err))
			require.ErrorContains(t, err, "map service "+rig.ScenarioService)
			require.Contains(t, migrate.HintOf(err), "--policy "+string(mapping.NameTooLong)+"=")
			require.Zero(t, s.Requests.Writes)
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.NameTooLong])
			require.EqualValues(t, 1, s.Counts[migrate.KindServices].Source)
		})
	})

	t.Run("whose settings the mapping blocks gets no channel", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := rig.WithFile(t, little(t), archive.ServicePath(rig.ScenarioService), func(s string) string {
				return strings.Replace(s, `${USER}: ${MESSAGE}`, `\ud800`, 1)
			})
			r := rig.NewRig(t, emulator.Config{Archive: in})
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.Equal(t, migrate.Refused, migrate.KindOf(err))
			require.ErrorContains(t, err, "map configuration of service "+rig.ScenarioService)
			require.Contains(t, migrate.HintOf(err), "--policy "+string(mapping.TextInvalid)+"=")
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.TextInvalid])
			require.Zero(t, c.times("target AppendConversation"))
		})
	})
}
