package twilio

import (
	"context"
	"fmt"
	"iter"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/ahead"
)

// messageList is a list of messages of either side, which is held to have both
// its ends.
type messageList[T any] struct {
	host   *host
	sid    string // of the channel or conversation
	newest bool   // newest first
	size   int    // of a page
	decode func([]byte) (placed[T], error)
	ask    func(c *call, order string, size int) error

	// known reports whether the end that was reached is known to be the end, so
	// that nobody need be asked. May be nil.
	known func(last mark) bool
}

// aheadOf is all, with the next page read while the one before is dealt with.
func (l *messageList[T]) aheadOf(ctx context.Context) iter.Seq2[listed[T], error] {
	return aheadOfMessages(l.host, ctx, l.newest, l.all, listed[T].bytes)
}

// aheadOfMessages reads the next page of a list while the one before is dealt with.
// Whoever asks for the newest first is soon done.
func aheadOfMessages[T any](h *host, ctx context.Context, newest bool, pages func(context.Context) iter.Seq2[T, error], size func(T) int64) iter.Seq2[T, error] {
	if newest {
		return pages(ctx)
	}
	return ahead.Pages(ctx, h.room, pages, size)
}

const listMessages = "list messages"

// listed is what is fresh on a page.
type listed[T any] struct {
	fresh []placed[T]
	last  bool // the service says that there is no next page
}

// bytes are those of the records. What is asked after the last page, such as whether
// it is the last, is asked when all of it is dealt with.
func (l listed[T]) bytes() (n int64) {
	if l.last {
		return -1
	}
	for _, m := range l.fresh {
		n += int64(m.bytes)
	}
	return n
}

// all yields what is fresh on each page. When the service says that there are
// no more, it is asked for the other end of the list, which takes one request. If
// that shows a message beyond what came, the list ended early, or somebody wrote
// meanwhile: it is read once more, and must then get as far.
func (l *messageList[T]) all(ctx context.Context) iter.Seq2[listed[T], error] {
	return func(yield func(listed[T], error) bool) {
		o := &ordered[T]{decode: l.decode, newest: l.newest}
		if !l.read(ctx, o, yield) || l.known != nil && l.known(o.yielded) {
			return
		}
		end, err := l.otherEnd(ctx, o)
		if err == nil && end.set {
			o.restart()
			if !l.read(ctx, o, yield) {
				return
			}
			if o.follows(end.index, o.yielded) {
				end, err = l.otherEnd(ctx, o) // it may be deleted by now
			} else {
				end = mark{}
			}
			if end.set {
				err = l.short(o, end)
			}
		}
		if err != nil {
			yield(listed[T]{}, err)
		}
	}
}

// read follows the list to the end that it claims. It reports whether to go on.
func (l *messageList[T]) read(ctx context.Context, o *ordered[T], yield func(listed[T], error) bool) bool {
	first := func(c *call) error { return l.ask(c, order(l.newest), l.size) }
	for p, err := range l.host.resumable(ctx, listMessages, l.sid, first, o.restart) {
		if err != nil {
			yield(listed[T]{}, err)
			return false
		}
		fresh, err := o.take(p)
		last := p.next == nil && err == nil
		if (len(fresh) > 0 || last) && !yield(listed[T]{fresh, last}, nil) {
			return false
		}
		if err != nil {
			yield(listed[T]{}, unreadable(listMessages, l.sid, err))
			return false
		}
	}
	return true
}

// otherEnd asks for the last message in the other order. The mark is set if that
// message is beyond all that came. A message before the last one that came can be
// the end only if that one is gone: the order may have been ignored, and so it is
// asked for twice.
func (l *messageList[T]) otherEnd(ctx context.Context, o *ordered[T]) (mark, error) {
	first := func(c *call) error { return l.ask(c, order(!l.newest), 1) }
	for range 2 {
		var end mark
		for p, err := range l.host.pages(ctx, listMessages, l.sid, first) {
			if err != nil {
				return mark{}, err
			}
			for _, raw := range p.records {
				m, err := l.decode(raw)
				if err != nil {
					return mark{}, unreadable(listMessages, l.sid, err)
				}
				if !end.set || o.follows(m.index, end) {
					end = mark{m.index, true}
				}
			}
			break
		}
		switch {
		case end.set && o.follows(end.index, o.yielded):
			return end, nil
		case end == o.yielded:
			return mark{}, nil
		}
	}
	return mark{}, nil
}

func (l *messageList[T]) short(o *ordered[T], end mark) error {
	reached := "is empty"
	if o.yielded.set {
		reached = fmt.Sprintf("ends with index %d", o.yielded.index)
	}
	return &migrate.Error{
		Op: listMessages, Kind: migrate.Unavailable, SID: l.sid,
		Err:  fmt.Errorf("%w: read twice, it %s, but there is a message with index %d", migrate.ErrShort, reached, end.index),
		Hint: "the service shows less than it has: run again; if that does not help, ask Twilio",
	}
}
