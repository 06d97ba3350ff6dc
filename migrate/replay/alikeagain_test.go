package replay_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
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
	s, err := r.TryFrom(t, from)
	require.NoError(t, err)
	return s
}

// Without stamps, two channels of one name and date can be told apart by what they
// hold. What cannot be told apart stops; nothing is mixed.
func TestAlikeChannelsWithoutStamps(t *testing.T) {
	for name, c := range map[string]struct {
		plan  func(*rig.Scenario)
		bulk  bool
		kill  int
		alike bool // nobody can tell: both stop
	}{
		"of other messages and members":            {plan: func(s *rig.Scenario) { s.Channels[1].Members = []int{2, 3}; s.Users = 4 }},
		"of other messages, and the same members":  {bulk: true, alike: true},
		"of other messages, and one not there yet": {bulk: true, kill: 19, alike: true},
		"of other messages and no members":         {plan: func(s *rig.Scenario) { s.Channels[0].Members, s.Channels[1].Members = nil, nil }},
		"of no messages and the same members":      {plan: func(s *rig.Scenario) { s.Channels[0].Messages, s.Channels[1].Messages = nil, nil }, bulk: true, alike: true},
		"of no messages and no members: any of the two is right": {plan: func(s *rig.Scenario) {
			*s = rig.ManyChannels(2)
			s.Channels[0], s.Channels[1] = rig.ChannelPlan{}, rig.ChannelPlan{}
		}, alike: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plan := rig.ManyChannels(2)
				plan.Users = 3
				for i := range plan.Channels {
					plan.Channels[i].Read = []int{-1, -1}
					plan.Channels[i].Messages[0].Body = fmt.Sprint("first of ", i)
				}
				if c.plan != nil {
					c.plan(&plan)
				}
				in := rig.WithFile(t, plan.Archive(), "services/"+rig.ScenarioService+"/channels.jsonl", func(text string) string {
					lines := strings.Split(strings.TrimSpace(text), "\n")
					lines[1] = strings.Replace(created.ReplaceAllString(lines[1], created.FindString(lines[0])), "Channel 1", "Channel 0", 1)
					return strings.Join(lines, "\n") + "\n"
				})
				if c.bulk {
					in = rig.WithFile(t, in, membersPath(1), sameDates(t, in))
				}
				r := rig.NewRig(t, emulator.Config{Archive: in, Latency: 300 * time.Millisecond})
				r.Settings.Mapper.NoStamp, r.Settings.Concurrency = true, 1
				if c.kill > 0 {
					require.True(t, r.Killed(t, rig.Kill{Write: c.kill}))
				} else {
					pass(t, r, migrate.Complete)
				}
				m := rig.In(r, onlyService(t, r))
				r.Settings.ToService = m.Service
				r.Ledger += ".new"
				got := passOf(t, r, oneMore(t, in))
				if !c.alike {
					require.Equal(t, migrate.Complete, got.Status, reasons(got))
				}
				secrets := map[string]bool{}
				for conv, err := range migrate.WithoutClaim(m.Target).Conversations(t.Context(), m.Service) {
					require.NoError(t, err)
					text := inside(t, m, conv.SID)
					for own, other := range map[string]string{" of 0": " of 1", " of 1": " of 0"} {
						if strings.Contains(text, "first"+own) {
							require.NotContains(t, text, other, "%s\n%s", got.Status, reasons(got))
						}
					}
					for _, secret := range []string{"secret of 0", "secret of 1"} {
						if strings.Contains(text, secret) {
							require.False(t, secrets[secret], "twice")
							secrets[secret] = true
						}
					}
				}
				if got.Status == migrate.Complete {
					require.Len(t, secrets, 2)
				} else {
					require.Contains(t, reasons(got), "adopt conversation")
				}
			})
		})
	}
}
