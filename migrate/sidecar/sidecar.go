// Package sidecar keeps, beside the ledger, the whole of what policies drop or
// shorten.
package sidecar

import (
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
	kept Kept
}

// Kept says where the originals are that a run kept.
type Kept struct {
	Path  string `json:"path"`
	Lines int64  `json:"lines"` // of this run
	Bytes int64  `json:"bytes"` // of this run
}

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

func originalOf(f mapping.Finding) Entry {
	o := Entry{Code: f.Code, SID: f.SID, ChannelSID: f.ChannelSID, Field: f.Field, Original: f.Original}
	if !utf8.ValidString(o.Original) {
		o.Original, o.Bytes = "", []byte(o.Original)
	}
	return o
}

// New names the file; nothing is opened yet.
func New(path string) *File { return &File{path: path} }

// Keep writes the originals of the findings and returns when they would survive
// a crash.
func (s *File) Keep(found []mapping.Finding) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wrote := false
	for _, f := range found {
		if f.Original == "" || f.Severity == mapping.Stop {
			continue
		}
		if err := s.open(); err != nil {
			return err
		}
		line, err := json.Marshal(originalOf(f))
		if err != nil {
			return fmt.Errorf("encode original: %w", err)
		}
		if _, err := s.file.Write(append(line, '\n')); err != nil {
			return s.failed(err)
		}
		wrote = true
		s.kept.Lines++
		s.kept.Bytes += int64(len(line)) + 1
	}
	if !wrote {
		return nil
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
func (s *File) Kept() *Kept {
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
