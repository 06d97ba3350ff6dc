// Package undo deletes from the target what a ledger says that its migration
// made, and nothing else: whatever was there before, was adopted, or was changed
// by somebody since is kept and reported with the reason. What a policy replaced
// gets back what it was.
//
// How it decides: conversation.go for channels, people.go for users and roles,
// restore.go for what was replaced, service.go for the service itself. Without
// Execute an Undoer only reports, and holds nothing that it could write with.
package undo
