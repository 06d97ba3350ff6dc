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
// on the clock of testing/synctest, so that a slow or busy machine changes nothing.
// What happens at the same instant has no order, so spans differ by a percent or two
// from run to run, and the number of refused requests by more. Speed and memory are
// measured in real time; speed in turns with what it is compared with, and on a busy
// machine still not reliably.
//
// make bench prints the table. The tests that run always hold small workspaces to
// a ratio, so that a slower schedule fails them.
package bench
