package rig

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// standing is a user's channel in the source: joined, unless it says otherwise.
type standing struct {
	user, channel int
	status, level string
}

func Stands(user, channel int, status, level string) standing {
	return standing{user: user, channel: channel, status: status, level: level}
}

// WithLevels is a scenario of three channels with two members each, where users
// have to do with channels as said.
func WithLevels(all ...standing) fstest.MapFS {
	files := ManyChannels(3).Archive().(fstest.MapFS)
	var text strings.Builder
	for _, one := range all {
		raw, _ := json.Marshal(map[string]any{ // maps of strings encode
			"service_sid": ScenarioService, "user_sid": SidOf("US", one.user), "channel_sid": SidOf("CH", one.channel),
			"member_sid": SidOf("MB", one.channel*1000+one.user), "status": one.status, "notification_level": one.level,
		})
		text.Write(append(raw, '\n'))
	}
	files[archive.UserChannelsPath(ScenarioService)] = &fstest.MapFile{Data: []byte(text.String())}
	return files
}

// Muted are the identities and conversations of who muted what in the target.
func (r *Rig) Muted(t *testing.T, service string) []string {
	t.Helper()
	target := r.Target(&transport.Counter{})
	names := map[string]string{}
	for c, err := range migrate.WithoutClaim(target).Conversations(t.Context(), service) {
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

// Once runs a migration from an archive, however it ends and whatever differs.
func (r *Rig) Once(t *testing.T, from fs.FS) replay.Summary {
	t.Helper()
	a, err := archive.Open(from)
	require.NoError(t, err)
	src := archive.NewSource(a)
	defer func() { require.NoError(t, src.Close()) }()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	counter := &transport.Counter{}
	m := replay.Migration{Source: src, Target: r.Target(counter), Ledger: l, Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic}
	s, err := m.Run(t.Context())
	require.NoError(t, err)
	return s
}

func LevelRig(t *testing.T, c emulator.Config) *Rig {
	r := NewRig(t, c)
	r.Settings.UserChannels = true
	return r
}

// levelled is a finished migration of an archive with notification levels.
type levelled struct {
	*Rig
	Service string
	Writer  *twilio.Target
	Source  *archive.Source
}

func MigratedWithLevels(t *testing.T, from fstest.MapFS) *levelled {
	r := LevelRig(t, emulator.Config{})
	s := r.MigrateFrom(t, from)
	a, err := archive.Open(from)
	require.NoError(t, err)
	src := archive.NewSource(a)
	t.Cleanup(func() { require.NoError(t, src.Close()) })
	return &levelled{Rig: r, Service: s.Services[0].TargetSID, Writer: r.Target(&transport.Counter{}), Source: src}
}

// Set chooses a level in the target, as a person does.
func (m *levelled) Set(t *testing.T, user, conversation, level string) {
	for u, err := range m.Writer.Users(t.Context(), m.Service) {
		require.NoError(t, err)
		for c, err := range m.Writer.Conversations(t.Context(), m.Service) {
			require.NoError(t, err)
			if u.FriendlyName == user && c.FriendlyName == conversation {
				require.NoError(t, m.Writer.SetNotificationLevel(t.Context(), m.Service, u.SID, c.SID, level))
			}
		}
	}
}
