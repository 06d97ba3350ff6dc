// Package bench measures how close a migration comes to what the service allows,
// and holds the figures that must stay as they are.
//
// Vocabulary:
//
//   - Span: from the first write of a run into the target to the reply of the last.
//   - Bound: the least span that the limits of the target admit, see Limits.Bound.
//   - Gate: the limit of writes that belong to a service and to no conversation.
//   - Lane: the writes in one conversation, of which one is in flight at a time.
//   - Figure: one line of the table, with the bar that it has to keep.
//
// Spans are measured in virtual time: the emulator answers in the same process,
// on the clock of testing/synctest, so that a span is exact and the same on any
// machine. Speed and memory are measured in real time, each beside what it is
// compared with.
//
// make bench prints the table. The tests that run always hold small workspaces to
// a ratio, so that a slower schedule fails them.
package bench
