package migrate_test

import (
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// levelled is a finished migration of an archive with notification levels.
type levelled struct {
	*rig
	service string
	writer  *twilio.Target
	source  *archive.Source
}

func migratedWithLevels(t *testing.T, from fstest.MapFS) *levelled {
	r := levelRig(t, emulator.Config{})
	s := r.migrateFrom(t, from)
	a, err := archive.Open(from)
	require.NoError(t, err)
	src := archive.NewSource(a)
	t.Cleanup(func() { require.NoError(t, src.Close()) })
	return &levelled{rig: r, service: s.Services[0].TargetSID, writer: r.target(&transport.Counter{}), source: src}
}

// set chooses a level in the target, as a person does.
func (m *levelled) set(t *testing.T, user, conversation, level string) {
	for u, err := range m.writer.Users(t.Context(), m.service) {
		require.NoError(t, err)
		for c, err := range m.writer.Conversations(t.Context(), m.service) {
			require.NoError(t, err)
			if u.FriendlyName == user && c.FriendlyName == conversation {
				require.NoError(t, m.writer.SetNotificationLevel(t.Context(), m.service, u.SID, c.SID, level))
			}
		}
	}
}

func TestVerifyAndRepairLevels(t *testing.T) {
	source := withLevels(stands(0, 0, "joined", "muted"), stands(0, 1, "joined", "default"), stands(1, 1, "joined", ""))
	for name, damage := range map[string]struct {
		user, conversation, level string
		different                 bool
	}{
		"a muted channel that is heard":    {"User 0", "Channel 0", "default", true},
		"a channel that is muted":          {"User 0", "Channel 1", "muted", true},
		"what the source does not show of": {"User 1", "Channel 1", "muted", false},
	} {
		t.Run("compares "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := migratedWithLevels(t, source)
				m.set(t, damage.user, damage.conversation, damage.level)
				v := migrate.Verifier{Source: m.source, Target: m.writer, Observer: m.events, Settings: m.settings}
				var all []migrate.Difference
				got, err := v.Run(t.Context(), func(d migrate.Difference) { all = append(all, d) })
				require.NoError(t, err)
				require.Equal(t, !damage.different, got.Equal)
				require.EqualValues(t, 2, got.Compared[migrate.KindUserChannels])
				if !damage.different {
					require.Empty(t, all)
					return
				}
				require.Len(t, all, 1)
				require.Equal(t, migrate.Altered, all[0].Class)
				require.Equal(t, migrate.KindUserChannels, all[0].Kind)
				require.Equal(t, "notification_level", all[0].Field)
				require.Equal(t, sidOf("US", 0), all[0].SourceSID)

				l, err := sqlite.Open(t.Context(), m.ledger)
				require.NoError(t, err)
				r := migrate.Repairer{Verifier: v, Write: m.writer, Record: l, Execute: true}
				done, err := r.Run(t.Context(), func(migrate.Repair) {})
				require.NoError(t, err)
				require.NoError(t, l.Close())
				require.EqualValues(t, 1, done.Done)
				require.True(t, done.Equal)
				require.Equal(t, []string{"User 0 in Channel 0"}, m.muted(t, m.service))
				require.Zero(t, m.migrateFrom(t, source).Requests.Writes)
			})
		})
	}
}
