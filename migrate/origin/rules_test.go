package origin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/origin"
)

func TestRules(t *testing.T) {
	a, b, c, d := line{"al", past, "a"}, line{"al", past + 1, "b"}, line{"al", past + 2, "c"}, line{"al", past + 3, "d"}
	gone, edited := line{}, func(l line) line { l.body += " (edited)"; return l }
	young := line{"al", later, "y"}
	twin := line{"al", past, "twin"}
	for name, r := range map[string]rule{
		"a message with its SID in the ledger is known, whatever people did to it": {
			source: []line{a, b}, target: []line{edited(a), edited(b)}, known: map[int]int{0: 0, 1: 1},
			says: []string{"S0 T0 known", "S1 T1 known"}, next: origin.None,
		},
		"a known message that was deleted is never written again": {
			source: []line{a, b}, target: []line{gone, b}, known: map[int]int{0: 0, 1: 1},
			says: []string{"S0 T0 deleted", "S1 T1 known"}, next: origin.None,
		},
		"a past message is the next one of the source, without a ledger": {
			source: []line{a, b, c}, target: []line{a, b},
			says: []string{"S0 T0 ours", "S1 T1 ours", "S2 missing"}, next: 2,
		},
		"an author may bear the name from before the map of identities changed": {
			source: []line{{"anna", past, "a"}, b}, target: []line{{"ann", past, "a"}},
			says: []string{"S0 T0 ours", "S1 missing"}, next: 1,
		},
		"a hole with two of ours after it was deleted in the target": {
			source: []line{a, b, c, d}, target: []line{a, gone, c, d},
			says: []string{"S0 T0 ours", "S1 hole", "S2 T2 ours", "S3 T3 ours"}, next: origin.None,
		},
		"one message after a hole proves no hole": {
			source: []line{a, b, c, d}, target: []line{a, gone, c},
			says: []string{"S0 T0 ours", "S1 hole", "S2 T2 ours", "S3 missing"}, next: 3, stop: origin.CopyOrLater,
		},
		"other content counts if author and second occur once": {
			source: []line{a, b, c}, target: []line{a, edited(b)},
			says: []string{"S0 T0 ours", "S1 T1 ours, stored otherwise", "S2 missing"}, next: 2,
		},
		"other content counts for nothing if author and second occur twice": {
			source: []line{a, twin, b}, target: []line{a, edited(twin), b},
			says: []string{"S0 T0 ours", "S1 hole", "S2 T2 ours", "T1 altered"}, next: origin.None,
		},
		"other content counts for nothing if author and second come twice": {
			source: []line{twin, {"al", past, "other"}, b, c}, target: []line{edited(twin), b, c},
			says: []string{"S0 hole", "S1 hole", "S2 T1 ours", "T0 altered", "S3 T2 ours"}, next: origin.None,
		},
		"an equal message is preferred to one with other content": {
			source: []line{a, b}, target: []line{{"al", past, "deleted in the source"}, a},
			says: []string{"S0 T1 ours", "T0 altered", "S1 missing"}, next: 1,
		},
		"messages that the ledger has again further on are copies of those": {
			source: []line{a, b, c, d}, target: []line{a, b, c, b, c, d}, known: map[int]int{0: 0, 1: 3, 2: 4, 3: 5},
			says: []string{"S0 T0 known", "S1 T3 known", "T1 copy T3", "S2 T4 known", "T2 copy T4", "S3 T5 known"}, next: origin.None,
		},
		"but not of one that the ledger has no more": {
			source: []line{a, b, c, d}, target: []line{a, c, b, d}, known: map[int]int{0: 0, 1: 2, 3: 3},
			says: []string{"S0 T0 known", "S1 T2 known", "S2 hole", "S3 T3 known", "T1 altered"}, next: origin.None,
		},
		"a past message that is like one in its place is a copy": {
			source: []line{a, b, c}, target: []line{a, b, a},
			says: []string{"S0 T0 ours", "S1 T1 ours", "T2 copy T0", "S2 missing"}, next: 2,
		},
		"a copy may land before the one that the ledger has": {
			source: []line{a, b}, target: []line{a, a, b}, known: map[int]int{0: 1, 1: 2},
			says: []string{"S0 T1 known", "T0 copy T1", "S1 T2 known"}, next: origin.None,
		},
		"exact twins are counted, in order": {
			source: []line{twin, twin, b}, target: []line{twin, twin},
			says: []string{"S0 T0 ours", "S1 T1 ours", "S2 missing"}, next: 2,
		},
		"a copy or a twin after a hole stops the channel": {
			source: []line{twin, b, c, twin}, target: []line{twin, b, twin},
			says: []string{"S0 T0 ours", "S1 T1 ours", "S2 hole", "S3 T2 ours"}, next: origin.None, stop: origin.CopyOrLater,
		},
		"two accounts that are equally good stop the channel": {
			source: []line{twin, b, c, twin, b, d}, target: []line{twin, twin, b}, // one hole, or one copy
			says: []string{"S0 T0 ours", "S1 hole", "S2 hole", "S3 T1 ours", "S4 T2 ours", "S5 missing"}, next: 5, stop: origin.CopyOrLater,
		},
		"what follows tells a copy from a twin": {
			source: []line{twin, b, c, twin, d}, target: []line{twin, b, twin, c},
			says: []string{"S0 T0 ours", "S1 T1 ours", "S2 T3 ours", "T2 copy T0", "S3 missing", "S4 missing"}, next: 3,
		},
		"a past message that fits nothing is a finding if one of ours follows": {
			source: []line{a, b}, target: []line{a, d, b},
			says: []string{"S0 T0 ours", "S1 T2 ours", "T1 altered"}, next: origin.None,
		},
		"a past message that fits nothing stops the channel if none of ours follows": {
			source: []line{a, b}, target: []line{a, d},
			says: []string{"S0 T0 ours", "T1 altered", "S1 missing"}, next: 1, stop: origin.FitsNothing,
		},
		"an altered message may be the twin that seems to follow it": {
			source: []line{twin, twin, b}, target: []line{edited(twin), twin},
			says: []string{"S0 T1 ours", "T0 altered", "S1 missing", "S2 missing"}, next: 1, stop: origin.FitsNothing,
		},
		"a message equal to one that is still to be written is not written again": {
			source: []line{a, b, c}, target: []line{gone, b, a}, // a was deleted, and a copy of it landed late
			says: []string{"S0 T2 ours", "T1 altered", "S1 missing", "S2 missing"}, next: 1, stop: origin.OutOfPlace,
		},
		"an altered message may be one that is still to be written": {
			source: []line{a, edited(b)}, target: []line{gone, b, a}, // the same, and b was edited in the source
			says: []string{"S0 T2 ours", "T1 altered", "S1 missing"}, next: 1, stop: origin.OtherContent,
		},
		"nothing stops if nothing is left to write": {
			source: []line{a}, target: []line{a, d},
			says: []string{"S0 T0 ours", "T1 altered"}, next: origin.None,
		},
		"a young message is ours if it was sent without an answer": {
			source: []line{a, young}, target: []line{a, young}, known: map[int]int{0: 0}, doubts: []origin.Doubt{{SourceIndex: 1, After: 0, Sends: 1}},
			says: []string{"S0 T0 known", "S1 T1 ours"}, next: origin.None,
		},
		"a young message from before the send is not ours": {
			source: []line{a, young}, target: []line{a, young}, known: map[int]int{0: 0}, doubts: []origin.Doubt{{SourceIndex: 1, After: 1, Sends: 1}},
			says: []string{"S0 T0 known", "S1 T1 already there"}, next: origin.None,
		},
		"everything behind the last confirmed message is in doubt after a crash": {
			source: []line{a, young}, target: []line{a, young}, known: map[int]int{0: 0}, crashed: true,
			says: []string{"S0 T0 known", "S1 T1 ours"}, next: origin.None,
		},
		"a young copy goes only as often as it was sent without an answer": {
			source: []line{a, young}, target: []line{a, young, young, young}, known: map[int]int{0: 0, 1: 1}, doubts: []origin.Doubt{{SourceIndex: 1, After: 0, Sends: 1}},
			says: []string{"S0 T0 known", "S1 T1 known", "T2 copy T1", "T3 foreign T1"}, next: origin.None,
		},
		"a young message equal to the one that comes next is there already": {
			source: []line{a, young, {"al", later + 9, "z"}}, target: []line{a, young}, known: map[int]int{0: 0},
			says: []string{"S0 T0 known", "S1 T1 already there", "S2 missing"}, next: 2,
		},
		"a young message of the right key with other content stops the channel": {
			source: []line{a, young}, target: []line{a, edited(young)}, known: map[int]int{0: 0},
			says: []string{"S0 T0 known", "T1 foreign", "S1 missing"}, next: 1, stop: origin.OtherContent,
		},
		"a young message out of its place stops the channel": {
			source: []line{a, young, {"al", later + 9, "z"}}, target: []line{a, {"al", later + 9, "z"}}, known: map[int]int{0: 0},
			says: []string{"S0 T0 known", "S2 T1 already there", "S1 missing"}, next: 1, stop: origin.OutOfPlace,
		},
		"a young message may stand before past ones that are still to come": {
			source: []line{a, b, young}, target: []line{a, young}, known: map[int]int{0: 0},
			says: []string{"S0 T0 known", "S2 T1 already there", "S1 missing"}, next: 1,
		},
		"a young message of nobody's place is foreign": {
			source: []line{a, b}, target: []line{a, young}, known: map[int]int{0: 0},
			says: []string{"S0 T0 known", "T1 foreign", "S1 missing"}, next: 1,
		},
		"system is everybody: author and second prove nothing": {
			source: []line{a, {"system", later, "y"}}, target: []line{a, {"system", later, "other"}}, known: map[int]int{0: 0},
			says: []string{"S0 T0 known", "T1 foreign", "S1 missing"}, next: 1,
		},
		"with the birth unknown everything is young": {
			source: []line{a, b}, target: []line{a}, noBirth: true,
			says: []string{"S0 T0 already there", "S1 missing"}, next: 1,
		},
		"a tail that goes on in order needs no more": {
			source: []line{b, c}, target: []line{b}, tail: true,
			says: []string{"S0 T0 ours", "S1 missing"}, next: 1,
		},
		"a tail cannot tell a hole": {
			source: []line{b, c}, target: []line{c}, tail: true, asks: true,
			says: []string{"S0 missing", "S1 missing"}, next: 0,
		},
		"a tail cannot tell whether a young message is there already": {
			source: []line{young}, target: []line{}, tail: true, asks: true,
			says: []string{"S0 missing"}, next: 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, said := r.read(t)
			require.Equal(t, r.says, said)
			require.Equal(t, r.next, d.Next)
			require.Equal(t, r.asks, d.Whole)
			if r.stop == 0 {
				require.Nil(t, d.Stop)
			} else {
				require.NotNil(t, d.Stop)
				require.Equal(t, r.stop, d.Stop.Reason)
				require.NotEmpty(t, d.Stop.Target)
				require.Contains(t, d.Stop.Error(), d.Stop.Target[0])
			}
		})
	}
}
