package twilio

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

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

	// from is where to begin, if it can be begun there, and the oldest come first; lost is
	// told if it cannot. May be nil.
	from migrate.Page
	lost func(why error)

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
	at    string
}

// bytes are those of the records. What is asked after the last page, such as whether
// it is the last, is asked when all of it is dealt with.
func (l listed[T]) bytes() (n int64) {
	if l.last {
		return -1
	}
	for _, m := range l.fresh {
		n += decoded(m.bytes)
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
			l.from = migrate.Page{} // what it lacks may stand before
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
	for p, err := range l.pages(ctx, o) {
		if err != nil {
			yield(listed[T]{}, err)
			return false
		}
		fresh, err := o.take(p)
		last := p.next == nil && err == nil
		if l.newest {
			p.at = "" // a list cannot be begun with one of these
		}
		if (len(fresh) > 0 || last) && !yield(listed[T]{fresh, last, p.at}, nil) {
			return false
		}
		if err != nil {
			yield(listed[T]{}, unreadable(listMessages, l.sid, err))
			return false
		}
	}
	return true
}

// pages follows the list from its first page, or from the one that it can be begun
// with. What is wrong with that one, and not with the service, is no error: then the
// first page is the first.
func (l *messageList[T]) pages(ctx context.Context, o *ordered[T]) iter.Seq2[page, error] {
	first := func(c *call) error { return l.ask(c, order(l.newest), l.size) }
	whole := l.host.resumable(ctx, listMessages, l.sid, first, o.restart)
	at := l.beginning(first)
	if at == nil {
		return whole
	}
	return func(yield func(page, error) bool) {
		var begin *call
		var lost error
		begun := false
		for p, err := range l.host.pages(ctx, listMessages, l.sid, func(c *call) error {
			begin = c
			c.send(http.MethodGet, at, "")
			return nil
		}) {
			switch {
			case migrate.KindOf(err) == migrate.PageExpired, !begun && err != nil && unfit(begin, err):
				lost = err
			case !begun && err == nil:
				p.at = l.from.Address
				lost = l.shows(p)
			}
			if lost != nil {
				break
			}
			begun = true
			if !yield(p, err) {
				return
			}
		}
		if lost == nil {
			return
		}
		if l.lost != nil {
			l.lost(lost)
		}
		o.restart()
		whole(yield)
	}
}

// beginning is the address of the page to begin with, if it is one of the list that first
// asks for, and nil otherwise. A service may keep what was asked for in the token of a
// page, or serve fewer than were asked for.
func (l *messageList[T]) beginning(first func(*call) error) *url.URL {
	if l.from.Address == "" {
		return nil
	}
	c := &call{host: l.host, op: listMessages, sid: l.sid, unsent: true}
	c.settle(first(c)) // what is wrong with it is said when it is sent
	path, query, _ := strings.Cut(c.target, "?")
	at, err := url.Parse(l.from.Address)
	if err != nil || at.EscapedPath() != path {
		return nil
	}
	want, _ := url.ParseQuery(query) // as it was made
	for name, values := range at.Query() {
		switch name {
		case "Page", "PageToken":
		case "PageSize":
			if size, err := strconv.Atoi(values[0]); err != nil || size > l.size {
				return nil
			}
		default:
			if !slices.Equal(values, want[name]) {
				return nil
			}
		}
	}
	return at
}

// unfit reports whether a reply says something of the page that was asked for, and not
// of whoever asks, or how often.
func unfit(c *call, err error) bool {
	switch migrate.KindOf(err) {
	case migrate.Interrupted, migrate.Throttled, migrate.Credentials:
		return false
	}
	return c.replied
}

// shows makes sure that a page is the one to begin with: in order, and with the message
// that stood there.
func (l *messageList[T]) shows(p page) error {
	on, err := (&ordered[T]{decode: l.decode}).take(p)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(on, func(m placed[T]) bool { return m.sid == l.from.SID && m.index == l.from.Index }) {
		return fmt.Errorf("it does not show message %s with index %d", l.from.SID, l.from.Index)
	}
	return nil
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
