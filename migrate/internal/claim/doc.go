// Package claim lets one run write into a service at a time, on whatever machine
// and with whatever ledger: the target itself says who that is.
//
// A claim is a conversation of the name [migrate.ClaimName], without participants,
// in the service that is written into. Its attributes are a [Mark]. The target
// takes a unique name once, so of two runs one has it; it is always deleted by
// SID, never by name, so that nobody deletes a claim that he did not look at.
//
//   - The holder renews it every 10 s. A renewal is good for 30 s from before it
//     was asked for. Without one the holder sends nothing: every write goes through
//     a guard, which asks when the write is begun, and the transport asks again
//     right before each attempt. A renewal that finds no claim ends the run.
//   - Who finds the claim of another run watches it for 40 s and the settle time, by
//     the clock of the target; if the claim names a longer settle time, that counts.
//     If it is renewed meanwhile, the other is alive, and the run ends with Kind
//     Conflict. If not, it is deleted and taken.
//   - What was left by the very same ledger on the same host is taken at once: the
//     lock of the ledger says that whoever left it is dead. If the ledger was not told
//     of that run, what it had sent is given time to land first.
//   - Every end in good order removes the claim. If push notifications are still
//     off, it stays without a holder and says what they were, so that also a run
//     with another ledger can give them back.
//
// # Two who are slow
//
// A holder may have been frozen until after its claim was looked at for the last
// time, and renew it before it is deleted. So a renewal that comes after the
// lease had lapsed is not enough: a second one must succeed, 10 s later. And who
// takes more than 10 s from its last look to the deletion waits until no renewal
// of the other can be good any more.
//
// What no lease can stop is a write that is on the wire when it lapses. The 10 s
// between 30 and 40, and the settle time, are for that.
package claim

import "time"

const (
	renewEvery = 10 * time.Second
	retryEvery = 2 * time.Second  // after a renewal that failed
	renewing   = 10 * time.Second // that a renewal may take; with validFor it stays below expiry
	hurried    = 2 * time.Second  // that a release may take if the verb was told to stop at once
	validFor   = 30 * time.Second
	expiry     = 40 * time.Second // and the settle time
	watchEvery = 5 * time.Second
	swift      = 10 * time.Second // from a look to a deletion, and between two renewals after a lapse
	patience   = 2 * time.Minute  // of a write that waits for a renewal; as long as the transport tries
)
