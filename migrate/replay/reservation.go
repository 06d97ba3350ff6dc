package replay

import (
	"context"
	"sync"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// reservations keep two lanes of a run from one conversation. The ledger knows
// whose a conversation is only after the lane has it; until then it is here. They
// are one for all services of a run, because several may share a target.
type reservations struct {
	mu    sync.Mutex
	owner migrate.SIDPairs  // conversation SID to the SID of the channel that has it
	alike map[string]*alike // by recognition key
}

// alike are the lanes that look for conversations of one recognition key.
type alike struct {
	latch drain.Latch
	lanes int
}

func newReservations() *reservations {
	return &reservations{alike: map[string]*alike{}}
}

// reserve gives a conversation to a channel, once. If another channel has it,
// the error names both.
func (r *reservations) reserve(conversationSID, channelSID string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch other := r.owner.Other(conversationSID); other {
	case "":
		r.owner.Set(conversationSID, channelSID)
	case channelSID:
	default:
		return migrate.TargetTaken(channelSID, conversationSID, other)
	}
	return nil
}

// has reports whether another channel has the conversation.
func (r *reservations) has(conversationSID, channelSID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	other := r.owner.Other(conversationSID)
	return other != "" && other != channelSID
}

// turn waits until no other lane looks for, or creates, a conversation that is
// known by the same key. Without it one lane could take what another has just
// created and does not know of yet.
func (r *reservations) turn(ctx context.Context, key string) (end func(), err error) {
	r.mu.Lock()
	a, ok := r.alike[key]
	if !ok {
		a = &alike{latch: drain.NewLatch()}
		r.alike[key] = a
	}
	a.lanes++
	r.mu.Unlock()
	leave := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if a.lanes--; a.lanes == 0 {
			delete(r.alike, key)
		}
	}
	if err := a.latch.Lock(ctx); err != nil {
		leave()
		return nil, err
	}
	return func() { a.latch.Unlock(); leave() }, nil
}
