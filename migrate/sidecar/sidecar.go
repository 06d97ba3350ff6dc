// Package sidecar keeps the whole of what policies drop or shorten: in a file beside
// the ledger, or in the ledger itself if that is one which several machines share. Both
// give the same JSON lines.
package sidecar

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"unicode/utf8"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// File keeps what a policy drops or shortens, whole, before the rest is
// written: JSON lines in a file of mode 0600. The file is created by the first
// entry. A message that a crash makes the run look at twice may have two equal
// lines.
type File struct {
	path string

	mu   sync.Mutex
	file *os.File
	kept migrate.Kept
}

var _ migrate.Sidecar = (*File)(nil)

// Entry is one line of a File.
type Entry struct {
	Code       mapping.Code `json:"code"`
	SID        string       `json:"sid"`
	ChannelSID string       `json:"channel_sid,omitempty"`
	Field      string       `json:"field,omitempty"`
	Original   string       `json:"original"`
	// Bytes take the place of an original that is no UTF-8, which JSON has no form
	// for.
	Bytes []byte `json:"original_base64,omitempty"`
}

// line is the line of an original, with its end.
func line(d migrate.Dropped) ([]byte, error) {
	e := Entry{Code: d.Code, SID: d.SID, ChannelSID: d.ChannelSID, Field: d.Field, Original: d.Original}
	if !utf8.ValidString(e.Original) {
		e.Original, e.Bytes = "", []byte(e.Original)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode original: %w", err)
	}
	return append(text, '\n'), nil
}

func (e Entry) dropped() migrate.Dropped {
	d := migrate.Dropped{Code: e.Code, SID: e.SID, ChannelSID: e.ChannelSID, Field: e.Field, Original: e.Original}
	if e.Bytes != nil {
		d.Original = string(e.Bytes)
	}
	return d
}

// New names the file; nothing is opened yet.
func New(path string) *File { return &File{path: path} }

// Keep writes the originals of the findings and returns when they would survive
// a crash.
func (s *File) Keep(_ context.Context, found []mapping.Finding) error {
	all := migrate.DroppedOf(found)
	if len(all) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return err
	}
	for _, d := range all {
		text, err := line(d)
		if err != nil {
			return err
		}
		if _, err := s.file.Write(text); err != nil {
			return s.failed(err)
		}
		s.kept.Lines++
		s.kept.Bytes += int64(len(text))
	}
	if err := s.file.Sync(); err != nil {
		return s.failed(err)
	}
	return nil
}

func (s *File) open() error {
	if s.file != nil {
		return nil
	}
	file, err := migrate.OpenBeside(s.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return s.failed(err)
	}
	s.file = file
	return nil
}

func (s *File) failed(err error) error {
	return migrate.Fatal(&migrate.Error{
		Op: "keep originals", Kind: migrate.Failed, Err: fmt.Errorf("write %s: %w", s.path, err),
		Hint: "the originals of what a policy drops are kept beside the ledger; free some space there, then run the same command again",
	})
}

// Kept says what was kept so far, and is nil where nothing was.
func (s *File) Kept() *migrate.Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept.Lines == 0 {
		return nil
	}
	kept := s.kept
	kept.Path = s.path
	return &kept
}

// Close closes the file, if there is one.
func (s *File) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}
