package twilio

import "sync"

// tails knows, for each conversation that was created here, the index of the
// newest message in it, as long as every write was answered. A list that gets that
// far lacks nothing of ours, and its end need not be asked for.
type tails struct {
	mu     sync.Mutex
	newest map[string]int64
}

// began says that a conversation was created, and is empty.
func (t *tails) began(conversationSID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.newest == nil {
		t.newest = map[string]int64{}
	}
	t.newest[conversationSID] = -1
}

// wrote says how an append ended.
func (t *tails) wrote(conversationSID string, index int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.newest[conversationSID]
	switch {
	case err != nil:
		delete(t.newest, conversationSID)
	case known:
		t.newest[conversationSID] = max(last, index)
	}
}

// reached reports whether a list that ends there is known to be whole. It is asked
// once: later lists are not known.
func (t *tails) reached(conversationSID string, last mark) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	newest, known := t.newest[conversationSID]
	delete(t.newest, conversationSID)
	return known && (newest < 0 || last.set && last.index >= newest)
}
