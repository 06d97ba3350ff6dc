// Package replay is the engine: it moves Programmable Chat v1 services into
// Twilio Conversations so that every message arrives exactly once, in order,
// dated and authored as it was, whatever fails on the way.
//
// The theory: the target is the log and the ledger is its index. Creating a
// message has no idempotency key, so exactly-once cannot come from the request.
// It comes from this invariant: each conversation has one writer at a time,
// which writes strictly in source order with one write in flight, so that what
// it wrote is always a prefix of the mapped source messages. Where that prefix
// ends can be read from the target at any time; doing so is called align.
//
// A Migration runs every service: open (find or create the target service),
// roles, plan, then one lane for each channel, the longest first. A lane opens
// its conversation, brings the members and the messages, reads the conversation
// back, and sets read horizons and dates.
//
// # Invariants, and what each one covers
//
//  1. One writer: a ledger is locked by one process, or held by one under a lease, a
//     channel has one lane, a lane has one write in flight, and a conversation belongs to one channel: it
//     is reserved before a lane uses it, and the ledger refuses it to a second
//     one. Covers two processes on one ledger, and is what the others build on.
//
//  2. Prefix: a lane writes in source order and does not write a message before
//     the one before it is confirmed. Covers order, always.
//
//  3. Outcomes: a message is written again only after an attempt that provably
//     had no effect, or after a settle time and a look at the target's tail that
//     does not show it. Covers timeouts, resets, 5xx, truncated and undecodable
//     answers, and late commits that land within the settle time.
//
//  4. Lag: the ledger is written after the target confirmed. What it has is
//     true, what it lacks may be there. Before the first write of a run into a
//     conversation that was there before it, the tail after the last confirmed
//     index is matched against the source. Covers crashes at any instant, group
//     commits that were lost, an older copy of the ledger, and a second pass.
//
//  5. Silence after a crash: what a dead process had in flight lands within the
//     settle time after its last heartbeat, or never; nothing is read or written
//     where it may land before that. A run that ended by itself knows when a write
//     of its own last had no answer, and then counts from that: a message in doubt
//     holds up its channel alone. A clock that was set back makes this wait no
//     longer than the settle time. Covers a kill with a late commit.
//
//  6. Stamp: a conversation names the channel it came from, so its creation can
//     be repeated and its ledger lost. Covers lost ledgers, unconfirmed creates,
//     and empty conversations that landed late, which are removed.
//
//  7. Read-back: at its end a conversation is read whole and held against the
//     ledger. Each confirmed message must be there, in order; a copy of one that
//     was written again (noted as in doubt before it is) is removed; what the
//     ledger does not know and is no copy of one in doubt is somebody else's and
//     stays. Covers late commits beyond the settle time that landed while the
//     lane wrote on, lost writes, and people who write into the target meanwhile.
//
//  8. No dedup by content: two messages are the same one only by their place in
//     the order. Covers exact twins.
//
//  9. Last things last: read horizons after the messages, the conversation's own
//     date after every other write in it and after whatever may still land,
//     webhooks and push notifications after every lane of the service. Webhooks of
//     channels come after those, the last that a run writes.
//
//  10. Somebody's: a role or a user that this migration did not make, or that
//     somebody changed since, is left as it is unless a policy replaces it, and
//     then what it was is kept first. Of services that share a target the one
//     that made something wins. A read horizon never moves back. Covers a target
//     in use, a new ledger after the cut-over, and several services in one.
//
//  11. Replies: what a reply shows as stored is compared with what was sent, of
//     messages and of everything they are in. What differs stops there, and is said
//     again by every run, unless a policy lets it pass. Names and bodies are
//     recognized in their normal form. Covers a target that alters what it is sent.
//
//  12. Files: the file of a message is uploaded just before it and noted in the
//     ledger before it is sent. A file belongs to one message, so without an answer
//     the message is sent again with the same file, at once: the service says whether
//     the first landed. Nothing is uploaded anew before it says that the file is gone.
//     Covers lost answers, late commits of any delay, and files that were collected
//     because no message had them in time.
//
//  13. Lease: without the lease of a ledger that several machines reach nothing is
//     sent, and appends that are under way are cut off. When a lease ran out is told by
//     the clock of the ledger. Whoever held it may have been frozen on its way to a
//     write, so the next message of a channel that it had at work counts as sent; a
//     message that it is answered too late is removed by its SID; and for a day every
//     pass looks for a conversation that it was about to create. Covers a process that
//     is killed, frozen or cut off while another goes on, whatever their clocks say.
//
// What no invariant covers: a write that lands after the settle time and after
// its conversation was read back. A verification finds it.
package replay
