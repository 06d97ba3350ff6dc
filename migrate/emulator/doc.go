// Package emulator is a local Twilio: the read side of Chat v1 and v2 and the
// whole of what a migration needs of Conversations v1, with the files of both, over
// HTTP, in memory. No file is: bytes are read, or made, while they are sent.
//
// It behaves as Twilio's documents say, above all where naive code goes wrong:
// lists that hide attributes, private channels left out unless asked for, page
// tokens that do not survive a careless client, indexes that skip, limits, and
// refusals with Twilio's own codes. Where no document settles a point, it does
// what is hardest for a client.
//
// Vocabulary:
//
//   - Source: the Chat side, seeded from an archive or generated. Over HTTP a
//     client can raise the limits of a service (v2) and make a channel private
//     (v3), and nothing else; the methods of Emulator that end in Channel can
//     change more.
//   - Edition: one version of Chat over the source, v1 or v2: the same resources
//     under the same SIDs, of which v1 hides much.
//   - Target: the Conversations side, a different account whose services start
//     empty.
//   - Media host: the service that keeps the files of messages for both sides. Those
//     of the source are in its archive or invented; those of the target are uploaded.
//   - Exchange: one request on its way. An Interceptor stands between an
//     exchange and its effect.
//   - Commit: the moment an exchange takes effect.
//   - Unkind: what no document rules out, switched on one by one. What went
//     wrong on the way of a request is not among it: see package faults.
//   - Habit: of an Unkind, what an account does one way or the other, and only an
//     experiment tells. Outcomes lists, by the names of those experiments, which
//     Unkind makes an account that answers in each way.
//   - Events host: Event Streams, of which the target account may have subscriptions.
//   - API host: which accounts there are. A parent has subaccounts, each an account of
//     its own on all hosts: whose credentials a request bears decides which one answers.
//
// It shares no code with the client that it tests, so that both cannot be wrong
// in the same way. It is not a place to keep data, and not a model of Twilio's
// performance.
package emulator
