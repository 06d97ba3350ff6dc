// Package sqlite keeps the ledger of a migration in one SQLite file: the default
// Ledger, which needs no server and no cgo.
//
// Vocabulary:
//
//   - Ledger: the one writer. It holds a lock file beside the ledger file while
//     it is open.
//   - Reader: one of any number of readers, in this or another process. It
//     changes no byte of the ledger file.
//   - Group: the puts between two commits. A commit waits for the disk, so puts
//     share one: it comes a quarter of a second after the first put of the
//     group, or when the group has two thousand, or when Sync asks.
//
// What a crash leaves: SQLite's write-ahead log is replayed on the next open, up
// to the last commit. Puts are executed in the order of their calls in one
// transaction after the other, so what is left is always a prefix of them. The
// lock of a killed process is released by the kernel; its lock file stays behind
// and the next writer takes it over.
//
// What a full disk leaves: SQLite gives up a transaction that it cannot write.
// From then on every put, Sync and Close returns that error, and reads answer
// with what is durable, so that a ledger may lag the target but never leads it.
//
// A SID of the usual shape is stored as the 16 bytes that its 32 hexadecimal
// digits stand for, without its two letters where the column implies them. Any
// other SID is stored verbatim, as text in the same column.
//
// Do not use this package for a ledger on a network file system: neither flock
// nor SQLite's shared memory can be relied on there.
package sqlite
