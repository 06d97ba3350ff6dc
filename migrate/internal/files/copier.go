// Package files copies files from a source to a target, streamed, a bounded
// number at once.
package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// AtOnce is how many files are copied beside each other. A download and an upload
// share the line of whoever runs this, so that more would not be faster.
const AtOnce = 4

// attempts is how often a file is read that has another length than the service
// says, or is refused.
const attempts = 3

// Ops of errors of a source and of a target.
const (
	readFile   = "read file"
	uploadFile = "upload file"
)

// Copier copies files. All methods may be called by any number of goroutines.
type Copier struct {
	slots chan struct{}
	bytes func(n int64)
}

// New makes a Copier. bytes is told how many bytes more of a file have passed, each
// once, also if a file is sent again; it may be nil.
func New(bytes func(n int64)) *Copier {
	if bytes == nil {
		bytes = func(int64) {}
	}
	return &Copier{slots: make(chan struct{}, AtOnce), bytes: bytes}
}

// Job is one file to be copied.
type Job struct {
	Source        migrate.MediaReader
	SourceService string // SID
	Target        migrate.Target
	TargetService string              // SID
	Media         conversations.Media // as its message should have it; the SID is that of the source
	Moved         func()              // is called as bytes pass
	Wait          func(ctx context.Context, d time.Duration) error
}

// Copy uploads a file, and returns it as the target has it, with what passed.
//
// An error that is a [LostError] is about this file alone.
func (c *Copier) Copy(ctx context.Context, j Job) (stored migrate.Media, passed migrate.FileRecord, err error) {
	if err := c.enter(ctx); err != nil {
		return stored, passed, err
	}
	defer func() { <-c.slots }()
	p := &passage{job: j, bytes: c.bytes}
	for n := range attempts {
		if n > 0 {
			if err := j.Wait(ctx, time.Second<<n); err != nil {
				return stored, passed, err
			}
		}
		stored, err = j.Target.UploadMedia(ctx, j.TargetService, migrate.Media{
			SID: j.Media.SID, Size: j.Media.Size, ContentType: j.Media.ContentType, Filename: j.Media.Filename,
		}, p.open)
		if e, ok := errors.AsType[*migrate.Error](err); !ok || e.Kind != migrate.Refused || e.Op != readFile {
			break
		}
	}
	if err != nil {
		return stored, passed, lost(err)
	}
	n, sum := p.passed()
	if n != j.Media.Size {
		return stored, passed, &migrate.Error{Op: uploadFile, Kind: migrate.Unavailable, SID: j.Media.SID,
			Err: fmt.Errorf("the service says that it has it after %d of %d bytes", n, j.Media.Size), Hint: "run the same command again to resume"}
	}
	return stored, migrate.FileRecord{SourceSID: j.Media.SID, TargetSID: stored.SID, Size: n, SHA256: sum}, nil
}

func (c *Copier) enter(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	defer migrate.Held(ctx, migrate.AtOnce, "")()
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &migrate.Error{Op: "copy file", Kind: migrate.Interrupted, Err: context.Cause(ctx)}
	}
}

// LostError says that a file cannot be copied, however often it is tried: it is
// gone, or one of the sides refuses it.
type LostError struct{ Err *migrate.Error }

func (l *LostError) Error() string { return l.Err.Error() }

func (l *LostError) Unwrap() error { return l.Err }

// lost marks an error that is about the file alone.
func lost(err error) error {
	e, ok := errors.AsType[*migrate.Error](err)
	switch {
	case !ok:
	case e.Op == readFile && (e.Kind == migrate.NotFound || e.Kind == migrate.Refused), e.Op == uploadFile && e.Kind == migrate.Refused && e.Code != migrate.CodeNoChatService:
		return &LostError{e}
	}
	return err
}

// passage is one file on its way, from its beginning in each attempt. What an
// attempt before left behind may still be read while the next one is.
type passage struct {
	job   Job
	bytes func(int64)

	mu   sync.Mutex
	last *attempt
	told int64 // the most that passed in any attempt
}

// attempt is the body of one attempt.
type attempt struct {
	*passage
	io.ReadCloser
	n   int64
	sum hash.Hash
}

func (p *passage) open(ctx context.Context) (io.ReadCloser, error) {
	m, body, err := p.job.Source.OpenMedia(ctx, p.job.SourceService, p.job.Media.SID)
	if err != nil {
		return nil, err
	}
	if m.Size != p.job.Media.Size {
		_ = body.Close()
		return nil, &migrate.Error{Op: readFile, Kind: migrate.Refused, SID: p.job.Media.SID,
			Err: fmt.Errorf("the media service has %d bytes of it, and its message says %d", m.Size, p.job.Media.Size)}
	}
	a := &attempt{passage: p, ReadCloser: body, sum: sha256.New()}
	p.mu.Lock()
	p.last = a
	p.mu.Unlock()
	return a, nil
}

func (a *attempt) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	if n == 0 {
		return n, err
	}
	a.mu.Lock()
	a.sum.Write(b[:n])
	a.n += int64(n)
	more := max(0, a.n-a.told)
	a.told += more
	a.mu.Unlock()
	if more > 0 {
		a.bytes(more)
	}
	a.job.Moved()
	return n, err
}

// passed is what went through the last attempt.
func (p *passage) passed() (n int64, sum [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		return 0, sum
	}
	p.last.sum.Sum(sum[:0])
	return p.last.n, sum
}
