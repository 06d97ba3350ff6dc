// Package accounts lists the subaccounts of a parent account, so that each can be
// migrated with credentials of its own: those of a parent do not open the Chat and
// Conversations of a subaccount.
//
// Vocabulary:
//
//   - Parent: the account whose credentials list the others. It owns itself.
//   - Subaccount: an account that a parent owns. No subaccount has subaccounts.
//   - Reading: the list from its first page to its last.
//
// Nothing says how many subaccounts there are, and one that a list leaves out would
// never be migrated. So the list is read until two readings in a row show the same
// accounts. What was shown in any of them counts, as it was shown last.
//
// The package writes nothing and keeps nothing: auth tokens are in memory alone, and
// print, log and encode as text that is not the token.
package accounts
