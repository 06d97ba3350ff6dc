package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Messages yields the messages of a channel that the span selects, in the order
// of their indexes. Newest first reads a file from its end, so that the tail of
// a long channel costs no more than the tail.
func (s *Source) Messages(ctx context.Context, serviceSID, channelSID string, span migrate.Span) iter.Seq2[chat.Message, error] {
	const op = "list messages"
	name := MessagesPath(serviceSID, channelSID)
	return func(yield func(chat.Message, error) bool) {
		f, err := s.archive.open(name)
		if err != nil {
			yield(chat.Message{}, failure(op, channelSID, err))
			return
		}
		if f == nil {
			return
		}
		defer f.Close()
		lines := readLines(name, f)
		if span.NewestFirst {
			lines = linesBackwards(name, f)
		}
		info, err := f.Stat()
		if err != nil {
			yield(chat.Message{}, failure(op, channelSID, err))
			return
		}
		twice := newTwice(info.Size(), func() iter.Seq2[line, error] { return s.archive.lines(name) })
		for message, err := range selectSpan(ctx, name, lines, span, twice) {
			if err != nil {
				yield(chat.Message{}, failure(op, channelSID, err))
				return
			}
			if !yield(message, nil) {
				return
			}
		}
	}
}

// selectSpan holds the lines to the order of their indexes: a message out of
// order would be taken for one that was seen already.
func selectSpan(ctx context.Context, name string, lines iter.Seq2[line, error], span migrate.Span, twice *twice) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		var last *int64
		for line, err := range lines {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(chat.Message{}, err)
				return
			}
			index, sid, err := messageHeader(line.raw)
			if err == nil && last != nil && (index <= *last) != span.NewestFirst {
				err = fmt.Errorf("index %d follows %d: indexes must grow", index, *last)
			}
			if err == nil && last != nil && index == *last {
				err = fmt.Errorf("index %d occurs twice", index)
			}
			if err != nil {
				yield(chat.Message{}, line.failed(name, err))
				return
			}
			last = &index
			if index <= span.After {
				if span.NewestFirst {
					return
				}
				continue
			}
			message, err := chat.Decode[chat.Message](line.raw)
			if err == nil {
				err = twice.check(sid)
			}
			if err != nil {
				yield(chat.Message{}, line.failed(name, err))
				return
			}
			if !yield(message, nil) {
				return
			}
		}
	}
}

func messageHeader(raw json.RawMessage) (index int64, sid string, err error) {
	var h header
	if err := json.Unmarshal(raw, &h); err != nil {
		return 0, "", fmt.Errorf("read index: %w", err)
	}
	if h.Index == nil {
		return 0, "", errors.New("message has no index")
	}
	return *h.Index, h.SID, nil
}

// linesBackwards yields the lines of r from the last to the first.
func linesBackwards(name string, r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		f, err := randomAccess(r)
		if err != nil {
			yield(line{}, fmt.Errorf("read %s: %w", name, err))
			return
		}
		defer f.close()
		b := backwards{r: f, start: f.size, end: f.size}
		for {
			raw, offset, err := b.line()
			if err == io.EOF {
				return
			}
			if err == nil {
				err = checkObject(raw)
			}
			if err != nil {
				yield(line{}, line{offset: offset}.failed(name, err))
				return
			}
			if !yield(line{raw: raw, offset: offset}, nil) {
				return
			}
		}
	}
}
