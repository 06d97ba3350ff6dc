package verify

import (
	"iter"
	"slices"

	"chatbridge/mapping/chat"
)

// horizonIndex remembers, while the messages of a channel stream by, the index in the
// target of the last message at or below each read horizon of the source. It
// holds one entry for each horizon, not for each message.
type horizonIndex struct {
	olds []int64 // ascending
	news []int64 // the same length; -1 until one came by
}

func newHorizonIndex(members []chat.Member) *horizonIndex {
	m := &horizonIndex{}
	for _, one := range members {
		if one.LastConsumedMessageIndex != nil {
			m.olds = append(m.olds, *one.LastConsumedMessageIndex)
		}
	}
	slices.Sort(m.olds)
	m.olds = slices.Compact(m.olds)
	m.news = slices.Repeat([]int64{-1}, len(m.olds))
	return m
}

// pass says that the message with the source index old is at index in the
// target. Old indexes come in ascending order.
func (m *horizonIndex) pass(old, index int64) {
	i, _ := slices.BinarySearch(m.olds, old)
	if i < len(m.olds) {
		m.news[i] = index
	}
}

// at is the index of the last message at or below a horizon.
func (m *horizonIndex) at(old int64) (int64, bool) {
	i, found := slices.BinarySearch(m.olds, old)
	if !found {
		i--
	}
	for ; i >= 0; i-- {
		if m.news[i] >= 0 {
			return m.news[i], true
		}
	}
	return 0, false
}

// collect reads a whole sequence. It is for those that the service itself keeps
// short, such as the members of a channel.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for x, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}
