// Package doctor asks an account, by reading only, what no document settles, and
// compares the answers with what chatbridge assumes.
//
// A probe is one question: doctor.go lists them all, session.go holds what one
// examination has read so far, and each remaining file has the probes of one
// subject. A Doctor never writes, and reads a few pages of a few channels
// whatever the account holds.
package doctor
