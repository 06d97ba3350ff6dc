package replay_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

const secondService = "IS00000000000000000000000000000002"

// little is a source that has one of everything.
func little(t *testing.T) fs.FS {
	c := rig.ChannelPlan{Members: []int{0, 1}, Read: []int{1, -1}}
	for i, body := range []string{"one", "two"} {
		c.Messages = append(c.Messages, rig.MsgPlan{Author: i % 2, Body: body})
	}
	in := rig.Scenario{Users: 3, Channels: []rig.ChannelPlan{c}}.Archive().(fstest.MapFS)
	in[archive.InvitesPath(rig.ScenarioService, rig.SidOf("CH", 0))] = &fstest.MapFile{Data: fmt.Appendf(nil,
		`{"sid":%q,"channel_sid":%q,"service_sid":%q,"identity":"user2@example.com","role_sid":%q,"created_by":"user0@example.com","date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T09:00:00Z"}`+"\n",
		rig.SidOf("IN", 0), rig.SidOf("CH", 0), rig.ScenarioService, rig.SidOf("RL", 1))}
	in[archive.CredentialsPath] = &fstest.MapFile{Data: fmt.Appendf(nil,
		`{"sid":%q,"account_sid":"AC00000000000000000000000000000001","friendly_name":"phones","type":"gcm","date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T09:00:00Z"}`+"\n", rig.SidOf("CR", 0))}
	return in
}

func littleRig(t *testing.T, in fs.FS) *rig.Rig {
	r := rig.NewRig(t, emulator.Config{Archive: in})
	r.Settings.Mapper.Policy = rig.CarryAll()
	r.Settings.Mapper.Policy["invite"] = "add"
	r.Settings.Concurrency = 1
	return r
}

// from makes a migration read an archive, which shows more in its lists than the
// API does.
func from(t *testing.T, in fs.FS) func(*replay.Migration) {
	return func(m *replay.Migration) {
		a, err := archive.Open(in)
		require.NoError(t, err)
		src := archive.NewSource(a)
		t.Cleanup(func() { require.NoError(t, src.Close()) })
		held := m.Source.(heldSource)
		held.s = src
		m.Source = held
	}
}

// twoServices is a source of two services with a channel each.
func twoServices(t *testing.T) fs.FS {
	in := little(t).(fstest.MapFS)
	for name, file := range in {
		if !strings.Contains(name, rig.ScenarioService) {
			continue
		}
		text := strings.NewReplacer(rig.ScenarioService, secondService,
			`"scenario"`, `"second"`, `"Channel 0"`, `"Second 0"`, `"sid":"CH0`, `"sid":"CH1`, `"sid":"RL0`, `"sid":"RL1`, `"sid":"US0`, `"sid":"US1`, `"sid":"MB0`, `"sid":"MB1`, `"sid":"IM0`, `"sid":"IM1`, `"sid":"IN0`, `"sid":"IN1`,
			`role_sid":"RL0`, `role_sid":"RL1`, `"channel_sid":"CH0`, `"channel_sid":"CH1`, `"to":"CH0`, `"to":"CH1`).Replace(string(file.Data))
		name = strings.NewReplacer(rig.ScenarioService, secondService, "/CH0", "/CH1").Replace(name)
		in[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
	}
	return in
}
