package replay

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// manyChannels is a source of channels without messages or members. It shows any channel
// that it is asked for, and lists some.
type manyChannels struct {
	migrate.Source
	listed int // from CH0 on
	broken map[string]error
	asked  []string
}

func numbered(sid string) (c chat.Channel) {
	attributes := "{}"
	c.SID, c.ServiceSID, c.FriendlyName, c.UniqueName = sid, "IS1", "name of "+sid, "unique "+sid
	c.Type, c.Attributes, c.DateCreated.Time = chat.PrivateChannel, &attributes, opened
	return c
}

func (m *manyChannels) Channels(context.Context, string) iter.Seq2[chat.Channel, error] {
	var all []chat.Channel
	for i := range m.listed {
		all = append(all, numbered(fmt.Sprint("CH", i)))
	}
	return each(all, m.broken["Channels"])
}

func (m *manyChannels) Channel(_ context.Context, _, sid string) (chat.Channel, error) {
	m.asked = append(m.asked, sid)
	return numbered(sid), m.broken[sid]
}

func (m *manyChannels) Messages(context.Context, string, string, migrate.Span) iter.Seq2[chat.Message, error] {
	return each[chat.Message](nil, nil)
}

func (m *manyChannels) Members(context.Context, string, string) iter.Seq2[chat.Member, error] {
	return each[chat.Member](nil, nil)
}

// stampedBy is a conversation that says it is of a channel. Its date is another one, so
// that it is not adopted.
func stampedBy(sid, channel, service string) conversations.Conversation {
	return conversations.Conversation{SID: sid, Attributes: fmt.Sprintf(`{"chatbridge":{"sid":%q,"service_sid":%q}}`, channel, service)}
}

// namesake is a conversation that is called and dated as a channel.
func namesake(sid, channel string) conversations.Conversation {
	return conversations.Conversation{SID: sid, FriendlyName: "name of " + channel, UniqueName: "unique " + channel, DateCreated: opened}
}

// TestHoldsOurs holds by which conversations a service is known to be ours, and how many
// of them are tried.
func TestHoldsOurs(t *testing.T) {
	ours := func(sid, channel string) conversations.Conversation {
		c := stampedBy(sid, channel, "IS1")
		c.FriendlyName, c.UniqueName, c.DateCreated = "name of "+channel, "unique "+channel, opened
		return c
	}
	several := func(n int, one func(i int) conversations.Conversation) (all []conversations.Conversation) {
		for i := range n {
			all = append(all, one(i))
		}
		return all
	}
	odd := func(i int) conversations.Conversation {
		return stampedBy(fmt.Sprint("CHs", i), fmt.Sprintf("CHx%02d", i), "IS1")
	}
	alike := func(i int) conversations.Conversation { return namesake(fmt.Sprint("CHn", i), fmt.Sprint("CH", i)) }
	throttled := &migrate.Error{Op: "read channel", Kind: migrate.Throttled, Err: errBroke}
	denied := &migrate.Error{Op: "read channel", Kind: migrate.Credentials, Err: errBroke}
	missing := &migrate.Error{Op: "read channel", Kind: migrate.NotFound, Err: errBroke}
	for name, c := range map[string]struct {
		holds    []conversations.Conversation
		listed   int
		noStamp  bool
		messages int
		breaks   string // what the target does not show
		broken   map[string]error
		want     bool
		err      error
		tried    int
		alike    int
	}{
		"nothing":                                  {listed: 3},
		"nothing like ours":                        {holds: []conversations.Conversation{{SID: "CHz", FriendlyName: "z", DateCreated: opened}}, listed: 3},
		"one with our stamp, listed no more":       {holds: []conversations.Conversation{ours("CHt", "CH9")}, want: true, tried: 1, alike: 1},
		"one with the stamp of another service":    {holds: []conversations.Conversation{stampedBy("CHt", "CH0", "IS2")}},
		"one that is ours without a stamp":         {holds: []conversations.Conversation{namesake("CHt", "CH1")}, listed: 3, noStamp: true, want: true, tried: 1, alike: 1},
		"one by both of its names, and a namesake": {holds: []conversations.Conversation{namesake("CHt", "CH1"), {SID: "CHu", FriendlyName: "name of CH1", DateCreated: opened}}, listed: 3, noStamp: true, want: true, tried: 1, alike: 1},
		"many stamps that prove nothing":           {holds: several(12, odd), tried: channelsTried, alike: 12},
		"many names that prove nothing":            {holds: several(12, alike), listed: 12, tried: channelsTried, alike: 12},
		"some of both":                             {holds: slices.Concat(several(4, odd), several(12, alike)), listed: 12, tried: channelsTried, alike: 16},
		"many stamps, and one of them twice":       {holds: append(several(channelsTried, odd), ours("CHt", "CHx03")), want: true, tried: 4, alike: channelsTried + 1},
		"the last that is compared":                {holds: []conversations.Conversation{namesake("CHt", fmt.Sprint("CH", channelsCompared-1))}, listed: channelsCompared + 5, noStamp: true, want: true, tried: 1, alike: 1},
		"one behind that":                          {holds: []conversations.Conversation{namesake("CHt", fmt.Sprint("CH", channelsCompared))}, listed: channelsCompared + 5, noStamp: true},
		"the stamp of a channel that is gone":      {holds: []conversations.Conversation{ours("CHt", "CH9")}, broken: map[string]error{"CH9": missing}, tried: 1, alike: 1},
		"one that people use":                      {holds: []conversations.Conversation{ours("CHt", "CH9")}, messages: 1, tried: 1, alike: 1},
		"one of a channel that cannot be read":     {holds: []conversations.Conversation{ours("CHt", "CH9")}, broken: map[string]error{"CH9": throttled}, err: throttled, tried: 1, alike: 1},
		"one of such a channel, and another one":   {holds: []conversations.Conversation{ours("CHt", "CH8"), ours("CHu", "CH9")}, broken: map[string]error{"CH8": throttled}, want: true, tried: 2, alike: 2},
		"one whose messages cannot be read":        {holds: []conversations.Conversation{ours("CHt", "CH9")}, breaks: "Messages", err: errBroke, tried: 1, alike: 1},
		"one by its name alone, of another":        {holds: []conversations.Conversation{{SID: "CHt", FriendlyName: "name of CH1", DateCreated: opened}}, listed: 3, tried: 1, alike: 1},
		"when the key may not read it":             {holds: []conversations.Conversation{ours("CHt", "CH8"), ours("CHu", "CH9")}, broken: map[string]error{"CH8": denied}, err: denied, tried: 1, alike: 2},
		"when the names may not be read":           {holds: several(2, alike), listed: 2, broken: map[string]error{"CH0": denied}, err: denied, tried: 1, alike: 1},
		"when the channels cannot be listed":       {holds: several(1, alike), broken: map[string]error{"Channels": throttled}, err: throttled},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{holds: c.holds, messages: c.messages, broken: c.breaks}
			source := &manyChannels{listed: c.listed, broken: c.broken}
			set := migrate.Settings{}
			set.Mapper.NoStamp = c.noStamp
			r := newRun(&Migration{Source: source, Target: s, Ledger: shelfLedger{of: s}, Settings: set})
			r.Target = s
			in := &recognition{
				service: &service{run: r, source: chat.Service{SID: "IS1"}},
				target:  conversations.Service{SID: "ISt", DateCreated: opened.Add(time.Hour)},
			}
			got, err := in.holdsOurs(t.Context())
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, got)
			require.Len(t, source.asked, c.tried)
			for _, one := range s.lanes {
				require.Equal(t, "ISt", one.service)
				require.Error(t, one.ctx.Err(), "it has ended")
			}
			require.Equal(t, len(c.holds), in.holds.Conversations)
			require.Equal(t, c.alike, in.holds.Alike)
			past := 0
			for _, one := range c.holds {
				if !one.DateCreated.IsZero() {
					past++
				}
			}
			require.Equal(t, past, in.holds.Past)
		})
	}
}
