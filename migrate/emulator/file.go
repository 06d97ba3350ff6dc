package emulator

import (
	"crypto/sha256"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"
)

// file is what a message brings beside its text, or what was uploaded and waits
// for its message.
type file struct {
	id                id
	service           string
	size              int64
	contentType, name string // name is empty for none
	author            string // empty for none
	made              time.Time
	message           id // zero while no message has it
	channel           string
	content           content
	ofChat            bool // its bytes are those of the source
}

// content is the bytes of a file, of which none are held in memory.
type content interface {
	open() (io.ReadCloser, error)
}

// invented bytes are a stream that follows from the SID of their file.
type inventedBytes struct {
	sid  string
	size int64
}

func (b inventedBytes) open() (io.ReadCloser, error) {
	stream := rand.NewChaCha8(sha256.Sum256([]byte(b.sid)))
	return io.NopCloser(io.LimitReader(stream, b.size)), nil
}

// archivedBytes are those of a file of an archive.
type archivedBytes struct {
	fsys fs.FS
	name string
}

func (b archivedBytes) open() (io.ReadCloser, error) { return b.fsys.Open(b.name) }

// uploadedBytes lie in a file of the emulator's own, which several may share.
type uploadedBytes struct {
	path   string
	sum    [sha256.Size]byte
	shares atomic.Int32
}

func (b *uploadedBytes) open() (io.ReadCloser, error) { return os.Open(b.path) }

// File describes a file that people send. Its bytes are invented.
type File struct {
	Size                  int64
	ContentType, Filename string // Filename is empty for none
}

// digest reads bytes to their end, unless it was known when they came.
func digest(c content) (sum [sha256.Size]byte, err error) {
	if b, came := c.(*uploadedBytes); came {
		return b.sum, nil
	}
	r, err := c.open()
	if err != nil {
		return sum, err
	}
	defer r.Close()
	h := sha256.New()
	if _, err = io.Copy(h, r); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
