package emulator

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"
)

// Upload is the file that an exchange brings, received whole.
type Upload struct {
	Size        int64
	SHA256      [sha256.Size]byte
	ContentType string

	bytes *uploadedBytes
}

// file is what the exchange brought, under its SID.
func (u *Upload) file(i id, service string, now time.Time) *file {
	u.bytes.shares.Add(1)
	return &file{
		id: i, service: service, size: u.Size, contentType: u.ContentType, author: "system", made: now,
		content: u.bytes,
	}
}

// spool is the folder that keeps the bytes of uploads. It is made for the first of
// them.
type spool struct {
	most int64 // bytes that are received of one file, at most

	mu     sync.Mutex
	folder string
	closed bool
}

func (s *spool) create() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("keep upload: the emulator is closed")
	}
	if s.folder == "" {
		folder, err := os.MkdirTemp("", "chatbridge-emulator-")
		if err != nil {
			return nil, fmt.Errorf("keep upload: %w", err)
		}
		s.folder = folder
	}
	return os.CreateTemp(s.folder, "upload-")
}

func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.folder == "" {
		return nil
	}
	return os.RemoveAll(s.folder)
}

// discard removes bytes that nothing needs. What cannot be removed goes with the
// folder.
func discard(path string) { _ = os.Remove(path) }

// receive reads the body of an upload. A length is required, as the documents have
// one, and what comes must have it.
func (s *spool) receive(x *Exchange, r *http.Request) error {
	if !x.Write() {
		return nil
	}
	switch {
	case r.ContentLength < 0:
		return refuse(http.StatusLengthRequired, 20001, "Content-Length is required")
	case r.ContentLength > s.most:
		return errTooLarge(s.most)
	}
	to, err := s.create()
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, h), io.LimitReader(r.Body, s.most+1))
	closed := to.Close()
	switch {
	case err != nil:
		err = invalid(20001, "The body cannot be read: %v", err)
	case closed != nil:
		err = closed
	case n != r.ContentLength:
		err = invalid(20001, "Content-Length is %d, and %d bytes came", r.ContentLength, n)
	}
	if err != nil {
		discard(to.Name())
		return err
	}
	x.Upload = &Upload{
		Size: n, SHA256: [sha256.Size]byte(h.Sum(nil)), ContentType: cmp.Or(r.Header.Get("Content-Type"), "application/octet-stream"),
		bytes: &uploadedBytes{path: to.Name(), sum: [sha256.Size]byte(h.Sum(nil))},
	}
	// A request may have no effect, or one that comes late: whoever commits it decides,
	// and the bytes stay as long as that can happen.
	runtime.AddCleanup(x.Upload, func(b *uploadedBytes) {
		if b.shares.Load() == 0 {
			discard(b.path)
		}
	}, x.Upload.bytes)
	return nil
}
