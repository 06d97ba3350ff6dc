package origin_test

// readings each stand for a line of Read that no other test would miss. Where an
// answer leaves a choice, the cautious one is written down here: a finding, or a
// stop.
var readings = map[string]reading{
	"what is there before a confirmed one counts as there": {
		source: "A' -", target: "A' -", known: "1:1",
		says: "S0 T0 already there, S1 T1 deleted",
	},
	"what is not there before a confirmed one is a hole": {
		source: "B A -", target: "B -", known: "2:1",
		says: "S0 T0 already there, S1 hole, S2 T1 deleted",
	},
	"a known message that people edited is still like what they say again": {
		source: "A", target: "B B", known: "0:1",
		says: "S0 T1 known, T0 foreign of S0 like T1?",
	},
	"a second one of what is there may be a copy, without a ledger": {
		source: "A", target: "A A",
		says: "S0 T0 already there, T1 foreign?; has S0",
	},
	"with a ledger a second one of what is there is somebody else's": {
		source: "A", target: "A A", known: "none",
		says: "S0 T0 already there, T1 foreign; has S0",
	},
	"a copy stays if the channel stops": {
		source: "a Y", target: "a a a'",
		says: "S0 T0 ours, T1 copy of S0 like T0, T2 altered, S1 missing; next S1; stops (fits nothing) at T2 for S1",
	},
	"a message that the ledger has behind a later one is known there": {
		source: "- -", target: "A -", known: "0:1 1:0",
		says: "S0 T1 deleted, S1 T0 known",
	},
	"a message dated before the birth, and not long before, may be anybody's": {
		source: "u", target: "u u",
		says: "S0 T0 already there, T1 foreign?; has S0",
	},
	"a tail that fits nothing asks for the whole, whatever follows": {
		source: "c", target: "a c", tail: true,
		says: "S0 missing; next S0; asks for the whole",
	},
	"a young one behind an altered one is there already": {
		source: "Y'", target: "a Y'",
		says: "T0 altered, S0 T1 already there; stops (fits nothing) at T0 for S0",
	},
	"a stop names each message that fits nothing": {
		source: "Y", target: "a a",
		says: "T0 altered, T1 altered, S0 missing; next S0; stops (fits nothing) at T0 T1 for S0",
	},
	"one twin is there, and the other one is to be written": {
		source: "N N", target: "N",
		says: "S0 T0 already there, S1 missing; next S1",
	},
	"what was sent may be the second one of those that are there": {
		source: "B A", target: "A A B", known: "none", doubts: "1>-1x1",
		says: "S0 T2 already there, S1 T0 already there, T1 foreign?; has S0; has S1",
	},
	"a confirmed one that was deleted at the end proves a hole before it": {
		source: "a b c d", target: "a - c -", known: "3:3",
		says: "S0 T0 ours, S1 hole, S2 T2 ours, S3 T3 deleted",
	},
	"an altered message with a new name accounts for one of two": {
		source: "n n' b", target: "n'' b",
		says: "S0 hole, S1 hole, S2 T1 ours, T0 altered; stops (copy or later) at T1 for S1 S2",
	},
	"an altered message with the old name accounts for one of two": {
		source: "n n' b", target: "o'' b",
		says: "S0 hole, S1 hole, S2 T1 ours, T0 altered; stops (copy or later) at T1 for S1 S2",
	},
	"of nine messages that fit nothing a stop names eight": {
		source: "a", target: "b b' b'' c c' c'' d d' d''",
		says: "T0 altered, T1 altered, T2 altered, T3 altered, T4 altered, T5 altered, T6 altered, T7 altered, T8 altered, S0 missing; next S0; stops (fits nothing) at T0 T1 T2 T3 T4 T5 T6 T7 for S0",
	},
	"a known message whose source is gone is still like what follows it": {
		source: "-", target: "A A", known: "0:1",
		says: "S0 T1 known, T0 foreign of S0 like T1?",
	},
	"a person is one under both names": {
		source: "N", target: "N O",
		says: "S0 T0 already there, T1 foreign?; has S0",
	},
	"after a crash the next one may bear the old name": {
		source: "n N", target: "n O", crashed: true,
		says: "S0 T0 ours, S1 T1 ours",
	},
	"after a crash the first one may bear the new name": {
		source: "N", target: "N", crashed: true,
		says: "S0 T0 ours",
	},
	"of twins the first is ours and the second a copy, if a hole comes before them": {
		source: "c d", target: "d d",
		says: "S0 hole, S1 T0 ours, T1 copy of S1 like T0; stops (copy or later) at T0 for S0 S1",
	},
	"without the source nobody tells a copy from a twin": {
		source: "-", target: "a' a'", known: "0:0",
		says: "S0 T0 known, T1 altered",
	},
	"a message from before the birth, out of its place, stops the channel": {
		source: "u' u", target: "u",
		says: "S1 T0 already there, S0 missing; next S0; stops (out of place) at T0 for S0 S1",
	},
	"a hole with an altered message in it and a twin before it is rather a hole": {
		source: "a a b", target: "b a b",
		says: "S0 hole, S1 T1 ours, T0 altered, S2 T2 ours; stops (copy or later) at T2 for S0",
	},
	"two in the wrong order stop the channel": {
		source: "b c", target: "c b",
		says: "S0 T1 ours, T0 altered, S1 missing; next S1; stops (out of place) at T0 for S1",
	},
	"what stands before a deleted known one, and equals a later one, stops the channel": {
		source: "- b", target: "b -", known: "0:1",
		says: "S0 T1 deleted, T0 altered, S1 missing; next S1; stops (out of place) at T0 for S1",
	},
	"a known message whose source is gone may have landed twice, if it was sent twice": {
		source: "-", target: "A A", known: "0:0", doubts: "0>0x1",
		says: "S0 T0 known, T1 copy of S0 like T0; deletes T1 beside T0",
	},
	"two doubts about one message are one, sent as often as both": {
		source: "A", target: "A A", doubts: "0>-1x1 0>-1x1",
		says: "S0 T0 ours, T1 copy of S0 like T0; deletes T1 beside T0",
	},
	"the earlier of two doubts about one message counts": {
		source: "A", target: "B A", doubts: "0>1x1 0>0x0",
		says: "S0 T1 ours, T0 foreign",
	},
	"an equal message with its twin missing is no copy": {
		source: "a a", target: "a a", known: "1:0",
		says: "S0 hole, S1 T0 known, T1 altered",
	},
	"a copy may bear the new name beside the old one": {
		source: "n", target: "a o n",
		says: "S0 T1 ours, T0 altered, T2 copy of S0 like T1; deletes T2 beside T1",
	},
	"an altered message may be the one that its author and second name": {
		source: "d e", target: "e d'",
		says: "S0 T1 ours, stored otherwise, T0 altered, S1 missing; next S1; stops (copy or later) at T0 for S0",
	},
	"a tail that cannot decide does not stop": {
		source: "A", target: "A'", tail: true,
		says: "T0 foreign, S0 missing; next S0; asks for the whole",
	},
	"a hole right after a known message": {
		source: "- A a", target: "a a", known: "0:0",
		says: "S0 T0 known, S1 hole, S2 T1 ours; stops (copy or later) at T1 for S1",
	},
	"without a ledger system is as good as a name": {
		source: "Z", target: "Z'",
		says: "T0 foreign, S0 missing; next S0; stops (other content) at T0 for S0",
	},
	"a hole and a deleted known one do not make a twin a copy": {
		source: "c' c -", target: "c - c", known: "2:1",
		says: "S0 hole, S1 T0 ours, S2 T1 deleted, T2 altered",
	},
	"a young message takes the one send that had no answer": {
		source: "u", target: "u u", doubts: "0>-1x1",
		says: "S0 T0 ours, T1 foreign of S0 like T0?",
	},
	"after a crash an edited system message in the tail may be ours": {
		source: "a Y", target: "Y'", crashed: true, tail: true,
		says: "T0 foreign, S0 missing, S1 missing; next S0; stops (other content) at T0 for S1",
	},
	"after a crash nothing before the last confirmed index is in doubt": {
		source: "- Y", target: "Y' -", known: "0:1", crashed: true,
		says: "S0 T1 deleted, T0 foreign, S1 missing; next S1",
	},
	"two holes are two things that must have happened": {
		source: "e e d d a b", target: "d b",
		says: "S0 hole, S1 hole, S2 hole, S3 T0 ours, S4 hole, S5 T1 ours; stops (copy or later) at T1 for S4 S5",
	},
	"a crash in the middle of what is young": {
		source: "A Z", target: "A", crashed: true,
		says: "S0 T0 ours, S1 missing; next S1",
	},
	"a stop names a message once": {
		source: "a a' a", target: "b a a",
		says: "S0 T1 ours, T0 altered, S1 hole, S2 T2 ours; stops (copy or later) at T2 for S0",
	},
	"an altered message in a hole accounts for one of its author and second": {
		source: "n' n", target: "n'' n",
		says: "S0 hole, S1 T1 ours, T0 altered",
	},
	"an altered message under the old name accounts for one, too": {
		source: "n' n", target: "o'' n",
		says: "S0 hole, S1 T1 ours, T0 altered",
	},
	"an altered message accounts for no more than one": {
		source: "a a b", target: "a' b",
		says: "S0 hole, S1 hole, S2 T1 ours, T0 altered; stops (copy or later) at T1 for S1 S2",
	},
	"a stop names at most eight": {
		source: "A' A B B B' Y Y Y' Y Y", target: "B B' Y B Y' Y Y A Y",
		says: "S1 T7 already there, S2 T0 already there, S3 T3 already there, S4 T1 already there, S5 T2 already there, S6 T5 already there, S7 T4 already there, S8 T6 already there, S9 T8 already there, S0 missing; next S0; stops (out of place) at T7 T0 T3 T1 T2 T5 T4 T6 for S0 S1",
	},
	"a hole after an altered message with its own author and second": {
		source: "b a n", target: "a' b n",
		says: "S0 T1 ours, T0 altered, S1 hole, S2 T2 ours; stops (copy or later) at T2 for S1 S2",
	},
	"one altered message in a hole of as many": {
		source: "c c c a c", target: "c c c' a",
		says: "S0 T0 ours, S1 T1 ours, S2 hole, S3 T3 ours, T2 altered, S4 missing; next S4",
	},
	"of two accounts of a hole the earlier twin is taken": {
		source: "a a b c c d e", target: "c e",
		says: "S0 hole, S1 hole, S2 hole, S3 T0 ours, S4 hole, S5 hole, S6 T1 ours; stops (copy or later) at T1 for S4 S6",
	},
	"what was stored otherwise may have landed twice": {
		source: "b'", target: "b b", doubts: "0>0x1", partial: true,
		says: "S0 T0 ours, stored otherwise, T1 copy of S0 like T0; deletes T1 beside T0",
	},
}
