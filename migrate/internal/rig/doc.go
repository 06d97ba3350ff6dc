// Package rig is what the tests of every verb start from: an emulator with a
// workspace, the real drivers in front of it without a socket, so that a test
// can run on synctest's clock, and a ledger in a temporary folder.
//
// It is imported by external test packages alone.
package rig
