package replay_test

import (
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// usersIn are the users of a service of the target, by identity.
func usersIn(t *testing.T, r *rig.Rig, service string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for u, err := range r.Target(&transport.Counter{}).Users(t.Context(), service) {
		require.NoError(t, err)
		require.NotContains(t, all, u.Identity)
		all[u.Identity] = u.SID
	}
	return all
}

func withUsers(t *testing.T, in fs.FS, change func(lines []string) []string) fs.FS {
	return rig.WithFile(t, in, archive.UsersPath(rig.ScenarioService), func(s string) string {
		return strings.Join(change(strings.SplitAfter(strings.TrimSuffix(s, "\n"), "\n")), "")
	})
}

func TestUsers(t *testing.T) {
	t.Run("are brought once each, those that no lane needs as well, and noted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := rig.ManyChannels(4)
			s.Users = 5
			r := rig.NewRig(t, emulator.Config{Archive: s.Archive(), Latency: 100 * time.Millisecond})
			c := &calls{}
			sum, err := c.run(t.Context(), t, r, from(t, s.Archive()))
			require.NoError(t, err)
			require.Equal(t, 5, c.times("target EnsureUser"))
			require.Zero(t, c.times("source User"), "the list of an archive shows them whole")
			require.Equal(t, migrate.KindCount{Source: 5, Written: 5}, sum.Counts[migrate.KindUsers])
			there := usersIn(t, r, sum.Services[0].TargetSID)
			require.Len(t, there, 5)
			for i := range 5 {
				rec, known := entityOf(t, r, migrate.UserEntity, rig.SidOf("US", i))
				require.True(t, known)
				require.NotZero(t, rec.Digest)
				rec.Digest = 0
				require.Equal(t, migrate.EntityRecord{
					Kind: migrate.UserEntity, SourceSID: rig.SidOf("US", i), TargetSID: there[rig.IdentityOf(i)], ParentSID: rig.ScenarioService, DateUpdated: rig.ScenarioStart,
				}, rec)
			}
			again, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 5, Existing: 5}, again.Counts[migrate.KindUsers])
		})
	})

	t.Run("that no lane needs are brought a few at a time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 40}.Archive()})
			var now, most atomic.Int64
			c := &calls{before: func(one call) error {
				if one.name == "target EnsureUser" {
					n := now.Add(1)
					time.Sleep(time.Second)
					for {
						if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
							break
						}
					}
				}
				return nil
			}, after: func(one call) error {
				if one.name == "target EnsureUser" {
					now.Add(-1)
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.EqualValues(t, migrate.GateAtOnce, most.Load())
		})
	})

	t.Run("that changed are brought up to date, and stay ours; those that were there stay theirs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := little(t)
			r := littleRig(t, nil)
			r.Settings.Mapper.Policy[mapping.UserWasThere] = "replace"
			r.Settings.ToService = r.Inhabit(t)
			in = withUsers(t, in, func(lines []string) []string {
				return append(lines, "\n"+strings.NewReplacer(rig.SidOf("US", 2), rig.SidOf("US", 50), rig.IdentityOf(2), "stranger").Replace(lines[2]))
			})
			s := r.Once(t, in)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			changed := withUsers(t, in, func(lines []string) []string {
				for i := range lines {
					lines[i] = strings.NewReplacer(`"friendly_name":"User`, `"friendly_name":"Sir User`,
						`"date_updated":"`+rig.ScenarioStart.Format(time.RFC3339), `"date_updated":"`+rig.ScenarioStart.Add(time.Hour).Format(time.RFC3339)).Replace(lines[i])
				}
				return lines
			})
			s = r.Once(t, changed)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, migrate.KindCount{Source: 4, Written: 4}, s.Counts[migrate.KindUsers])
			for n, existing := range map[int]bool{0: false, 1: false, 2: false, 50: true} {
				rec, known := entityOf(t, r, migrate.UserEntity, rig.SidOf("US", n))
				require.True(t, known)
				require.Equal(t, existing, rec.Existing, "user %d", n)
				require.Equal(t, rig.ScenarioStart.Add(time.Hour), rec.DateUpdated)
			}
			for u, err := range r.Target(&transport.Counter{}).Users(t.Context(), r.Settings.ToService) {
				require.NoError(t, err)
				require.True(t, strings.HasPrefix(u.FriendlyName, "Sir User"), u.FriendlyName)
			}
		})
	})

	t.Run("of one identity are one, the first in the list", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := withUsers(t, little(t), func(lines []string) []string {
				return append(lines, "\n"+strings.NewReplacer(rig.SidOf("US", 0), rig.SidOf("US", 50), "User 0", "Other").Replace(lines[0]))
			})
			r := littleRig(t, nil)
			s := r.Once(t, in)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, migrate.KindCount{Source: 4, Written: 3, LeftOut: 1}, s.Counts[migrate.KindUsers])
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.UserTwice])
			require.EqualValues(t, 4, dealtWith(t, r).Totals[migrate.KindUsers])
			_, known := entityOf(t, r, migrate.UserEntity, rig.SidOf("US", 50))
			require.False(t, known)
			for u, err := range r.Target(&transport.Counter{}).Users(t.Context(), s.Services[0].TargetSID) {
				require.NoError(t, err)
				require.NotEqual(t, "Other", u.FriendlyName)
			}
		})
	})

	t.Run("with long attributes are read again when their turn comes, and what is unknown of them is said once", func(t *testing.T) {
		for length, reads := range map[int]int{246: 0, 247: 1} { // with the ten bytes around them
			synctest.Test(t, func(t *testing.T) {
				attributes := `{\"long\":\"` + strings.Repeat("x", length-1) + `\"}`
				in := withUsers(t, little(t), func(lines []string) []string {
					lines[0] = strings.Replace(lines[0], `{\"n\":0}`, attributes, 1)
					lines[0] = strings.Replace(lines[0], "{", `{"x_future":1,`, 1)
					lines[1] = strings.Replace(lines[1], "{", `{"x_future":1,`, 1)
					return lines
				})
				r := littleRig(t, in)
				c := &calls{}
				s, err := c.run(t.Context(), t, r, from(t, in))
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Equal(t, reads, c.times("source User"), "%d bytes", length)
				require.EqualValues(t, 2, rig.TimesFound(s.ThisRun)[mapping.UnknownField])
				_, differences := r.Verify(t.Context())
				require.Empty(t, differences)
			})
		}
	})

	t.Run("that cannot be carried are said once, and stop the channels that need them alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := rig.ManyChannels(3)
			s.Users = 4
			for i := range s.Channels {
				s.Channels[i].Members, s.Channels[i].Read = []int{0}, []int{-1}
			}
			s.Channels[0].Members, s.Channels[1].Members = []int{1}, []int{1}
			in := withUsers(t, s.Archive(), func(lines []string) []string {
				for _, n := range []int{1, 3} {
					lines[n] = strings.Replace(lines[n], fmt.Sprintf(`{\"n\":%d}`, n), `no json`, 1)
				}
				return lines
			})
			r := rig.NewRig(t, emulator.Config{Archive: in})
			r.Settings.Concurrency = 1
			c := &calls{}
			sum, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, sum.Status)
			require.Equal(t, migrate.KindCount{Source: 4, Written: 2, Failed: 2}, sum.Counts[migrate.KindUsers])
			require.Equal(t, migrate.KindCount{Source: 3, Written: 1, Failed: 2}, sum.Counts[migrate.KindChannels])
			said := map[string]int{}
			for _, f := range sum.Failures {
				said[f.Kind+" "+f.SourceSID]++
				require.Contains(t, f.Reason, "map user")
				require.Contains(t, f.Hint, "--policy "+string(mapping.AttributesNotJSON)+"=")
			}
			require.Equal(t, map[string]int{
				"users " + rig.SidOf("US", 1): 1, "users " + rig.SidOf("US", 3): 1, "channels " + rig.SidOf("CH", 0): 1, "channels " + rig.SidOf("CH", 1): 1,
			}, said)
			require.EqualValues(t, 2, rig.TimesFound(sum.ThisRun)[mapping.AttributesNotJSON])
			require.Len(t, failuresOf(t, r), 4)

			r.Settings.Mapper.Policy = mapping.Policy{mapping.AttributesNotJSON: "drop"}
			sum, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, sum.Status)
			require.Empty(t, failuresOf(t, r))
		})
	})

	t.Run("that a policy leaves out are counted as that, and are in no conversation", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			const reserved = "system"
			rename := func(s string) string { return strings.ReplaceAll(s, rig.IdentityOf(1), reserved) }
			in := rig.WithFile(t, little(t), archive.UsersPath(rig.ScenarioService), rename)
			in = rig.WithFile(t, in, archive.MembersPath(rig.ScenarioService, rig.SidOf("CH", 0)), rename)
			r := littleRig(t, in)
			r.Settings.Mapper.Policy[mapping.IdentityReserved] = "skip"
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, migrate.KindCount{Source: 3, Written: 2, LeftOut: 1}, s.Counts[migrate.KindUsers])
			require.NotContains(t, usersIn(t, r, s.Services[0].TargetSID), reserved)
			dealtWith(t, r)
			// The same when the source has no such user any more.
			in = withUsers(t, in, func(lines []string) []string { return lines[:1] })
			r = littleRig(t, in)
			r.Settings.Mapper.Policy[mapping.IdentityReserved] = "skip"
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.NotContains(t, usersIn(t, r, s.Services[0].TargetSID), reserved)
		})
	})
}
