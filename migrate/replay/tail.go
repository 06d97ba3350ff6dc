package replay

import (
	"context"
	"iter"
	"slices"

	"chatbridge/mapping/conversations"
)

// tailKept is how many messages tail holds in memory. More than that come only
// from people who write into the new conversation; then the target is streamed
// from its beginning.
const tailKept = 2000

// tail yields what the target holds after an index, oldest first. Indexes grow
// in the order of arrival, so this does not depend on the confirmed message
// still being there.
func (l *lane) tail(ctx context.Context, after int64) iter.Seq2[conversations.Message, error] {
	return func(yield func(conversations.Message, error) bool) {
		kept, whole, err := l.newestAfter(ctx, after)
		if err != nil {
			yield(conversations.Message{}, err)
			return
		}
		if whole {
			for _, m := range slices.Backward(kept) {
				if !yield(m, nil) {
					return
				}
			}
			return
		}
		for m, err := range l.Target.Messages(ctx, l.TargetService, l.Record.TargetSID, false) {
			if err == nil && m.Index <= after {
				continue
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// newestAfter reads the target newest first down to an index; whole says
// whether it got there before it had read too many.
func (l *lane) newestAfter(ctx context.Context, after int64) (kept []conversations.Message, whole bool, err error) {
	for m, err := range l.Target.Messages(ctx, l.TargetService, l.Record.TargetSID, true) {
		switch {
		case err != nil:
			return nil, false, err
		case m.Index <= after:
			return kept, true, nil
		case len(kept) == tailKept:
			return nil, false, nil
		}
		kept = append(kept, m)
	}
	return kept, true, nil
}
