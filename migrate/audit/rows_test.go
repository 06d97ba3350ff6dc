package audit_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// late shows the members of a channel when the list of channels has ended, those of the
// first one before the others.
type late struct{ migrate.Source }

func (l late) Members(ctx context.Context, service, channel string) iter.Seq2[chat.Member, error] {
	return func(yield func(chat.Member, error) bool) {
		time.Sleep(time.Second)
		if channel != rig.SidOf("CH", 0) {
			time.Sleep(time.Minute) // it is read again
		}
		l.Source.Members(ctx, service, channel)(yield)
	}
}

// What is found about a service when its last channel was read is of no channel.
func TestRowsHaveWhatWasFoundAboutTheirChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A user and the first channel count a member whom no list shows.
		oneMore := func(field string, from, to int) func(string) string {
			return func(text string) string {
				return strings.Replace(text, fmt.Sprintf("%q:%d", field, from), fmt.Sprintf("%q:%d", field, to), 1)
			}
		}
		in := rig.WithFile(t, rig.ManyChannels(3).Archive(), archive.UsersPath(rig.ScenarioService), oneMore("joined_channels_count", 3, 4))
		in = rig.WithFile(t, in, archive.ChannelsPath(rig.ScenarioService), oneMore("members_count", 2, 3))
		r := rig.NewRig(t, emulator.Config{Archive: in})
		rows := 0
		a := audit.Auditor{Source: migrate.Counted(late{r.Source(&transport.Counter{})}), Settings: r.Settings, Rows: func(row audit.ChannelRow) {
			rows++
			require.Equal(t, row.SID == rig.SidOf("CH", 0), slices.Contains(row.Findings, string(mapping.CountsDiffer)), row.SID)
		}}
		got, err := a.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3, rows)
		require.EqualValues(t, 2, rig.TimesFound(got.Findings)[mapping.CountsDiffer], "of the channel, and of the service")
	})
}

// Somebody who is invited and a member comes once.
func TestInvitedMembersCountOnce(t *testing.T) {
	writes := func(t *testing.T, invited string) (n int64) {
		synctest.Test(t, func(t *testing.T) {
			in := rig.ManyChannels(1).Archive().(fstest.MapFS)
			if invited != "" {
				in[archive.InvitesPath(rig.ScenarioService, rig.SidOf("CH", 0))] = &fstest.MapFile{Mode: 0o600, Data: fmt.Appendf(nil,
					`{"sid":%q,"service_sid":%q,"channel_sid":%q,"identity":%q,"role_sid":%q,"date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T09:00:00Z"}`+"\n",
					rig.SidOf("IN", 0), rig.ScenarioService, rig.SidOf("CH", 0), invited, rig.SidOf("RL", 1))}
			}
			r := rig.NewRig(t, emulator.Config{Archive: in})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.InviteLost: "add"}
			n = r.Audit(t, nil).Requests.Writes
		})
		return n
	}
	alone := writes(t, "")
	require.Equal(t, alone, writes(t, rig.IdentityOf(0)), "a member")
	require.Greater(t, writes(t, "stranger"), alone)
}
