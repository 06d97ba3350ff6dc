package reports

import (
	"cmp"
	"fmt"
	"slices"

	"chatbridge/migrate"
)

// channelsShown is how many channels a page names: as many as a browser on a
// phone sorts without being noticed.
const channelsShown = 2000

// Channels are the channels of a migration as a page shows them: all are
// counted, and those that matter most are named. It holds little however many
// are added. The zero value has none.
type Channels struct {
	n     int64
	sizes [len(sizeLimits)]sizeClass
	rows  []channelRow
}

type channelRow struct {
	record            migrate.ChannelRecord
	members, messages migrate.KindCount
	reason            string // why it was not carried; empty where it was
}

// sizeLimits are the greatest numbers of messages in each class of channels; the
// last has no limit.
var sizeLimits = [...]int64{0, 9, 99, 999, 9_999, 99_999, 1<<63 - 1}

type sizeClass struct{ channels, messages int64 }

// Add takes one channel, and why it was not carried.
func (c *Channels) Add(r migrate.ChannelRecord, reason string) {
	c.n++
	row := channelRow{record: r, reason: reason}
	row.members, row.messages = r.Account(reason != "")
	size := row.messages.Source
	class := slices.IndexFunc(sizeLimits[:], func(limit int64) bool { return size <= limit })
	c.sizes[class].channels++
	c.sizes[class].messages += size
	c.rows = append(c.rows, row)
	if len(c.rows) >= 2*channelsShown {
		c.trim()
	}
}

// trim keeps what was not carried before what is not done before the largest.
func (c *Channels) trim() {
	weight := func(r channelRow) int {
		switch {
		case r.reason != "":
			return 2
		case r.record.Stage != migrate.Done:
			return 1
		}
		return 0
	}
	slices.SortFunc(c.rows, func(a, b channelRow) int {
		return cmp.Or(
			cmp.Compare(weight(b), weight(a)),
			cmp.Compare(b.messages.Source, a.messages.Source),
			cmp.Compare(a.record.SourceSID, b.record.SourceSID),
		)
	})
	c.rows = slices.Clip(c.rows[:min(len(c.rows), channelsShown)])
}

func (r channelRow) state() string {
	if r.reason != "" {
		return "not carried"
	}
	return cmp.Or(stages[r.record.Stage.String()].state, "unknown")
}

// sizeTable says how many channels there are of each size.
func (c *Channels) sizeTable() tableBlock {
	t := tableBlock{
		caption: "Channels by how many messages they have; the bar is their share of all messages",
		header:  []string{"messages in a channel", "channels", "messages in all"},
		numbers: []int{1, 2},
	}
	var all float64
	for _, s := range c.sizes {
		all += float64(s.messages)
	}
	least := int64(0)
	for i, s := range c.sizes {
		name := Number(least) + " – " + Number(sizeLimits[i])
		switch {
		case sizeLimits[i] == least:
			name = Number(least)
		case i == len(sizeLimits)-1:
			name = Number(least) + " and more"
		}
		least = sizeLimits[i] + 1
		if s.channels == 0 {
			continue
		}
		t.rows = append(t.rows, []string{name, Number(s.channels), Number(s.messages)})
		t.bars = append(t.bars, float64(s.messages)/max(1, all))
	}
	return t
}

// catalog names the channels.
func (c *Channels) catalog() catalog {
	c.trim()
	k := catalog{
		ID: "channels", StateLabel: "State",
		Caption: fmt.Sprintf("%s, those that were not carried first, then the largest", count(c.n, "channel", "channels")),
		Header: []column{
			{"name", false}, {"state", false}, {"messages", true}, {"messages arrived", true}, {"members", true}, {"members arrived", true},
			{"source", false}, {"target", false},
		},
	}
	if c.n > int64(len(c.rows)) {
		k.Caption = fmt.Sprintf("%s of %s: those that were not carried first, then the largest. The ledger has them all",
			Number(int64(len(c.rows))), count(c.n, "channel", "channels"))
	}
	for _, r := range c.rows {
		state := r.state()
		if !slices.Contains(k.States, state) {
			k.States = append(k.States, state)
		}
		k.Rows = append(k.Rows, catalogRow{State: state, Cells: r.cells(state)})
	}
	slices.Sort(k.States)
	return k
}

func (r channelRow) cells(state string) []tableCell {
	c := r.record
	stateCell := tableCell{Text: state, Note: r.reason}
	if r.reason != "" {
		stateCell.Class = "bad"
	}
	return []tableCell{
		{Text: cmp.Or(c.FriendlyName, "(no name)"), Head: true, Class: "text"},
		stateCell,
		{Text: Number(r.messages.Source), Class: "n"},
		{Text: Number(r.messages.Target()), Class: "n"},
		{Text: Number(r.members.Source), Class: "n"},
		{Text: Number(r.members.Target()), Class: "n"},
		{Text: c.SourceSID, Class: "sid"},
		{Text: cmp.Or(c.TargetSID, "none"), Class: "sid"},
	}
}
