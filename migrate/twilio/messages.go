package twilio

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Messages is of migrate.Source. Chat v1 lists show set attributes as null, so
// each such message is fetched, a page at a time and several at once; a message
// that the span leaves out is not fetched, nor any where it asks for what is
// listed. A message that was deleted between
// the two reads is left out and told to Config.Notice.
func (s *Source) Messages(ctx context.Context, serviceSID, channelSID string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		pages := func(ctx context.Context) iter.Seq2[selection, error] {
			return s.selected(ctx, serviceSID, channelSID, span)
		}
		decode := sharing()
		for page, err := range aheadOfMessages(s.host, ctx, span.NewestFirst, pages, selection.bytes) {
			if err != nil {
				yield(chat.Message{}, err)
				return
			}
			for m, err := range page.messages(decode) {
				if err != nil {
					err = unreadable(listMessages, channelSID, err)
				}
				if !yield(m, err) || err != nil {
					return
				}
			}
		}
	}
}

// selected is Messages, a page at a time. A page that could not be read to its end
// comes before the error.
func (s *Source) selected(ctx context.Context, serviceSID, channelSID string, span migrate.Span) iter.Seq2[selection, error] {
	return func(yield func(selection, error) bool) {
		files := &filesBeside{source: s, service: serviceSID, channel: channelSID}
		size, listed := s.requests.messagePages()
		if span.Listed {
			size = listed
		}
		l := s.messageList(serviceSID, channelSID, span.NewestFirst, size)
		if span.From.Index <= span.After && !span.NewestFirst {
			l.from = span.From
		}
		l.lost = func(why error) {
			s.notice(migrate.Event{
				Level: migrate.Detail, Message: "reading the messages of a channel from the first page again",
				Fields: []any{migrate.KeyChannel, channelSID, migrate.KeyIndex, span.After, migrate.KeyReason, why},
			})
		}
		for page, err := range l.aheadOf(ctx) {
			if err != nil {
				yield(selection{}, err)
				return
			}
			selected, done := within(page.fresh, span)
			whole := selected
			if !span.Listed {
				whole, err = s.whole(ctx, serviceSID, channelSID, selected, files)
			}
			if !yield(selectionOf(whole, page), nil) {
				return
			}
			if err != nil {
				yield(selection{}, err)
				return
			}
			if done {
				return
			}
		}
	}
}

// selection is what a span selects of a page, as it came. A page is held for every
// channel at work, and may last for minutes: decoded, it takes two to three times as much.
type selection struct {
	parts [][]json.RawMessage
	at    string // as of the page
	last  bool
}

// partOfPage is how many messages of a page are let go at once.
const partOfPage = 24

// selectionOf has the messages in parts that share no memory, neither with each other nor
// with the page: what was dealt with need not wait for the end of the page.
func selectionOf(messages []chat.Message, page listed[chat.Message]) selection {
	s := selection{at: page.at, last: page.last}
	for part := range slices.Chunk(messages, partOfPage) {
		n := 0
		for _, m := range part {
			n += len(m.Raw)
		}
		own, all := make([]json.RawMessage, len(part)), make([]byte, 0, n)
		for i, m := range part {
			at := len(all)
			all = append(all, m.Raw...)
			own[i] = all[at:len(all):len(all)]
		}
		s.parts = append(s.parts, own)
	}
	return s
}

// messages yields the messages and lets go of each part.
func (s selection) messages(decode func([]byte) (placed[chat.Message], error)) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		for i := range s.parts {
			part := s.parts[i]
			s.parts[i] = nil
			for _, raw := range part {
				m, err := decode(raw)
				m.message.Page = s.at
				if !yield(m.message, err) || err != nil {
					return
				}
			}
		}
	}
}

// bytes are those that it takes.
func (s selection) bytes() (n int64) {
	if s.last {
		return -1
	}
	for _, part := range s.parts {
		for _, raw := range part {
			n += int64(len(raw)) + int64(unsafe.Sizeof(raw))
		}
	}
	return n
}

// MessagePages are the messages of a channel that the span selects, as the list shows
// them, a page at a time. When the service says that there are no more, known is asked
// whether the message with that index is the last one, migrate.All if there was none:
// if so, the service is not asked for the other end.
func (s *Source) MessagePages(ctx context.Context, serviceSID, channelSID string, span migrate.Span, known func(last int64) bool) iter.Seq2[[]chat.Message, error] {
	return func(yield func([]chat.Message, error) bool) {
		files := &filesBeside{source: s, service: serviceSID, channel: channelSID}
		size, _ := s.requests.messagePages()
		l := s.messageList(serviceSID, channelSID, span.NewestFirst, size)
		l.known = func(last mark) bool {
			if !last.set {
				last.index = migrate.All
			}
			return known(last.index)
		}
		for page, err := range l.aheadOf(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			selected, done := within(page.fresh, span)
			for i := range selected {
				if selected[i].Media == nil {
					continue
				}
				if err := files.add(ctx, &selected[i]); err != nil {
					yield(nil, err)
					return
				}
			}
			if len(selected) > 0 && !yield(selected, nil) || done {
				return
			}
		}
	}
}

// Message reads one message by itself.
func (s *Source) Message(ctx context.Context, serviceSID, channelSID, messageSID string) (chat.Message, error) {
	m, err := s.message(ctx, serviceSID, channelSID, chat.Message{SID: messageSID})
	if err == nil && m.Media != nil {
		err = (&filesBeside{source: s, service: serviceSID, channel: channelSID}).add(ctx, &m)
	}
	return m, err
}

func (s *Source) messageList(serviceSID, channelSID string, newestFirst bool, size int) *messageList[chat.Message] {
	return &messageList[chat.Message]{host: s.host, sid: channelSID, newest: newestFirst, size: size, decode: sharing(),
		ask: func(c *call, order string, size int) error {
			return s.requests.messages(c, segment(serviceSID), segment(channelSID), order, size)
		}}
}

func order(newestFirst bool) string {
	if newestFirst {
		return "desc"
	}
	return "asc"
}

func placeChat(raw []byte) (placed[chat.Message], error) {
	m, err := chat.Decode[chat.Message](raw)
	if err == nil {
		err = indexed(raw)
	}
	if err == nil && m.SID == "" {
		err = errNoSID
	}
	return placed[chat.Message]{message: m, index: m.Index, sid: m.SID}, err
}

// sharing is placeChat for the messages of one channel, most of which have the same
// account, service, channel and people: of equal texts one is kept, since a page is held
// for every channel at work. One goroutine may use it at a time.
func sharing() func(raw []byte) (placed[chat.Message], error) {
	kept := map[string]string{}
	return func(raw []byte) (placed[chat.Message], error) {
		p, err := placeChat(raw)
		m := &p.message
		for _, text := range []*string{&m.AccountSID, &m.ServiceSID, &m.ChannelSID, &m.To, &m.From, &m.Type, &m.LastUpdatedBy} {
			if one, ok := kept[*text]; ok {
				*text = one
				continue
			}
			if len(kept) >= sharedTexts {
				clear(kept)
			}
			kept[*text] = *text
		}
		return p, err
	}
}

// sharedTexts is how many texts sharing keeps: those of a page by a hundred people.
const sharedTexts = 128

// within selects what the span asks for. It is done when nothing that comes
// later can be in the span.
func within(fresh []placed[chat.Message], span migrate.Span) (selected []chat.Message, done bool) {
	selected = make([]chat.Message, 0, len(fresh))
	for _, m := range fresh {
		if m.index > span.After {
			selected = append(selected, m.message)
		} else if span.NewestFirst {
			return selected, true
		}
	}
	return selected, false
}

// whole fetches the messages whose attributes the list did not show, in place.
// With an error come those messages before the first that could not be read.
func (s *Source) whole(ctx context.Context, serviceSID, channelSID string, listed []chat.Message, files *filesBeside) ([]chat.Message, error) {
	errs := make([]error, len(listed))
	var g errgroup.Group
	for i := range listed {
		if listed[i].Attributes != nil && listed[i].Media == nil {
			continue
		}
		release := s.slot(ctx)
		g.Go(func() error {
			defer release()
			if listed[i].Attributes == nil {
				listed[i], errs[i] = s.message(ctx, serviceSID, channelSID, listed[i])
			}
			if errs[i] == nil && listed[i].Media != nil {
				errs[i] = files.add(ctx, &listed[i])
			}
			return nil
		})
	}
	_ = g.Wait()

	kept := listed[:0]
	gone := ""
	for i, m := range listed {
		switch {
		case errs[i] == nil:
			kept = append(kept, m)
		case migrate.KindOf(errs[i]) == migrate.NotFound:
			gone = m.SID
			s.notice(migrate.Event{
				Level:   migrate.Notice,
				Message: "message was deleted while it was read",
				Fields:  []any{migrate.KeyChannel, channelSID, migrate.KeyIndex, m.Index},
			})
		default:
			return kept, errs[i]
		}
	}
	if gone == "" {
		return kept, nil
	}
	// A channel that is gone answers the same for each of its messages, and
	// that is no end of the list.
	_, err := s.Channel(ctx, serviceSID, channelSID)
	return kept, err
}

// slot waits until one more message may be fetched. If the context ends, the request
// says so.
func (s *Source) slot(ctx context.Context) (release func()) {
	release = func() { <-s.slots }
	select {
	case s.slots <- struct{}{}:
		return release
	default:
	}
	defer migrate.Held(ctx, migrate.AtOnce, "")() // others hold them for as long as they wait
	select {
	case s.slots <- struct{}{}:
		return release
	case <-ctx.Done():
		return func() {}
	}
}

// message reads one message whole. It keeps the SID and index of the list where
// that fails.
func (s *Source) message(ctx context.Context, serviceSID, channelSID string, listed chat.Message) (chat.Message, error) {
	m, err := one(s.host, ctx, "read message", listed.SID, reading, placeChat, func(c *call) error {
		return s.requests.message(c, segment(serviceSID), segment(channelSID), segment(listed.SID))
	})
	if err != nil {
		return listed, err
	}
	return m.message, nil
}
