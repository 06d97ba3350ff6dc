package origin

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// None is the Next of a decision if the source has nothing to write.
const None int64 = -1

// Present is a message of the source that somebody else wrote into the target
// already, and that is still to come.
type Present struct {
	SourceSID, TargetSID     string
	SourceIndex, TargetIndex int64
}

// Decision is what follows for the channel. If Stop is set, nothing is written
// or deleted. If Whole is set, nothing follows at all: the caller has to pass
// both sides whole.
type Decision struct {
	Next    int64     // source index of the first message to write, or None
	Present []Present // from Next on: not to be written, unless a policy says so
	Copies  []Copy    // to be deleted, each after a look at both
	Stop    *Stop
	Whole   bool

	birth Birth
	tail  bool  // and others may have written before it
	until int64 // nothing is known about source indexes beyond; None if all is
	ours  [32]byte
}

// Unread is the decision about a conversation that the caller has just created,
// and in which it has not looked: only past messages may be written.
func Unread(b Birth) Decision { return Decision{Next: None, birth: b, tail: true} }

// Covers reports whether the decision allows to write w without another look. A
// young message may have been written by somebody else meanwhile, so it has to
// be among those that were compared.
func (d *Decision) Covers(w Want) bool {
	if d.birth.Past(w.Created) {
		return true
	}
	return !d.tail && (d.until == None || w.Index <= d.until)
}

// Has reports whether the message with that source index is there already.
func (d *Decision) Has(sourceIndex int64) (Present, bool) {
	i, ok := slices.BinarySearchFunc(d.Present, sourceIndex, func(p Present, at int64) int { return int(p.SourceIndex - at) })
	if !ok {
		return Present{}, false
	}
	return d.Present[i], true
}

// Agrees reports whether two readings found the same to be ours. What people
// wrote between them does not count.
func (d *Decision) Agrees(other *Decision) bool {
	return d.Next == other.Next && d.ours == other.ours && d.Whole == other.Whole && (d.Stop == nil) == (other.Stop == nil) &&
		slices.Equal(d.Copies, other.Copies)
}

// note takes a verdict that is about our messages into what Agrees compares.
// The sum does not depend on the order in which verdicts come.
func (d *Decision) note(v Verdict) {
	switch v.Kind {
	case Known, Ours, OursOtherwise, CopyOf:
		for i, b := range sha256.Sum256(fmt.Appendf(nil, "%d %d %s", v.Kind, v.SourceIndex, v.TargetSID)) {
			d.ours[i] ^= b
		}
	}
}
