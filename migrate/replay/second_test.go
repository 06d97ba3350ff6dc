package replay_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

func TestSecondPass(t *testing.T) {
	dir := "services/" + rig.ScenarioService + "/"
	first := func() rig.Scenario {
		s := rig.ManyChannels(3)
		s.Channels[0].Unique = true
		return s
	}
	later := rig.ScenarioStart.AddDate(0, 1, 0).Format("2006-01-02T15:04:05Z")
	// touch gives line n of a file another value and a later date.
	touch := func(t *testing.T, in fs.FS, name string, n int, old, value string) fs.FS {
		return rig.WithFile(t, in, name, func(text string) string {
			lines := strings.Split(text, "\n")
			require.Contains(t, lines[n], old)
			lines[n] = strings.Replace(lines[n], old, value, 1)
			at := strings.Index(lines[n], `"date_updated":"`) + len(`"date_updated":"`)
			lines[n] = lines[n][:at] + later + lines[n][at+len(later):]
			return strings.Join(lines, "\n")
		})
	}
	for name, change := range map[string]func(*testing.T, fs.FS) fs.FS{
		"another name of a channel": func(t *testing.T, in fs.FS) fs.FS {
			return touch(t, in, dir+"channels.jsonl", 0, `"friendly_name":"Channel 0"`, `"friendly_name":"renamed"`)
		},
		"other attributes of a channel": func(t *testing.T, in fs.FS) fs.FS {
			return touch(t, in, dir+"channels.jsonl", 0, `\"big\"`, `\"other\"`)
		},
		"another name of a user": func(t *testing.T, in fs.FS) fs.FS {
			return touch(t, in, dir+"users.jsonl", 1, `"friendly_name":"User 1"`, `"friendly_name":"renamed"`)
		},
		"another role of a member": func(t *testing.T, in fs.FS) fs.FS {
			return touch(t, in, dir+"channels/"+rig.SidOf("CH", 1)+"/members.jsonl", 0, rig.SidOf("RL", 1), rig.SidOf("RL", 2))
		},
		"a horizon further on": func(t *testing.T, in fs.FS) fs.FS {
			return touch(t, in, dir+"channels/"+rig.SidOf("CH", 1)+"/members.jsonl", 0, `"last_consumed_message_index":1`, `"last_consumed_message_index":3`)
		},
	} {
		t.Run("brings over "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{})
				r.MigrateFrom(t, first().Archive())
				s := r.MigrateFrom(t, change(t, first().Archive()))
				require.NotZero(t, s.Requests.Writes)
				// At most: notifications off and on, a create that is refused, an
				// update, a horizon, the date of the conversation; the claim, and that
				// it says what the notifications were.
				require.LessOrEqual(t, s.Requests.Writes, int64(6+rig.ClaimWrites+1))
				again := r.MigrateFrom(t, change(t, first().Archive()))
				require.EqualValues(t, rig.ClaimWrites, again.Requests.Writes)
				require.Zero(t, r.Emulator.Stats().Pushes)
			})
		})
		t.Run("brings over "+name+" in the pass that finishes what an earlier one began", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refuse := true
				r := rig.NewRig(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if refuse && x.Write() && x.Form.Get("Body") == "three" {
						emulator.Refusal(http.StatusBadRequest, 20001, "no").WriteTo(w)
						return
					}
					commit().WriteTo(w)
				}})
				s, err := r.TryFrom(t, first().Archive())
				require.NoError(t, err)
				require.Equal(t, migrate.Partial, s.Status)
				refuse = false
				r.MigrateFrom(t, change(t, first().Archive()))
			})
		})
	}

	t.Run("brings over new channels, users, members and messages", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{})
			r.MigrateFrom(t, first().Archive())
			grown := first()
			grown.Users = 5
			grown.Channels = append(grown.Channels, rig.ManyChannels(1).Channels...)
			grown.Channels[1].Members, grown.Channels[1].Read = []int{0, 1, 4}, []int{1, -1, 0}
			for i := range 150 {
				grown.Channels[2].Messages = append(grown.Channels[2].Messages, rig.MsgPlan{Body: fmt.Sprint("more ", i)})
			}
			s := r.MigrateFrom(t, grown.Archive())
			require.EqualValues(t, 154, s.Counts[migrate.KindMessages].Written)
			require.EqualValues(t, 12, s.Counts[migrate.KindMessages].Existing)
			require.EqualValues(t, 3, s.Counts[migrate.KindMembers].Written)
			require.Zero(t, r.Emulator.Stats().Pushes)
		})
	})

	t.Run("reads only the newest page of a long channel that did not change", func(t *testing.T) {
		g, err := emulator.ParseGenerate("channels=1,messages=1500,attributes=0,seed=2")
		require.NoError(t, err)
		r := rig.NewRig(t, emulator.Config{Generate: g})
		_, err = r.Migrate(t.Context())
		require.NoError(t, err)
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
		require.Less(t, s.Requests.Reads, int64(30))
	})
}
