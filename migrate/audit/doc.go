// Package audit reads a workspace and says, before anything is written, what is
// there, how each channel gets into Conversations, what would not arrive as it
// was, how many requests a migration would make and how long they take.
//
// An Auditor has a Source, and of the target the half that reads, so it cannot
// write. Its findings are
// those of mapping, counted for everything the settings select; the estimate
// follows from Twilio's documented limits, from how long a request takes and from how
// many are in flight. What it takes of the engine stands in timing.go.
//
// If everything goes into a service in use, it says which roles and people that
// service has otherwise, what becomes of them, and who has read on in what an
// earlier migration brought. What else a target holds it does not compare: see
// verify.
package audit
