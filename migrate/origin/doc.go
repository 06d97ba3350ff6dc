// Package origin answers one question: whose is it? Of every message,
// conversation, role, user and service that a target shows, it says whether the
// migration made it, somebody else did, or nobody can tell.
//
// It is pure. It does no I/O and reads no clock; the sequences it is given may.
// Every verb that has to know whose a thing is asks here, and no verb answers
// for itself.
//
// # What counts as evidence
//
// Two facts cannot be forged: a SID, and a place in the order. No field shows
// when a message was stored. Its date means something only against the [Birth]
// of its conversation: a message dated more than a minute before that is past,
// and only REST can have written it. Every other is young, and anybody may have.
//
// The migration writes strictly in source order with one write in flight. So
// what it wrote is a prefix of the source, in order, with three blemishes:
// holes, which people deleted; copies, which landed late; and text that people
// or the service changed. [Read] finds the prefix under the blemishes:
//
//  1. Known: the ledger has its SID. People may have edited or deleted it since;
//     either way it is left alone.
//  2. Past, or in doubt after a crash: the next message of the source that is
//     equal to it, in its place or after a hole. With other content it counts
//     only if its author and second occur once in the source.
//  3. Past, and equal to one in its place, before it or behind it: a copy. So is a young one, as often
//     as an equal message was sent without an answer.
//  4. Past, and fits nothing: altered, or deleted in the source since.
//  5. Young: equal to a message that is still to be written: it is there, and is
//     not ours. Author and second of one that is still to be written with other
//     content, or out of its place among the young: nobody can tell. Otherwise
//     it is somebody else's.
//
// A hole is believed if two of ours follow it, or one that the ledger has. Exact
// twins are exchangeable: they are counted, in order. An answer is [Decision.Stop] if
// going on could double or lose a message.
//
// # How each verb asks
//
//   - A conversation that was just created needs no look: it begins with [Unread].
//   - align passes the source after the last confirmed message, the target after
//     its index, and Tail. [Decision.Whole] says that a tail cannot decide; then
//     it passes everything. It writes from Next on without what is in Present,
//     and asks again at the first message that [Decision.Covers] denies. After a
//     crash it asks twice, a settle time apart, until [Decision.Agrees], and
//     notes the message at Next as a [Doubt]: it may have been in flight.
//   - arrived, after a write without an answer, is align with that write as a
//     [Doubt].
//   - read-back passes the whole target, the ledger and its doubts. Of the
//     source it needs what is in doubt, and says Partial; without the rest, only
//     copies of that are recognized. If there are any, or something past fits
//     nothing, it passes the source whole before anything is deleted. Nothing is left
//     to write, so it never stops: what fits nothing is a finding.
//   - adoption, with the ledger lost, passes both sides whole and nothing
//     confirmed; [Adopt] then chooses between candidates.
//   - verify passes both sides whole, and the ledger if it has one. A [Missing]
//     is what a migration would still write. Set Absent to get them.
//   - undo passes the whole target and the ledger, and no source. A conversation
//     is ours whole if every verdict is Known or Copy.
//
// Before a [Copy] is deleted the caller fetches both messages by SID and asks
// [Copy.Stands].
//
// # Limits
//
// Read takes O(n log n) steps, however often one author and second repeat. It
// remembers the last 8,192 messages in their places and looks at most 16,384
// messages of the source ahead, in digests: about 10 MB at worst, and next to
// nothing if both sides agree. A copy that lands more than 8,192 messages behind
// its original is reported and not removed.
package origin
