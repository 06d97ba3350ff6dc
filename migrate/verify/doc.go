// Package verify reads both sides again and says in which way they differ. It
// shares no state with a migration and needs no ledger.
//
//   - Verifier compares. A Difference has a Class, names both sides, and carries
//     as data what would bring it back.
//   - classifier (classify.go) decides what a difference between messages is
//     called; match.go finds the messages that both sides have.
//   - InPlace compares what Chat and Conversations of one account show of the same
//     channels, which were not copied. It maps nothing and pairs by SID.
//   - Repairer carries fixes out, with push notifications off, one at a time. It
//     deletes nothing and puts nothing in the middle of a conversation.
//
// A difference in a channel is reported only if a second look, a settle time
// later, finds it again.
package verify
