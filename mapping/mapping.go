// Package mapping turns the resources of Twilio Programmable Chat into those of
// Twilio Conversations, and says what it could not carry.
//
// A [Mapper] has one method for each resource. It returns the resource as it
// should be in the target, and findings: one for everything that is not carried
// unchanged. What has no finding arrived whole. Where a case can be treated in
// more than one way, a [Policy] chooses; [Codes] is the one table of codes,
// severities and choices, and all documentation of them is made from it.
//
// A result whose worst finding is Stop or Skip must not be written: see
// [Worst]. Everything else may be.
//
// The package is pure. It reads no clock, does no I/O, logs nothing, and gives
// the same answer for the same input for ever, which is what lets a resumed run
// and a verification recompute what an earlier run wrote. What depends on the
// target, such as a unique name that is taken there, does not belong here.
package mapping
