package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"chatbridge/mapping/chat"
)

// groups finds the lines of one file by the user that they name. It holds an
// offset for each line and the file open.
type groups struct {
	file  *randomFile // nil where there is no such file
	lines map[string][]extent
}

// group reads the lines of a file that name a user, in the order of the file.
func group[T chat.Resource](ctx context.Context, s *Source, op, name, userSID string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		g, err := s.groups(name)
		if err != nil {
			yield(none, failure(op, userSID, err))
			return
		}
		for _, at := range g.lines[userSID] {
			if err := ctx.Err(); err != nil {
				yield(none, failure(op, userSID, err))
				return
			}
			resource, err := readAt[T](g.file, name, at)
			if err != nil {
				yield(none, failure(op, userSID, err))
				return
			}
			if !yield(resource, nil) {
				return
			}
		}
	}
}

func (s *Source) groups(name string) (*groups, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g, ok := s.grouped[name]; ok {
		return g, nil
	}
	f, err := s.archive.open(name)
	if err != nil {
		return nil, err
	}
	g := &groups{lines: make(map[string][]extent)}
	if f == nil {
		s.grouped[name] = g
		return g, nil
	}
	if g.file, err = randomAccess(f); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", name, err), f.Close())
	}
	g.file.original = f
	for line, err := range readLines(name, io.NewSectionReader(g.file, 0, g.file.size)) {
		if err == nil {
			err = g.add(line, name)
		}
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
	}
	s.grouped[name] = g
	return g, nil
}

func (g *groups) add(line line, name string) error {
	var h struct {
		UserSID    string `json:"user_sid"`
		ChannelSID string `json:"channel_sid"`
	}
	if err := json.Unmarshal(line.raw, &h); err != nil {
		return line.failed(name, err)
	}
	if h.UserSID == "" || h.ChannelSID == "" {
		return line.failed(name, errors.New("user_sid or channel_sid is missing"))
	}
	g.lines[h.UserSID] = append(g.lines[h.UserSID], extent{offset: line.offset, size: len(line.raw)})
	return nil
}

func (g *groups) close() error {
	if g.file == nil {
		return nil
	}
	return g.file.close()
}
