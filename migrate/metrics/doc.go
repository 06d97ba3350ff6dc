// Package metrics shows a run to Prometheus while it goes on, and its profiles to
// whoever wants to know what the program itself is busy with.
//
// Vocabulary:
//
//   - Metrics: what one run counts, in a registry of its own.
//   - Fleet: the metrics of many runs, one for each account, in one registry.
//   - Backlog: what is known to be there and is not dealt with yet.
//   - Server: where Prometheus, or curl, reads them.
//   - Profiles: what go tool pprof reads, on another address, which is always one of
//     this machine.
//
// Everything is counted from the beginning of the run; what an earlier run did
// is in the ledger, and package reports shows it. No label holds a name, an
// identity or a SID: their number has no bound, and they are nobody's business. The
// label account of a Fleet is what its operator calls an account.
package metrics
