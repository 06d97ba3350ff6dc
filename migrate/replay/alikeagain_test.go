package replay_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/archive"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

func membersPath(channel int) string {
	return strings.Replace(rig.MessagesPath(channel), "messages.jsonl", "members.jsonl", 1)
}

var created = regexp.MustCompile(`"date_created":"[^"]*"`)

// sameDates gives the members of a channel the date of those of the first.
func sameDates(t *testing.T, in fs.FS) func(string) string {
	raw, err := fs.ReadFile(in, membersPath(0))
	require.NoError(t, err)
	date := created.FindString(string(raw))
	require.NotEmpty(t, date)
	return func(text string) string { return created.ReplaceAllString(text, date) }
}

// oneMore gives each of two channels one message more, and a later date.
func oneMore(t *testing.T, in fs.FS) fs.FS {
	for n := range 2 {
		in = rig.WithFile(t, in, rig.MessagesPath(n), func(text string) string {
			return text + fmt.Sprintf(`{"sid":%q,"channel_sid":%q,"service_sid":%q,"index":90,"from":%q,"body":"secret of %d","attributes":"{}","date_created":"1999-05-01T00:00:00Z","date_updated":"1999-05-01T00:00:00Z"}`,
				rig.SidOf("IM", 9000+n), rig.SidOf("CH", n), rig.ScenarioService, rig.IdentityOf(0), n) + "\n"
		})
	}
	return in
}

// inside is what a conversation holds, without what it is called.
func inside(t *testing.T, m *rig.Mutant, sid string) string {
	t.Helper()
	one := *m
	one.Conversation = sid
	var all []string
	for _, msg := range one.Messages(t) {
		all = append(all, msg.Author+" "+msg.Body)
	}
	for _, p := range one.Participants(t) {
		all = append(all, p.Identity)
	}
	return strings.Join(all, "\n")
}

// passOf runs a migration from an archive, however it ends.
func passOf(t *testing.T, r *rig.Rig, from fs.FS) replay.Summary {
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
