package origin

import "iter"

// Confirmed is one message that the ledger has.
type Confirmed struct {
	SourceIndex, TargetIndex int64
	SourceSID, TargetSID     string
}

// Doubt is one message that was sent without an answer. It may be in the
// target, may come late, or may never come.
type Doubt struct {
	SourceIndex int64
	After       int64 // index of the target that was the newest known when it was sent first
	Sends       int   // without an answer, and not found since; each accounts for one copy
}

// doubtsOf are the doubts by source index, one for each.
func doubtsOf(all []Doubt) map[int64]*Doubt {
	m := make(map[int64]*Doubt, len(all))
	for _, d := range all {
		if before := m[d.SourceIndex]; before != nil {
			d.After, d.Sends = min(d.After, before.After), d.Sends+before.Sends
		}
		m[d.SourceIndex] = &d
	}
	return m
}

// Knowledge is what is known besides what the two sides show.
type Knowledge struct {
	Birth     Birth
	Confirmed iter.Seq2[Confirmed, error] // in source order; nil if there is no ledger, or it knows nothing of the conversation
	Doubts    []Doubt

	// Crashed says that the run before ended without a word: everything behind
	// the last confirmed message is in doubt. It says nothing if the ledger is
	// lost, because then there is no last one.
	Crashed bool

	// Tail says that both sides begin after the last confirmed message. Confirmed
	// is nil then.
	Tail bool

	// Alone says, of a tail, that nobody else had written before it: then a young
	// message can be compared with what the tail shows.
	Alone bool

	// Partial says that of the source only what is in doubt is passed. Then
	// nobody can tell what is missing, and nothing else counts as a copy. Before a
	// copy is deleted, a reading of all has to find it too: it may be the twin of
	// what is in doubt.
	Partial bool

	// Absent asks for a verdict Missing for each message of the source that the
	// target does not have yet.
	Absent bool
}
