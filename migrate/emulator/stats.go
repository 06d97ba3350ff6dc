package emulator

import "sync/atomic"

// Stats counts what one account was asked, since it was made. Refused requests
// count too. A parent's leave out those of its subaccounts.
type Stats struct {
	Chat          HostStats
	Conversations HostStats
	Media         HostStats
	Events        HostStats
	API           HostStats

	RefusedSourceWrites int64 // writes sent to the Chat host that it does not take
	AllowedSourceWrites int64 // limits set and channels made private, through the Chat host
	Pushes              int64 // push notifications that devices would have shown
	Webhooks            int64 // callbacks that would have been made
	WebhookHeaders      int64 // writes that asked for callbacks, configured or not
	CredentialsLeaked   int64 // requests for the bytes of a file that bore credentials
	MediaCollected      int64 // files that no message took in time
	ServicesMade        int64 // in the target
	ServicesDeleted     int64
	Streamed            int64 // writes that a subscription of Event Streams may have heard of, whatever they asked for

	// Foreign are requests that mix up accounts: for a resource of this account with the
	// credentials of another of the same parent, or in its name with a secret of another.
	// Reading the accounts of a parent as the parent is none.
	Foreign int64
}

// HostStats counts the requests to one host.
type HostStats struct {
	Reads     int64 // GET
	Writes    int64 // everything else
	Throttled int64 // answered 429
}

type hostCounts struct{ reads, writes, throttled atomic.Int64 }

func (c *hostCounts) stats() HostStats {
	return HostStats{Reads: c.reads.Load(), Writes: c.writes.Load(), Throttled: c.throttled.Load()}
}

type counts struct {
	chat, conversations, media, events, api               hostCounts
	refusedSourceWrites, pushes, webhooks, webhookHeaders atomic.Int64
	allowedSourceWrites                                   atomic.Int64
	credentialsLeaked, mediaCollected, streamed, foreign  atomic.Int64
}

// Stats returns the counts so far.
func (e *Emulator) Stats() Stats {
	e.target.media.mu.Lock()
	e.target.media.sweep()
	e.target.media.mu.Unlock()
	e.land()
	made, deleted := e.written.services()
	return Stats{
		Chat:                e.counts.chat.stats(),
		Conversations:       e.counts.conversations.stats(),
		Media:               e.counts.media.stats(),
		Events:              e.counts.events.stats(),
		API:                 e.counts.api.stats(),
		RefusedSourceWrites: e.counts.refusedSourceWrites.Load(),
		AllowedSourceWrites: e.counts.allowedSourceWrites.Load(),
		Pushes:              e.counts.pushes.Load(),
		Webhooks:            e.counts.webhooks.Load(),
		WebhookHeaders:      e.counts.webhookHeaders.Load(),
		CredentialsLeaked:   e.counts.credentialsLeaked.Load(),
		MediaCollected:      e.counts.mediaCollected.Load(),
		ServicesMade:        made,
		ServicesDeleted:     deleted,
		Streamed:            e.counts.streamed.Load(),
		Foreign:             e.counts.foreign.Load(),
	}
}
