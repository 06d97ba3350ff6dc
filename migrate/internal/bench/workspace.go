package bench

import "chatbridge/migrate/emulator"

// Workspace is one that spans are measured on.
type Workspace struct {
	Name string
	emulator.Generate
}

// Workspaces. Every message has attributes, which the lists of Chat v1 hide, so that
// each one is read by itself. Channels have 8 members, as the emulator invents them,
// unless it says otherwise.
var (
	// Skewed is as most are: one channel is long, and few have most of the rest.
	Skewed = skewed("20 channels, the longest of 600", 20, 1800, 600)
	// Equal has nothing to put first.
	Equal = equal("30 channels of 600", 30, 600)
	// EqualShort is over before a slow start is made good.
	EqualShort = equal("30 channels of 120", 30, 120)
	// Small is bound by the gate: each channel is little more than its create.
	Small = few("600 channels of 5", 600)
	// Many is what a second pass has to look through.
	Many = few("1,000 channels of 5", 1000)
	// One has nothing beside its lane.
	One = equal("1 channel of 600", 1, 600)
	// Long is where a run that goes on has a long way behind it.
	Long = equal("1 channel of 10,000", 1, 10_000)
	// People are bound by the gate too, most of them in no channel.
	People = Workspace{"900 users, 10 channels of 20", emulator.Generate{Channels: 10, Messages: 200, Longest: 20, Users: 900, Attributes: 1}}

	// SkewedLittle and EqualLittle are quick to run.
	SkewedLittle = skewed("24 channels, the longest of 150", 24, 500, 150)
	EqualLittle  = equal("24 channels of 30", 24, 30)
)

func skewed(name string, channels, messages, longest int) Workspace {
	return Workspace{name, emulator.Generate{Channels: channels, Messages: messages, Longest: longest, Attributes: 1}}
}

// equal has channels of one length: no channel may have more, and all are needed.
func equal(name string, channels, messages int) Workspace {
	return skewed(name, channels, channels*messages, messages)
}

func few(name string, channels int) Workspace {
	w := equal(name, channels, 5)
	w.Members = 3
	return w
}
