package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

func TestAmountsOfAChannel(t *testing.T) {
	read := migrate.Listed{Known: true, Members: 3, Messages: 10, LeftOutMembers: 1, LeftOutMessages: 4}
	for name, c := range map[string]struct {
		channel chat.Channel
		rec     migrate.ChannelRecord
		want    amounts
	}{
		"is made, dated and filled": {
			chat.Channel{MembersCount: 3, MessagesCount: 10}, migrate.ChannelRecord{},
			amounts{channels: 1, members: 3, messages: 10, writes: 10 + 2*3 + 2, longest: 10 + 2*3 + 2},
		},
		"goes on behind what the ledger has": {
			chat.Channel{MembersCount: 3, MessagesCount: 10}, migrate.ChannelRecord{TargetSID: "CH2", MembersCount: 3, MessagesCount: 10, Members: 1, Messages: 7},
			amounts{channels: 1, members: 3, messages: 10, copied: 7, writes: 3 + 2*2 + 1, longest: 3 + 2*2 + 1},
		},
		"needs nothing for what a policy leaves out": {
			chat.Channel{MembersCount: 3, MessagesCount: 10},
			migrate.ChannelRecord{TargetSID: "CH2", Stage: migrate.Done, MembersCount: 3, MessagesCount: 10, Members: 2, Messages: 6, Listed: read},
			amounts{channels: 1, members: 3, messages: 10, done: 1, copied: 6},
		},
		"is counted anew if its counters moved": {
			chat.Channel{MembersCount: 3, MessagesCount: 12},
			migrate.ChannelRecord{TargetSID: "CH2", Stage: migrate.Done, MembersCount: 3, MessagesCount: 10, Members: 3, Messages: 10, Listed: read},
			amounts{channels: 1, members: 3, messages: 12, done: 1, copied: 10, writes: 2, longest: 2},
		},
		"has no less than nothing to do if it has more than its counters say": {
			chat.Channel{MembersCount: 1, MessagesCount: 2}, migrate.ChannelRecord{TargetSID: "CH2", Stage: migrate.Done, Members: 3, Messages: 10},
			amounts{channels: 1, members: 1, messages: 2, done: 1, copied: 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got amounts
			got.channel(c.channel, c.rec)
			require.Equal(t, c.want, got)
		})
	}
}

func TestAmountsText(t *testing.T) {
	a := amounts{channels: 2, messages: 300, writes: 360, longest: 60}
	require.Contains(t, a.text(1, 2, 0, mapping.Policy{}, false), "about 360 writes, at least 3 min.", "two lanes share them")
	a.longest = 300
	require.Contains(t, a.text(1, 2, 0, mapping.Policy{}, false), "about 360 writes, at least 5 min.", "the longest channel has one")
	require.Contains(t, a.text(0, 2, 0, mapping.Policy{}, true), "at most about 360 writes.")
	require.Contains(t, a.text(1, 2, 2*time.Second, mapping.Policy{}, false), "at least 10 min if a write takes 2s.", "a write takes longer than the limit")
	require.Contains(t, a.text(1, 2, time.Second/2, mapping.Policy{}, false), "at least 5 min.", "the limit is longer than a write takes")
	require.Contains(t, a.text(0, 2, 2*time.Second, mapping.Policy{}, false), "at least 10 min if a write takes 2s.", "there is no limit but what a write takes")
}
