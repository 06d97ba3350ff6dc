package replay_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

// twins gives the scenario a second role named Reader that may do something else,
// and to one member that role.
func twins(t *testing.T) fs.FS {
	dir := "services/" + rig.ScenarioService + "/"
	in := rig.WithFile(t, rig.WholeScenario().Archive(), dir+"roles.jsonl", func(text string) string {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		second := strings.Replace(lines[2], rig.SidOf("RL", 2), rig.SidOf("RL", 3), 1)
		second = strings.Replace(second, "leaveChannel", "destroyChannel", 1)
		return strings.Join(append(lines, second), "\n") + "\n"
	})
	return rig.WithFile(t, in, dir+"channels/"+rig.SidOf("CH", 0)+"/members.jsonl", func(text string) string {
		return strings.Replace(strings.Replace(text, `"role_sid":"`+rig.SidOf("RL", 1), `"role_sid":"`+rig.SidOf("RL", 3), 1), `"role_sid":"`+rig.SidOf("RL", 2), `"role_sid":"`+rig.SidOf("RL", 2), 1)
	})
}

func TestTwoRolesOfOneName(t *testing.T) {
	for name, unkind := range map[string]emulator.Unkind{"": {}, ", the second under another name if the target refuses": {SecondRole: true}} {
		for kept, ledger := range map[string]string{"": "", ", also under a new ledger": ".new"} {
			t.Run("are two"+name+kept, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := rig.NewRig(t, emulator.Config{Archive: twins(t), Unkind: unkind})
					var last string
					for pass := range 3 {
						s, err := r.Migrate(t.Context())
						require.NoError(t, err)
						require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
						require.Equal(t, unkind.SecondRole, rig.TimesFound(s.ThisRun)[mapping.RoleRenamed] == 1)
						v, differences := r.Verify(t.Context())
						require.True(t, v.Equal, "%+v", differences)
						l := rig.In(r, s.Services[0].TargetSID)
						may := map[string]string{}
						for r, err := range l.Target.Roles(t.Context(), l.Service) {
							require.NoError(t, err)
							may[r.SID] = fmt.Sprint(r.Permissions)
						}
						for c, err := range l.Target.Conversations(t.Context(), l.Service) {
							require.NoError(t, err)
							for p, err := range l.Target.Participants(t.Context(), l.Service, c.SID) {
								require.NoError(t, err)
								want := map[string]string{rig.IdentityOf(0): "[deleteConversation]", rig.IdentityOf(1): "[leaveConversation]"}[p.Identity]
								require.Equal(t, want, may[p.RoleSID], p.Identity)
							}
						}
						if pass > 0 {
							require.Equal(t, last, l.State(t))
						}
						last = l.State(t)
						if r.Ledger += ledger; ledger == "" && pass > 0 {
							require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
						}
					}
				})
			})
		}
	}
}

// A role create that was given up for lost lands after the run. It is named, and
// no role of the source is taken for it.
func TestARoleThatLandsLate(t *testing.T) {
	for _, toService := range []bool{false, true} {
		t.Run(fmt.Sprint("is found by the next pass and by verify, and undone; into a service that was there: ", toService), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var land func() emulator.Reply
				lose := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if x.Write() && x.Form.Get("FriendlyName") == "Channel User" && land == nil {
						land = commit
						panic(http.ErrAbortHandler)
					}
					commit().WriteTo(w)
				}
				r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive(), Intercept: lose})
				there := r.Inhabit(t)
				if toService {
					r.Settings.ToService = there
				}
				before := r.State(t)
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				l := rig.In(r, s.Services[0].TargetSID)
				require.Len(t, l.RolesNamed(t, "Channel User"), 1)
				land()
				require.Len(t, l.RolesNamed(t, "Channel User"), 2)
				doubled := func() {
					v, differences := r.VerifyKnowing(t.Context())
					require.EqualValues(t, map[verify.Class]int64{verify.Doubled: 1}, v.Differences, "%+v", differences)
				}
				doubled()
				s, err = r.Migrate(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
				require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.RoleLate])
				doubled()
				s, err = r.Migrate(t.Context())
				require.NoError(t, err)
				require.Zero(t, rig.TimesFound(s.ThisRun)[mapping.RoleLate], "it is accounted for")
				_, all, err := r.Undo(t.Context(), true)
				require.NoError(t, err)
				require.Equal(t, before, r.State(t), "%+v", all)
			})
		})
	}
}
