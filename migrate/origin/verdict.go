package origin

import (
	"fmt"
	"strings"
)

// Kind says whose a message is.
type Kind int

// Kinds of verdicts. Each message of the target gets one of the first seven;
// the rest are about messages of the source.
const (
	Known         Kind = iota + 1 // the ledger has its SID
	Ours                          // equal to a message of the source, in its place
	OursOtherwise                 // ours by author, second and place; stored or edited otherwise: a finding
	CopyOf                        // landed late, beside an equal one in its place
	Altered                       // past, and fits nothing: altered, or deleted in the source since: a finding
	AlreadyThere                  // somebody else wrote what the source has: not ours, and not written again
	Foreign                       // somebody else's

	Hole    // of the source: was in the target and was deleted there; never written again: a finding
	Deleted // of the ledger: likewise
	Missing // of the source: not in the target yet
)

var kinds = map[Kind]string{
	Known: "known", Ours: "ours", OursOtherwise: "ours, stored otherwise", CopyOf: "copy", Altered: "altered",
	AlreadyThere: "already there", Foreign: "foreign", Hole: "hole", Deleted: "deleted", Missing: "missing",
}

func (k Kind) String() string { return kinds[k] }

// Verdict is what was found out about one message. Fields that do not apply are
// empty, and indexes are meaningful only beside their SID.
type Verdict struct {
	Kind        Kind
	SourceSID   string
	SourceIndex int64
	TargetSID   string
	TargetIndex int64

	// Like is the message of the target that a CopyOf, or a Foreign, is equal to.
	Like string
	// MayBeCopy says of a Foreign that it could be a copy of ours, which nobody
	// can prove: equal to one, or of its author and second, after a send without
	// an answer or without a ledger.
	// Unless an application writes to both sides, that is a finding.
	MayBeCopy bool
}

// Copy is one message to delete, after a look at both.
type Copy struct {
	SID string // goes
	Of  string // stays

	later identity
}

// Stands reports whether the copy may still be deleted, now that both messages
// were fetched by SID: the one that stays is there, and nobody has edited the
// one that goes.
func (c Copy) Stands(stays, goes *Have) bool {
	return stays != nil && goes != nil && stays.SID == c.Of && goes.SID == c.SID &&
		stays.SID != goes.SID && haveOf(*goes).id == c.later
}

// Reason says why a channel stops.
type Reason int

// Reasons to stop.
const (
	FitsNothing  Reason = iota + 1 // a past message fits nothing, and nothing of ours follows it
	CopyOrLater                    // a message is a copy, or a later one after a hole
	OtherContent                   // a message has author and second of one to come, and says something else
	OutOfPlace                     // a message equals one to come, and stands out of its place
	TooMany                        // more messages fit nothing than are remembered
)

var reasons = map[Reason]string{
	FitsNothing:  "it is dated before the conversation was made, fits no message of the source, and nothing of the migration follows it",
	CopyOrLater:  "it is a copy that landed late, or the messages before it were deleted",
	OtherContent: "it has the author and second of a message still to be written, but says something else",
	OutOfPlace:   "it equals a message still to be written, but is in the wrong place",
	TooMany:      "too many messages fit nothing",
}

// Stop says that going on could double or lose a message, and which.
type Stop struct {
	Reason Reason
	Target []string // SIDs
	Source []string // SIDs
}

func (s *Stop) Error() string {
	text := fmt.Sprintf("message %s: %s", strings.Join(s.Target, ", "), reasons[s.Reason])
	if len(s.Source) > 0 {
		text += fmt.Sprintf(" (source %s)", strings.Join(s.Source, ", "))
	}
	return text
}
