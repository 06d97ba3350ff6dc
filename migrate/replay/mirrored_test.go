package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
)

// mirror writes one message into both sides, as an application does that changes
// over by writing twice.
func mirror(t *testing.T, r *rig.Rig, conversation, body string) {
	t.Helper()
	_, err := r.Emulator.PostAs(conversation, rig.IdentityOf(0), body)
	require.NoError(t, err)
	_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), body)
	require.NoError(t, err)
}

func TestMirroredMessages(t *testing.T) {
	for name, during := range map[string]bool{"while the first run writes": true, "before the next pass": false} {
		for policy, want := range map[mapping.Choice][]string{
			"keep":   {"one", "two", "three", "four", "new", "newer"},
			"append": {"one", "two", "three", "four", "new", "newer"},
			"stop":   {"one", "two", "three", "four"},
		} {
			t.Run(fmt.Sprintf("%s, %s", name, policy), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
					r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageThere: policy}
					if during {
						done, lost := false, false
						m.do(func(x exchange) bool {
							if x.appends("four") && done && !lost { // what is there is seen before its turn
								lost = true
								x.lose()
							}
							if !x.appends("three") || done {
								return false
							}
							done = true
							mirror(t, r, x.Path[4], "new")
							mirror(t, r, x.Path[4], "newer")
							return false
						})
					} else {
						pass(t, r, migrate.Complete)
						mirror(t, r, only(t, r).Conversation, "new")
						mirror(t, r, only(t, r).Conversation, "newer")
					}
					status := migrate.Complete
					if policy == "stop" {
						status = migrate.Partial
					}
					for run := range 3 {
						s := pass(t, r, status)
						switch {
						case policy == "stop":
							require.EqualValues(t, 1, times(s, mapping.MessageThere))
							require.Contains(t, reasons(s), "--policy "+string(mapping.MessageThere))
						case run == 0:
							require.EqualValues(t, 2, times(s, mapping.MessageThere))
						case run == 2: // the date of the channel has moved since the first
							require.Zero(t, times(s, mapping.MessageThere))
							require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
						}
						there := map[string]int{}
						for _, body := range bodies(t, r) {
							there[body]++
						}
						for _, body := range want {
							n := 1
							if policy == "append" && (body == "new" || body == "newer") {
								n = 2
							}
							require.Equal(t, n, there[body], "%s in %v", body, there)
						}
					}
					if policy == "keep" {
						require.EqualValues(t, 6, pass(t, r, status).Counts[migrate.KindMessages].Existing)
						if !during { // it stands between two of ours
							equalNow(t, r)
						}
					}
					_, _, err := r.Undo(t.Context(), true)
					require.NoError(t, err)
					require.NotEmpty(t, bodies(t, r), "what somebody else wrote is not deleted")
				})
			})
		}
	}

	t.Run("under a lost ledger they are not written again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
			pass(t, r, migrate.Complete)
			mirror(t, r, only(t, r).Conversation, "new")
			for range 3 {
				pass(t, r, migrate.Complete)
				require.Equal(t, []string{"one", "two", "three", "four", "new"}, bodies(t, r))
				r.Ledger += ".new"
			}
		})
	})

	t.Run("found when the ledger was lost before their turn came, they are noted as somebody else's", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Latency: 300 * time.Millisecond})
			require.True(t, r.Killed(t, rig.Kill{Write: 14}))
			mirror(t, r, only(t, r).Conversation, "new")
			r.Ledger += ".new"
			pass(t, r, migrate.Complete)
			require.Len(t, bodies(t, r), 5)
			l, err := sqlite.OpenReader(t.Context(), r.Ledger)
			require.NoError(t, err)
			defer func() { require.NoError(t, l.Close()) }()
			newest, _, err := l.Newest(t.Context(), rig.SidOf("CH", 0))
			require.NoError(t, err)
			require.EqualValues(t, 4, newest.SourceIndex)
			require.True(t, newest.Others)
		})
	})

	t.Run("one that comes while the answer of another is lost is not written again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
			pass(t, r, migrate.Complete)
			for _, body := range []string{"new", "newer"} {
				_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), body)
				require.NoError(t, err)
			}
			said, wrote, lost := time.Now(), false, false
			time.Sleep(2 * time.Second) // or both sides are compared once more before each is sent
			var meddle func(x exchange) bool
			meddle = func(x exchange) bool {
				switch {
				case x.appends("new") && !wrote:
					wrote = true
					m.rest()
					in := only(t, r)
					_, err := in.Target.AppendMessage(t.Context(), in.Service, x.Path[4], conversations.Message{Author: rig.IdentityOf(0), Body: "newer", DateCreated: said})
					require.NoError(t, err)
					m.do(meddle)
				case x.appends("newer") && !lost:
					lost = true
					x.lose()
				}
				return false
			}
			m.do(meddle)
			pass(t, r, migrate.Complete)
			require.True(t, lost)
			require.Equal(t, []string{"one", "two", "three", "four", "newer", "new"}, bodies(t, r))
		})
	})
}

// What an application writes into the target after that was read, and before the
// same message of the source has its turn, is there and not written again.
func TestMirroredAfterTheTargetWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "new")
		require.NoError(t, err)
		there := only(t, r).Conversation
		read, mirrored := 0, false
		m.do(func(x exchange) bool {
			if x.Write() || x.Host != emulator.ConversationsHost || len(x.Path) != 6 || x.Path[4] != there || x.Path[5] != "Messages" || mirrored {
				return false
			}
			if read++; read == 1 {
				mirrored = true
				x.commit().WriteTo(x.w)
				_, err := r.Emulator.PostAs(there, rig.IdentityOf(0), "new")
				require.NoError(t, err)
				return true
			}
			return false
		})
		for range 2 {
			s := pass(t, r, migrate.Complete)
			require.True(t, mirrored)
			require.Zero(t, s.Counts[migrate.KindMessages].Written)
			require.Equal(t, append(four[:4:4], "new"), bodies(t, r))
		}
	})
}
