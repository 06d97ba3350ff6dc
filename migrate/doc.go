// Package migrate is the contract between a migration and everything it works
// with: the Source it reads, the Target it writes, the Ledger that remembers,
// the Observer that is told, and the errors, settings and results that they
// share. It holds no work of its own: that is done in the rooms below it.
//
//   - replay carries a workspace over; its documentation has the theory and the
//     invariants.
//   - audit says what a migration would do and what would be lost.
//   - verify compares both sides, and repairs what it can.
//   - undo deletes what a ledger says was made.
//   - inplace makes public channels visible where they are, and adds people to them.
//   - doctor asks an account what no document settles.
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
//   - Lane: one channel on its way, serial inside, concurrent with other lanes.
//   - Claim: what a run leaves in a target service while it writes there, so that
//     no other run does.
//   - Finding: one thing that mapping could not carry unchanged.
//   - Wait: something that holds requests or lanes up. Who waits says so in the
//     context of the run, and WithWaits tells what is waited for at any moment.
//   - Pause: a reason to begin no write, given by WithPause. Reads go on.
//   - Stamp: what a migration leaves in the attributes of a conversation, so
//     that it can be recognized again without a ledger.
//
// Drivers are dumb and the engine is clever: a Source or a Target does single
// requests and says truthfully how they ended; what follows from that is decided
// by whoever calls it. Drivers import this package and nothing else of ours; it
// imports none of its children, and no room imports another.
package migrate
