package versions

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// fetchers is how many messages of a page are fetched at once: those that the two
// versions do not show alike.
const fetchers = 32

// bothMessages follows the lists of both versions a page of v1 at a time, and takes of
// v2 what it has up to the same message. If both end with one message, neither is
// asked for its other end: two lists that end early do not do so at one place.
func (s *Source) bothMessages(ctx context.Context, service, channel string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		p := &paired{source: s, service: service, channel: channel, span: span, yield: yield, sides: s.messageSides(service, channel), passed: migrate.All}
		unasked := func(int64) bool { return true }
		var stop func()
		p.next, stop = iter.Pull2(s.newer.MessagePages(ctx, service, channel, span, unasked))
		defer stop()
		for older, err := range s.older.MessagePages(ctx, service, channel, span, p.endsAt) {
			if err != nil {
				yield(chat.Message{}, err)
				return
			}
			newer, err := p.upTo(older[len(older)-1].Index)
			if err != nil {
				yield(chat.Message{}, err)
				return
			}
			if !p.pass(ctx, older, newer) {
				return
			}
		}
		rest, err := p.rest()
		if err != nil {
			yield(chat.Message{}, err)
			return
		}
		p.pass(ctx, nil, rest)
	}
}

// paired is one reading of both lists.
type paired struct {
	source           *Source
	service, channel string
	span             migrate.Span
	yield            func(chat.Message, error) bool
	sides            *sides[chat.Message]

	next  func() ([]chat.Message, error, bool) // pages of v2
	held  []chat.Message                       // of v2, beyond what was passed
	last  int64                                // of those that v2 showed
	shown bool                                 // there is one
	ended bool
	err   error

	passed  int64           // index of the message that was yielded last; migrate.All before
	settled map[string]bool // by a fetch: the other list may show them later
}

// beyond reports whether a message comes after an index, in the order of the span.
func (p *paired) beyond(m chat.Message, index int64) bool {
	if p.span.NewestFirst {
		return m.Index < index
	}
	return m.Index > index
}

// read takes one more page of v2.
func (p *paired) read() {
	page, err, ok := p.next()
	p.held, p.err, p.ended = append(p.held, page...), err, !ok
	if len(page) > 0 {
		p.last, p.shown = page[len(page)-1].Index, true
	}
}

// upTo takes what v2 has up to an index.
func (p *paired) upTo(index int64) ([]chat.Message, error) {
	for !p.ended && p.err == nil && (!p.shown || p.beyond(chat.Message{Index: index}, p.last)) {
		p.read()
	}
	if p.err != nil {
		return nil, p.err
	}
	n := slices.IndexFunc(p.held, func(m chat.Message) bool { return p.beyond(m, index) })
	if n < 0 {
		n = len(p.held)
	}
	taken := p.held[:n:n]
	p.held = p.held[n:]
	return taken, nil
}

// rest takes all that v2 has.
func (p *paired) rest() ([]chat.Message, error) {
	for !p.ended && p.err == nil {
		p.read()
	}
	taken := p.held
	p.held = nil
	return taken, p.err
}

// endsAt reports whether v2 ends with the same message as v1. If neither shows any that
// is wanted, v1 has to have come as far as the last one that is not.
func (p *paired) endsAt(last int64) bool {
	for !p.ended && p.err == nil {
		p.read()
	}
	switch {
	case p.err != nil:
		return false
	case p.shown:
		return p.last == last
	}
	return last == p.span.After
}

// shown is one message of a stretch, as either version lists it; nil of one that does
// not.
type shown struct{ older, newer *chat.Message }

func (s shown) message() *chat.Message { return cmp.Or(s.older, s.newer) }

// pass yields what both versions show of a stretch of the channel, in its order.
func (p *paired) pass(ctx context.Context, older, newer []chat.Message) bool {
	stretch := p.stretch(older, newer)
	all, there, errs := make([]chat.Message, len(stretch)), make([]bool, len(stretch)), make([]error, len(stretch))
	var g errgroup.Group
	g.SetLimit(fetchers)
	for i, one := range stretch {
		g.Go(func() error {
			all[i], there[i], errs[i] = p.sides.settle(ctx, one.message().SID, one.older, one.newer)
			return nil
		})
	}
	_ = g.Wait()
	gone := false
	for i, one := range stretch {
		switch {
		case errs[i] != nil:
			return p.stop(errs[i])
		case there[i]:
			if !p.hand(all[i]) {
				return false
			}
			continue
		}
		gone = true
		p.source.notice(migrate.Event{
			Level:   migrate.Notice,
			Message: "message was deleted while it was read",
			Fields:  []any{migrate.KeyChannel, p.channel, migrate.KeyIndex, one.message().Index},
		})
	}
	if !gone {
		return true
	}
	// A channel that is gone answers the same for each of its messages.
	_, err := p.source.Channel(ctx, p.service, p.channel)
	return p.stop(err)
}

// stretch pairs what both lists show, in the order of the span. What only one of them
// shows will be fetched, and not be taken again when the other comes to it.
func (p *paired) stretch(older, newer []chat.Message) []shown {
	all := make([]shown, 0, len(older))
	at := make(map[string]int, len(older))
	for i, m := range older {
		if !p.settled[m.SID] {
			at[m.SID] = len(all)
			all = append(all, shown{older: &older[i]})
		}
	}
	for i, m := range newer {
		if n, both := at[m.SID]; both {
			all[n].newer = &newer[i]
		} else if !p.settled[m.SID] {
			all = append(all, shown{newer: &newer[i]})
		}
	}
	for _, one := range all {
		if one.older != nil && one.newer != nil {
			continue
		}
		if p.settled == nil {
			p.settled = map[string]bool{}
		}
		p.settled[one.message().SID] = true
	}
	slices.SortStableFunc(all, func(a, b shown) int {
		if p.span.NewestFirst {
			a, b = b, a
		}
		return cmp.Compare(a.message().Index, b.message().Index)
	})
	return all
}

// hand yields a message, which has to come after the one before.
func (p *paired) hand(m chat.Message) bool {
	if p.passed != migrate.All && !p.beyond(m, p.passed) {
		return p.stop(unreadable("list messages", p.channel,
			fmt.Errorf("v1 and v2 show other orders: message %s with index %d comes after index %d", m.SID, m.Index, p.passed)))
	}
	p.passed = m.Index
	return p.yield(m, nil)
}

// stop ends the reading with an error, if there is one.
func (p *paired) stop(err error) bool {
	if err != nil {
		p.yield(chat.Message{}, err)
	}
	return err == nil
}
