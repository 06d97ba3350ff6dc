// Package queue decides who should work on which migration, when several workers
// share one PostgreSQL ledger. It is built on River, which lives in a schema of
// its own: another River in the same database is never touched.
//
// River decides who should work, the lease decides who may write. The lease of a
// migration is taken by whoever opens its ledger for writing. This package reads
// leases and changes none, so a mistake here costs time, never a message.
//
// Vocabulary:
//
//   - Pass: one time through a migration, from Ask until a worker says Done or
//     Failed. At most one pass of a migration is open.
//   - Generation: one attempt at a pass, by one worker. Each is a row of River's
//     of its own, because River completes a row by its ID alone: on a row that is
//     tried twice, the worker that was given up would complete the work of its
//     successor.
//   - Hand over: a worker that drains ends its generation in good order, and the
//     next one goes ahead of passes that nobody has begun.
//   - Reap: to give up a generation that can come to nothing more, and to insert
//     the next. Every worker does, every few seconds; rows that are locked are
//     skipped, so a generation is reaped once.
//
// A whole migration is the unit of work. Twilio's limits hold one account long
// before they hold a processor, so its channels would gain nothing from a second
// machine. Accounts spread over as many workers as there are.
//
// A worker takes passes only of migrations that it has credentials for. Each has
// a kind of its own, made of its name, and River fetches only kinds that the
// worker knows. All kinds share one of River's queues: then AtOnce is River's own
// limit, a worker fetches no row before it can work it, and what was handed over
// goes first across all accounts. The kinds of one worker are unknown to another,
// and a leader of River discards unknown kinds that run for an hour. So no worker
// leads: nothing here is scheduled, retried or rescued by River, and rows that
// are over are deleted when the next generation is inserted.
//
// When a generation is reaped:
//
//   - Its row of River's was completed, cancelled, discarded or deleted, the pass
//     is still open, and nobody's lease is alive.
//   - Its worker took the lease and let it expire.
//   - Its worker never took the lease, or gave it back, and has not been seen for
//     a minute. A worker is seen at every tick, also while it waits for an earlier
//     lease to be over and for writes to settle. A shorter time would make those
//     who wait lose their place when the database restarts. A longer one gains
//     nothing: a worker without a lease has nothing in flight.
//
// A row that waits to be fetched is left alone for any length of time. All times
// are the database's: a worker's clock may be wrong.
package queue
