package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
)

var errLineWriterClosed = errors.New("file is closed")

// LineWriter writes one file, resource by resource. It is for one goroutine.
type LineWriter struct {
	writer *Writer
	name   string
	file   *atomicFile
	out    *bufio.Writer
	digest hash.Hash
	lines  int64
	bytes  int64
	closed bool
}

func newLineWriter(w *Writer, name string, f *atomicFile) *LineWriter {
	digest := sha256.New()
	return &LineWriter{writer: w, name: name, file: f, digest: digest, out: bufio.NewWriter(io.MultiWriter(f, digest))}
}

// Write adds one resource, byte for byte. White space around it goes, and, in a
// resource of several lines, that between its tokens too; numbers and strings
// never change. What is no JSON object, or longer than MaxLine, is refused.
func (l *LineWriter) Write(raw json.RawMessage) error {
	if l.closed {
		return fmt.Errorf("write %s: %w", l.name, errLineWriterClosed)
	}
	single, err := singleLine(raw)
	if err != nil {
		return fmt.Errorf("write %s:%d: %w", l.name, l.lines+1, err)
	}
	if _, err := l.out.Write(append(single, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", l.name, err)
	}
	l.lines++
	l.bytes += int64(len(single)) + 1
	return nil
}

// Close puts the file in its place, complete and on disk, or not at all.
func (l *LineWriter) Close() error {
	if l.closed {
		return fmt.Errorf("close %s: %w", l.name, errLineWriterClosed)
	}
	if err := l.out.Flush(); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", l.name, err), l.Abort())
	}
	l.closed = true
	err := l.file.commit()
	noted := l.writer.finished(l.name, complete{
		File: File{SHA256: hex.EncodeToString(l.digest.Sum(nil)), Lines: l.lines}, size: l.bytes,
	}, err == nil)
	if err := errors.Join(err, noted); err != nil {
		return fmt.Errorf("write %s: %w", l.name, err)
	}
	return nil
}

// Abort drops what was written. After Close it does nothing, so it can be
// deferred.
func (l *LineWriter) Abort() error {
	if l.closed {
		return nil
	}
	l.closed = true
	return errors.Join(l.writer.finished(l.name, complete{}, false), l.file.abort())
}

// singleLine returns a copy of raw without line breaks.
func singleLine(raw []byte) ([]byte, error) {
	if err := checkObject(raw); err != nil {
		return nil, err
	}
	raw = bytes.TrimSpace(raw)
	if !bytes.ContainsAny(raw, "\r\n") {
		return bytes.Clone(raw), nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
