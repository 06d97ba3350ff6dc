package emulator

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Generate describes an invented workspace. The same description always gives
// the same workspace. Messages are computed when they are read and take no
// memory.
type Generate struct {
	Seed     uint64
	Services int // defaults to 1
	Channels int // of all services together; 0 generates nothing
	Messages int // of all channels together
	Longest  int // messages of the longest channel, out of Messages; 0 leaves it open
	Users    int // of each service; defaults to 20, or a fifth of the channels
	Members  int // of each channel; defaults to 8, and is never more than Users

	// Attributes is the share of messages that have some, from 0 to 1. Below 0
	// means none; 0 means the default of 0.02.
	Attributes float64
	// Files is the share of messages that have a file, from 0 to 1, and FileBytes
	// the most bytes that one has. FileBytes defaults to DefaultFileBytes.
	Files     float64
	FileBytes int
}

// DefaultFileBytes is the most bytes that an invented file has.
const DefaultFileBytes = 4096

func (g Generate) enabled() bool { return g.Channels > 0 }

// ParseGenerate reads a description such as
// "channels=1000,messages=200000,seed=1". Its words are those of Generate, in
// lower case; FileBytes is file-bytes.
func ParseGenerate(text string) (Generate, error) {
	var g Generate
	numbers := map[string]*int{
		"services": &g.Services, "channels": &g.Channels, "messages": &g.Messages, "longest": &g.Longest,
		"users": &g.Users, "members": &g.Members, "file-bytes": &g.FileBytes,
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch into, known := numbers[name]; {
		case known:
			if *into, err = strconv.Atoi(value); err == nil && *into < 0 {
				err = fmt.Errorf("%d is negative", *into)
			}
		case name == "seed":
			g.Seed, err = strconv.ParseUint(value, 10, 64)
		case name == "files":
			err = share(&g.Files)(value)
		case name == "attributes":
			if g.Attributes, err = strconv.ParseFloat(value, 64); err == nil && g.Attributes == 0 {
				g.Attributes = -1
			}
		default:
			return g, fmt.Errorf("read %q: there is no %q; there are services, channels, messages, longest, users, members, attributes, files, file-bytes and seed", text, name)
		}
		if err != nil {
			return g, fmt.Errorf("read %q: %s: %w", text, name, err)
		}
	}
	return g, g.check()
}

func (g Generate) check() error {
	switch {
	case g.Channels < 1:
		return fmt.Errorf("generate workspace: channels=%d, of at least 1", g.Channels)
	case g.Longest > g.Messages:
		return fmt.Errorf("generate workspace: longest=%d, of messages=%d", g.Longest, g.Messages)
	case g.Longest > 0 && g.Longest*g.Channels < g.Messages:
		return fmt.Errorf("generate workspace: channels=%d of at most longest=%d cannot hold messages=%d", g.Channels, g.Longest, g.Messages)
	}
	return nil
}

func (g Generate) withDefaults() Generate {
	g.Services = cmp.Or(g.Services, 1)
	g.Users = cmp.Or(g.Users, max(20, g.Channels/g.Services/5))
	g.Members = min(cmp.Or(g.Members, 8), g.Users)
	g.Attributes = max(0, cmp.Or(g.Attributes, 0.02))
	return g
}

// sizes says how many messages each channel has: few channels have most, as in
// real workspaces.
func (g Generate) sizes() []int {
	sizes := make([]int, g.Channels)
	left, from := g.Messages, 0
	ceiling := left
	if g.Longest > 0 {
		ceiling = g.Longest
		sizes[0] = g.Longest
		left, from = left-g.Longest, 1
	}
	weight := func(i int) float64 { return 1 / float64(i-from+2) }
	var total float64
	for i := from; i < g.Channels; i++ {
		total += weight(i)
	}
	rest := left
	for i := from; i < g.Channels; i++ {
		sizes[i] = min(ceiling, int(float64(left)*weight(i)/total))
		rest -= sizes[i]
	}
	for i := from; rest > 0; i++ {
		more := min(rest, ceiling-sizes[i])
		sizes[i] += more
		rest -= more
	}
	return sizes
}
