// Package faults makes the emulator fail as networks and services do: by rate,
// by script, and again in the same way for the same seed.
//
// A Plan is an emulator.Interceptor. It works over a socket, where a reset is a
// real RST, and in one process through Direct, where the same faults become the
// errors that a client would have seen.
//
// Vocabulary:
//
//   - Kind: one way to fail. Dotted prefixes of kinds are groups of them:
//     "before" is all that leave a request without effect, "before.429" the six
//     forms of one status.
//   - Operation: a request and its repetitions. Writes are told apart by their
//     form too, so that each message is an operation of its own.
//   - Draw: whether a request is hit, and by what. It follows from the seed, the
//     operation and how often the operation was seen, and from no order between
//     operations: however the requests of concurrent lanes interleave, the same
//     ones are hit. What the target calls a resource does not matter either,
//     since SIDs depend on that order. Operations that are alike in everything
//     share their draws.
//
// # Specification
//
// Parse reads settings that commas separate:
//
//	seed=7                        where the draws begin; defaults to 0
//	rate=0.02                     share of requests that are hit, by any kind
//	before.429=0.01               the same for a kind or group; the longest name
//	                              that is set decides, and 0 switches off
//	nth(POST messages,3)=late     a rule: the third such request is hit
//	limit=3                       draws that may hit one operation in a row
//	late-within=5s                the latest that a late commit lands
//	late-after=1m                 and the earliest, counted on top; defaults to none
//	stall-for=2m                  how long a stall lasts if the client stays
//	slow-for=1s                   how long a slow body takes
//	retry-after=1s                what a Retry-After asks for, in whole seconds
//	script=@FILE                  more settings, one on a line; # begins a comment
//
// A share is spread evenly over those of its kinds that fit the request.
//
// lie.404 is set by its own name alone: rate is made of what a client can see through.
//
// A rule is nth([HOST] METHOD RESOURCE,WHICH)=KIND. HOST is chat, conversations,
// media or api, and defaults to all. METHOD may be * where the kind fits reads
// and writes. RESOURCE is the plural of a list or of what is created in it
// (messages), the singular of one that exists (message), one of configuration,
// notifications and webhooks, or *. Of the media host, POST media is an upload, GET
// file what is told of a file, GET content its bytes. WHICH counts the requests that match, from
// 1: 3, 3-5, or 3- for all from the third on. Rules go before draws, the first
// that fits wins, and limit does not hold them back.
//
// It is not a model of how often anything fails at Twilio.
package faults
