package reports

import (
	"cmp"
	"fmt"
	"slices"

	"chatbridge/migrate"
)

// Channels are the channels of a migration as a page shows them: all are
// counted, and 20,000 are named, of more those that were not carried and then the
// largest. It holds no more than twice as many, however many are added. The zero value has none.
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
	if len(c.rows) >= 2*catalogShown {
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
	c.rows = slices.Clip(c.rows[:min(len(c.rows), catalogShown)])
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
		caption: "Channels by number of messages; the bar is their share of all messages",
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
		ID: "channels", Label: "State", Choice: 1,
		Caption: fmt.Sprintf("%s, channels not carried first, then the largest", count(c.n, "channel", "channels")),
		Header: []column{
			{"name", "text"}, {"state", "state"}, {"messages", numeric}, {"messages arrived", numeric}, {"members", numeric}, {"members arrived", numeric},
			{"source", "sid"}, {"target", "sid"},
		},
	}
	if c.n > int64(len(c.rows)) {
		k.Caption = fmt.Sprintf("%s of %s: channels not carried first, then the largest. The ledger has them all",
			Number(int64(len(c.rows))), count(c.n, "channel", "channels"))
	}
	for _, r := range c.rows {
		k.Rows = append(k.Rows, r.cells())
	}
	return k
}

func (r channelRow) cells() catalogRow {
	c := r.record
	state := tableCell{Text: r.state(), Note: r.reason}
	if r.reason != "" {
		state.Class = string(bad)
	}
	return catalogRow{
		{Text: cmp.Or(c.FriendlyName, "(no name)"), Head: true},
		state,
		{Text: Number(r.messages.Source)},
		{Text: Number(r.messages.Target())},
		{Text: Number(r.members.Source)},
		{Text: Number(r.members.Target())},
		{Text: c.SourceSID},
		{Text: cmp.Or(c.TargetSID, "none")},
	}
}
