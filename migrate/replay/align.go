package replay

import (
	"context"
	"iter"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
)

// same reports whether a message in the target is the one that mapping wants:
// author, date, body and attributes. The date is ours to set, so nobody who
// writes into the target now can be mistaken for the past.
func same(want, have conversations.Message) bool {
	return sameOrigin(want, have) && want.Body == have.Body && mapping.EqualAttributes(want.Attributes, have.Attributes)
}

// sameOrigin reports whether a message has the author and the date of the
// other; an edit changes neither.
func sameOrigin(want, have conversations.Message) bool {
	return want.Author == have.Author && want.DateCreated.Equal(have.DateCreated)
}

// align matches what the target holds after the last confirmed message against
// the source messages that follow it, and confirms what it finds. It leaves the
// feed at the first message that the target does not have.
//
// What was written is a prefix of what the source had then. So each of our
// messages is the next one of the feed, unless it was deleted in the source
// since; and what is neither was written by somebody else, or landed a second
// time, and is passed over. A message that was edited in the source since is
// known by author and date, and brought up to date.
func (l *lane) align(ctx context.Context, f *feed) error {
	next, stop := iter.Pull2(l.tail(ctx, l.last))
	defer stop()
	have, err, more := next()
	for more {
		if err != nil {
			return err
		}
		m, failed := f.peek()
		if failed != nil || m == nil {
			return failed
		}
		after, errAfter, moreAfter := next()
		switch {
		case same(m.want, have):
			err = l.confirm(ctx, f, m, have, false)
		case editedSince(m.want, have) && !(moreAfter && errAfter == nil && same(m.want, after)):
			err = l.bringUpToDate(ctx, m, have)
			if err == nil {
				err = l.confirm(ctx, f, m, have, false)
			}
		}
		if err != nil {
			return err
		}
		have, err, more = after, errAfter, moreAfter
		l.dog.Progress()
	}
	return nil
}

// editedSince reports whether have can be an earlier state of want.
func editedSince(want, have conversations.Message) bool {
	return sameOrigin(want, have) && !want.DateUpdated.IsZero() && have.DateUpdated.Before(want.DateUpdated)
}

func (l *lane) bringUpToDate(ctx context.Context, m *mapped, have conversations.Message) error {
	if err := l.Neighbours.Mute(ctx); err != nil {
		return err
	}
	if err := l.proceed(ctx); err != nil {
		return err
	}
	want := m.want
	want.SID = have.SID
	l.wrote = true
	return l.Target.SetMessage(ctx, l.TargetService, l.Record.TargetSID, want)
}

// arrived looks for a message whose write is in doubt.
func (l *lane) arrived(ctx context.Context, m *mapped) (conversations.Message, bool, error) {
	for have, err := range l.tail(ctx, l.last) {
		if err != nil {
			return conversations.Message{}, false, err
		}
		if same(m.want, have) {
			return have, true, nil
		}
	}
	return conversations.Message{}, false, nil
}

// tailKept is how many messages tail holds in memory. More than that come only
// from people who write into the new conversation; then the target is streamed
// from its beginning.
const tailKept = 2000

// tail yields what the target holds after an index, oldest first. Indexes grow
// in the order of arrival, so this does not depend on the confirmed message
// still being there.
func (l *lane) tail(ctx context.Context, after int64) iter.Seq2[conversations.Message, error] {
	return func(yield func(conversations.Message, error) bool) {
		if after >= 0 {
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
