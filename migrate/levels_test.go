package migrate_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// standing is a user's channel in the source: joined, unless it says otherwise.
type standing struct {
	user, channel int
	status, level string
}

func stands(user, channel int, status, level string) standing {
	return standing{user: user, channel: channel, status: status, level: level}
}

// withLevels is a scenario of three channels with two members each, where users
// have to do with channels as said.
func withLevels(all ...standing) fstest.MapFS {
	files := manyChannels(3).archive().(fstest.MapFS)
	var text strings.Builder
	for _, one := range all {
		raw, _ := json.Marshal(map[string]any{ // maps of strings encode
			"service_sid": scenarioService, "user_sid": sidOf("US", one.user), "channel_sid": sidOf("CH", one.channel),
			"member_sid": sidOf("MB", one.channel*1000+one.user), "status": one.status, "notification_level": one.level,
		})
		text.Write(append(raw, '\n'))
	}
	files[archive.UserChannelsPath(scenarioService)] = &fstest.MapFile{Data: []byte(text.String())}
	return files
}

// muted are the identities and conversations of who muted what in the target.
func (r *rig) muted(t *testing.T, service string) []string {
	t.Helper()
	target := r.target(&transport.Counter{})
	names := map[string]string{}
	for c, err := range target.Conversations(t.Context(), service) {
		require.NoError(t, err)
		names[c.SID] = c.FriendlyName
	}
	found := []string{}
	for u, err := range target.Users(t.Context(), service) {
		require.NoError(t, err)
		for c, err := range target.UserConversations(t.Context(), service, u.SID) {
			require.NoError(t, err)
			if c.NotificationLevel == conversations.NotificationsMuted {
				found = append(found, u.FriendlyName+" in "+names[c.ConversationSID])
			}
		}
	}
	slices.Sort(found)
	return found
}

// once runs a migration from an archive, however it ends and whatever differs.
func (r *rig) once(t *testing.T, from fs.FS) migrate.Summary {
	t.Helper()
	a, err := archive.Open(from)
	require.NoError(t, err)
	src := archive.NewSource(a)
	defer func() { require.NoError(t, src.Close()) }()
	l, err := sqlite.Open(t.Context(), r.ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	counter := &transport.Counter{}
	m := migrate.Migration{Source: src, Target: r.target(counter), Ledger: l, Observer: r.events, Settings: r.settings, Traffic: counter.Traffic}
	s, err := m.Run(t.Context())
	require.NoError(t, err)
	return s
}

func levelRig(t *testing.T, c emulator.Config) *rig {
	r := newRig(t, c)
	r.settings.UserChannels = true
	return r
}

func TestLevels(t *testing.T) {
	source := withLevels(
		stands(0, 0, "joined", "muted"), stands(0, 1, "joined", "default"),
		stands(1, 1, "joined", "muted"), stands(1, 2, "notParticipating", "muted"),
	)
	want := []string{"User 0 in Channel 0", "User 1 in Channel 1"}

	t.Run("carries what users muted, once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := levelRig(t, emulator.Config{})
			s := r.migrateFrom(t, source)
			require.Equal(t, want, r.muted(t, s.Services[0].TargetSID))
			require.Equal(t, migrate.KindCount{Source: 2, Written: 2}, s.Counts[migrate.KindUserChannels])
			require.Contains(t, s.Findings, migrate.FindingCount{
				Code: mapping.UserChannelStatus, Severity: mapping.Loss, Count: 1, Samples: []string{sidOf("US", 1)},
			})
			require.Zero(t, r.emulator.Stats().Pushes)

			again := r.migrateFrom(t, source)
			require.Zero(t, again.Requests.Writes)
			require.Equal(t, migrate.KindCount{Source: 2, Existing: 2}, again.Counts[migrate.KindUserChannels])
		})
	})

	t.Run("follows the source when it is muted or heard again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := levelRig(t, emulator.Config{})
			r.migrateFrom(t, source)
			changed := withLevels(stands(0, 0, "joined", "default"), stands(0, 1, "joined", "muted"), stands(1, 1, "joined", "muted"))
			s := r.migrateFrom(t, changed)
			require.Equal(t, []string{"User 0 in Channel 1", "User 1 in Channel 1"}, r.muted(t, s.Services[0].TargetSID))
			require.EqualValues(t, 2, s.Requests.Writes)
			require.Zero(t, r.migrateFrom(t, changed).Requests.Writes)
		})
	})

	t.Run("leaves what people chose in the target while the source stays as it is", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := migratedWithLevels(t, source)
			m.set(t, "User 0", "Channel 0", conversations.NotificationsDefault)
			s := m.once(t, source)
			require.Zero(t, s.Requests.Writes)
			require.Equal(t, want[1:], m.muted(t, m.service))
		})
	})

	t.Run("mutes again what an undo took away", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := levelRig(t, emulator.Config{})
			r.migrateFrom(t, source)
			_, _, err := r.undo(t.Context(), true)
			require.NoError(t, err)
			s := r.migrateFrom(t, source)
			require.Equal(t, want, r.muted(t, s.Services[0].TargetSID))
		})
	})

	t.Run("carries what Chat v2 shows", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := levelRig(t, emulator.Config{Archive: source})
			l, err := sqlite.Open(t.Context(), r.ledger)
			require.NoError(t, err)
			defer func() { require.NoError(t, l.Close()) }()
			src, err := twilio.NewSource(twilio.Config{
				BaseURL: "http://127.0.0.1:1", API: twilio.APIv2, Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
				HTTP: transport.ReadOnly(r.transport(r.emulator.Chat(), &transport.Counter{})),
			})
			require.NoError(t, err)
			m := migrate.Migration{Source: src, Target: r.target(&transport.Counter{}), Ledger: l, Observer: r.events, Settings: r.settings}
			s, err := m.Run(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, want, r.muted(t, s.Services[0].TargetSID))
		})
	})

	t.Run("reads no user's channels from a source that shows none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, emulator.Config{})
			s := r.migrateFrom(t, source)
			require.Empty(t, r.muted(t, s.Services[0].TargetSID))
			require.NotContains(t, s.Counts, migrate.KindUserChannels)
		})
	})

	t.Run("says what the target refuses, and tries it again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			whole := withLevels(stands(0, 0, "joined", "muted"), stands(1, 1, "joined", "muted"))
			part := maps.Clone(whole) // its second member is in no list and has no SID, so that nobody brings them in
			edit := func(name string, change func(string) string) {
				part[name] = &fstest.MapFile{Data: []byte(change(string(part[name].Data)))}
			}
			edit(archive.MembersPath(scenarioService, sidOf("CH", 1)), func(text string) string { return strings.SplitAfter(text, "\n")[0] })
			edit(archive.UserChannelsPath(scenarioService), func(text string) string { return strings.ReplaceAll(text, sidOf("MB", 1001), "") })
			r := levelRig(t, emulator.Config{})
			s := r.once(t, part)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, migrate.KindUserChannels, s.Failures[0].Kind)
			require.Equal(t, migrate.KindCount{Source: 2, Written: 1, Failed: 1}, s.Counts[migrate.KindUserChannels])

			s = r.migrateFrom(t, whole)
			require.Equal(t, want, r.muted(t, s.Services[0].TargetSID))
		})
	})
}

func TestAuditCountsLevels(t *testing.T) {
	source := withLevels(stands(0, 0, "joined", "muted"), stands(1, 1, "joined", "default"), stands(1, 2, "notParticipating", ""), stands(0, 77, "joined", "muted"))
	audited := func(levels bool) migrate.Audit {
		a, err := archive.Open(source)
		require.NoError(t, err)
		src := archive.NewSource(a)
		defer func() { require.NoError(t, src.Close()) }()
		auditor := migrate.Auditor{Source: src, Observer: &events{}, Settings: migrate.Settings{APS: 10, UserChannels: levels}}
		found, err := auditor.Run(t.Context())
		require.NoError(t, err)
		return found
	}
	without, with := audited(false), audited(true)
	require.Equal(t, without.Requests.Writes+1, with.Requests.Writes)
	require.Greater(t, with.Estimate.Seconds, without.Estimate.Seconds)
	codes := func(a migrate.Audit) (n int64) {
		for _, f := range a.Findings {
			if f.Code == mapping.UserChannelStatus {
				n += f.Count
			}
		}
		return n
	}
	require.Zero(t, codes(without))
	require.EqualValues(t, 1, codes(with))
}
