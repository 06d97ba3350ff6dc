package bench

import "time"

// Limits are what the target admits.
type Limits struct {
	// APS is the writes a second of one conversation, and of one service (Twilio,
	// Conversations limits: 30 each). Zero is no limit.
	APS float64
	// Latency is the time from a request to its reply.
	Latency time.Duration
	// InFlight is how many requests of the account are admitted at once. Zero is no
	// limit. Twilio documents that there is one (error 20429) and no figure.
	InFlight int
}

// Writes are what a run has to write.
type Writes struct {
	// Gate are those that count against the limit of the service with most of them:
	// creates and updates of conversations, users, roles and service settings,
	// unless they are made in a conversation.
	Gate int
	// Lane are those in the conversation with most of them: participants, messages,
	// read horizons, dates, webhooks.
	Lane int
	// All are all.
	All int
}

// Bound is the least time in which w can be written under l. It is the largest of
// three, none of which any schedule can go below for long:
//
//   - the gate: its writes at APS. A limit of Twilio's is an average of some
//     seconds, so that a burst may be a little faster.
//   - the longest lane: each write waits for the reply to the one before, which is
//     what keeps messages in order, and takes a turn at APS.
//   - the account: every write is in flight for a latency, and InFlight of them fit.
//
// The definition is that of the requirement that the figures of this package hold.
func (l Limits) Bound(w Writes) time.Duration {
	turn := time.Duration(0)
	if l.APS > 0 {
		turn = time.Duration(float64(time.Second) / l.APS)
	}
	bound := max(time.Duration(w.Gate)*turn, time.Duration(w.Lane)*max(turn, l.Latency))
	if l.InFlight > 0 {
		bound = max(bound, time.Duration(w.All)*l.Latency/time.Duration(l.InFlight))
	}
	return bound
}
