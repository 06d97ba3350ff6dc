// Package audit reads a workspace and says, before anything is written, what is
// there, how each channel gets into Conversations, what would not arrive as it
// was, how many requests a migration would make and how long they take at the
// least.
//
// An Auditor has a Source and no Target, so it cannot write. Its findings are
// those of mapping, counted for everything the settings select; the estimate
// follows from Twilio's documented limits and is a minimum.
//
// It does not compare with what a target holds already: see verify.
package audit
