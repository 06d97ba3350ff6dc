// Package inplace makes the public channels of a Chat service visible in
// Conversations of the same account, where they are. It copies nothing: one
// request makes a channel private, and with that visible, for good.
//
// It is the one part that writes to Chat. It is never run unless asked for by
// name, and previews unless Execute is set.
//
//   - Promotion makes channels private.
//   - Additions adds people afterwards, through Conversations: before, a channel is
//     not there, and Chat would tell people's phones. While it writes into a service
//     it holds the claim, and the push for who is added is off.
package inplace
