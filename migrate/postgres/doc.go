// Package postgres keeps the ledgers of many migrations in one PostgreSQL database
// (tested with version 15), in the schema chatbridge.
//
// Vocabulary:
//
//   - Migration: what one ledger holds, by its name. Its number is part of every key.
//   - Ledger: the one writer of a migration. It holds the lease of the migration while
//     it is open, and renews it on a connection of its own.
//   - Reader: one of any number of readers, in this or another process. It changes
//     nothing: its sessions are read-only.
//   - Group: the puts between two commits. They are gathered in memory and sent
//     together: a quarter of a second after the first, or when there are two thousand,
//     or when Sync asks, or when a put must be durable. A read that could see one of
//     them has them sent first, into the transaction that is open, and reads there.
//   - Rights: what entitles a writer to commit. They are asked for in each transaction
//     that commits, in one place.
//
// What a crash leaves: the groups that were committed, so always a prefix of the
// puts. The lease of a killed process lasts for 20 s at most. Who comes before that waits
// to see whether it is renewed.
//
// What a lost connection leaves: the Ledger connects again, for up to ten minutes, and
// whoever puts or reads waits meanwhile. Each commit counts itself in the row of its
// writer, so a commit without an answer is known to have taken place or not, and the
// group is sent again only if it did not. If another process took the
// lease in between, the error has Kind Conflict.
//
// What a full disk or a missing right leaves: the server refuses a statement. From then
// on every put, Sync and Close returns that error, and reads answer with what is
// durable, so that a ledger may lag the target but never leads it.
//
// What policies dropped or shortened is in the table dropped, and survives a crash when
// PutDropped returns: before the message is sent that lacks it. An original that is put
// again, by whichever process, is there once. The table originals has something else:
// what profiles and roles of the target were before a migration replaced them.
//
// # For the operator
//
// The role needs the right to create in the database once, for the schema; or somebody
// else makes it:
//
//	CREATE SCHEMA chatbridge AUTHORIZATION migrator;
//
// A role that only reads, for status and reports, needs
//
//	GRANT USAGE ON SCHEMA chatbridge TO viewer;
//	GRANT SELECT ON ALL TABLES IN SCHEMA chatbridge TO viewer;
//
// and, if it is not to see what people wrote,
//
//	REVOKE SELECT ON chatbridge.dropped FROM viewer;
//
// A newer chatbridge brings the schema up to date when it writes first; an older one
// then refuses to open it. What that adds to the schema, a role that reads has to be
// granted again; status shows no work of a queue that it may not read.
//
// A writer takes one connection, one more to renew its lease and up to three for reads; a
// reader takes up to four. A worker takes that for each account that it has at work, and
// four for the queue: with eight accounts at once, up to 44 of max_connections, which is
// 100 by default. If none is left, a worker leaves the account for a moment. A pooler that gives each transaction another session (PgBouncer in
// transaction mode) is refused: connect to the server, or to a pool in session mode.
//
// Every commit waits for the server's disk, whatever synchronous_commit is by default.
// If a replica may take over without having everything that was confirmed, the ledger
// can lag, which the next run makes up for by reading the target. The last grants of
// leases can be lost too. So whoever takes a lease on another timeline than the one
// before waits for the longer of the two leases and for the settle time. That needs the
// right to call pg_control_checkpoint(), which everybody has unless it was revoked.
// Without it, stop all writers after a failover and wait for a lease and a settle time,
// 30 s by default, before they start again; or have a synchronous standby
// (synchronous_standby_names).
//
// The SIDs of channels, services and failures are text; those of messages, members,
// users and roles are the 16 bytes of their digits. A text that PostgreSQL cannot store
// (with a NUL, or not UTF-8) is \x and hexadecimal digits.
package postgres
