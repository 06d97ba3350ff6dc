package emulator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestParseGenerate(t *testing.T) {
	g, err := emulator.ParseGenerate("channels=1000,messages=200000,seed=1,users=50,members=5,services=2,longest=900,attributes=0.5")
	require.NoError(t, err)
	require.Equal(t, emulator.Generate{Seed: 1, Services: 2, Channels: 1000, Messages: 200000, Longest: 900, Users: 50, Members: 5, Attributes: 0.5}, g)
	for _, wrong := range []string{"", "rooms=1", "channels=x", "channels=-1", "channels=0", "messages=5", "channels=1,messages=1,longest=2", "channels=2,messages=9,longest=4", "channels=1,seed=-1"} {
		_, err := emulator.ParseGenerate(wrong)
		require.Error(t, err, wrong)
	}
}

func TestGenerate(t *testing.T) {
	description := emulator.Generate{Channels: 12, Messages: 1000, Longest: 400, Services: 2, Users: 30, Members: 4, Seed: 7, Attributes: 0.1}
	read := func(g emulator.Generate) (bodies []string, longest, withAttributes, edited int) {
		b := newBench(t, emulator.Config{Generate: g})
		for _, c := range b.e.Channels() {
			path := "/v1/Services/" + c.ServiceSID + "/Channels/" + c.SID
			messages, _ := b.pages(b.chat, path+"/Messages?PageSize=90", "messages")
			require.Len(t, messages, c.Messages)
			longest = max(longest, len(messages))
			last := -1.0
			for _, m := range messages {
				bodies = append(bodies, m["body"].(string))
				require.Greater(t, m["index"], last)
				last = m["index"].(float64)
				if m["attributes"] == nil {
					withAttributes++
					whole := b.readChat(path + "/Messages/" + m["sid"].(string))
					require.Equal(t, m["body"], whole.text("body"))
					require.True(t, strings.HasPrefix(whole.text("attributes"), `{"`), whole.raw)
				}
				if m["was_edited"] == true {
					edited++
					require.NotEqual(t, m["date_created"], m["date_updated"])
				}
			}
			members, _ := b.pages(b.chat, path+"/Members", "members")
			require.Len(t, members, 4)
		}
		return bodies, longest, withAttributes, edited
	}
	bodies, longest, withAttributes, edited := read(description)
	require.Len(t, bodies, 1000)
	require.Equal(t, 400, longest)
	require.InDelta(t, 100, withAttributes, 40)
	require.Positive(t, edited)

	again, _, _, _ := read(description)
	require.Equal(t, bodies, again, "the same seed gives the same workspace")
	description.Seed++
	other, _, _, _ := read(description)
	require.NotEqual(t, bodies, other)
}

func TestGeneratedSizes(t *testing.T) {
	for _, g := range []emulator.Generate{
		{Channels: 1, Messages: 10}, {Channels: 1, Messages: 10, Longest: 10}, {Channels: 1000, Messages: 200000},
		{Channels: 5, Messages: 3}, {Channels: 3}, {Channels: 4, Messages: 100, Longest: 100}, {Channels: 4, Messages: 100, Longest: 25},
	} {
		b := newBench(t, emulator.Config{Generate: g})
		total, longest := 0, 0
		for _, c := range b.e.Channels() {
			require.GreaterOrEqual(t, c.Messages, 0)
			total += c.Messages
			longest = max(longest, c.Messages)
		}
		require.Equal(t, g.Messages, total, "%+v", g)
		if g.Longest > 0 {
			require.Equal(t, g.Longest, longest, "%+v", g)
		}
	}
}
