package replay_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/transport"
)

func TestQuietTogether(t *testing.T) {
	t.Run("two services into one of others: it is put off once, and gets back what it had when both are done", func(t *testing.T) {
		for _, stopped := range []string{"", "CH1", "CH0"} {
			synctest.Test(t, func(t *testing.T) {
				in := twoServices(t)
				r := littleRig(t, in)
				r.Settings.ToService = r.Inhabit(t)
				require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), r.Settings.ToService, pushes))
				if stopped != "" {
					part := fstest.MapFS{}
					for name, file := range in.(fstest.MapFS) {
						if strings.Contains(name, "/"+stopped) && strings.HasSuffix(name, "messages.jsonl") {
							file = &fstest.MapFile{Data: []byte(strings.Replace(string(file.Data), `"body":"two"`, `"body":""`, 1))}
						}
						part[name] = file
					}
					r.Settings.Mapper.Policy["empty-body"] = "stop"
					s := r.Once(t, part)
					require.Equal(t, migrate.Partial, s.Status)
					require.Equal(t, pushes.Muted(), settingsOf(t, r, r.Settings.ToService).Notifications)
				}
				s := r.Once(t, in)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.EqualValues(t, 2, s.Counts[migrate.KindServices].Existing)
				require.Equal(t, pushes, settingsOf(t, r, r.Settings.ToService).Notifications)
				for _, sid := range []string{rig.ScenarioService, secondService} {
					rec := serviceOf(t, r, sid)
					require.Equal(t, migrate.Done, rec.Stage)
					require.Empty(t, rec.Saved)
				}
				require.Zero(t, r.Emulator.Stats().Pushes)
				require.EqualValues(t, rig.ClaimWrites, r.Once(t, in).Requests.Writes)
			})
		}
	})

	t.Run("two services into one of others: what it had is noted for both by the one that wrote first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// The channel of the second is said to be longer, so it comes first.
			in := rig.WithFile(t, twoServices(t), archive.ChannelsPath(secondService), func(s string) string {
				return strings.Replace(s, `"messages_count":2`, `"messages_count":9`, 1)
			})
			r := littleRig(t, nil)
			r.Settings.ToService = r.Inhabit(t)
			require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), r.Settings.ToService, pushes))
			c := &calls{before: func(one call) error {
				if one.name == "target AppendMessage" {
					return &migrate.Error{Op: "append message", Kind: migrate.Credentials}
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r, from(t, in))
			require.Error(t, err)
			require.Empty(t, serviceOf(t, r, rig.ScenarioService).Saved)
			require.NotEmpty(t, serviceOf(t, r, secondService).Saved)
			require.Equal(t, migrate.Complete, r.Once(t, in).Status)
			require.Equal(t, pushes, settingsOf(t, r, r.Settings.ToService).Notifications)
		})
	})

	t.Run("a run that is told to stop gives nothing back any more, and the next one does", func(t *testing.T) {
		in := rig.WithFile(t, twoServices(t), archive.ChannelsPath(secondService), func(s string) string {
			return strings.Replace(s, `"messages_count":2`, `"messages_count":9`, 1)
		})
		run := func(t *testing.T, at call) (*rig.Rig, *calls) {
			r := littleRig(t, nil)
			r.Settings.ToService = r.Inhabit(t)
			require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), r.Settings.ToService, pushes))
			drain := make(chan struct{})
			c := &calls{before: func(one call) error {
				if one == at {
					close(drain)
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r, from(t, in), func(m *replay.Migration) { m.Drain = drain })
			require.Equal(t, at.name != "", migrate.KindOf(err) == migrate.Interrupted)
			return r, c
		}
		synctest.Test(t, func(t *testing.T) {
			_, c := run(t, call{})
			// The first is noted as done before the second, which has what to give back.
			r, c := run(t, call{"ledger PutService", c.times("ledger PutService") - 1})
			require.Equal(t, 1, c.times("target SetNotifications"))
			require.Equal(t, migrate.Complete, r.Once(t, in).Status)
			require.Equal(t, pushes, settingsOf(t, r, r.Settings.ToService).Notifications)
		})
	})
}
