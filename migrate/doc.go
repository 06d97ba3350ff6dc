// Package migrate moves Programmable Chat v1 services into Twilio
// Conversations so that every message arrives exactly once, in order, dated and
// authored as it was, whatever fails on the way.
//
// The theory: the target is the log and the ledger is its index. Creating a
// message has no idempotency key, so exactly-once cannot come from the request.
// It comes from this invariant: each conversation has one writer at a time,
// which writes strictly in source order with one write in flight, so that what
// it wrote is always a prefix of the mapped source messages. Where that prefix
// ends can be read from the target at any time; doing so is called align.
//
// Vocabulary:
//
//   - Source: the v1 side, read-only by construction.
//   - Target: the Conversations side. Its verbs are guarantees: Ensure and Set
//     may be repeated, Append may not.
//   - Ledger: what was confirmed, source SID to target SID. It may lag the
//     target and never leads it.
//   - Gate: the writes that share the limit of a service (users, roles,
//     conversations).
//   - Lane: one channel on its way, serial inside, beside other lanes.
//   - Finding: one thing that mapping could not carry unchanged.
//   - Stamp: what the migration leaves in the attributes of a conversation, so
//     that it can be recognized again without a ledger.
//
// Drivers are dumb and the engine is clever: a Source or a Target does single
// requests and says truthfully how they ended; what follows from that is decided
// here.
package migrate
