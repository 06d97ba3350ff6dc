package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// lookup finds the lines of one file by SID. It holds an offset for each and
// the file open.
type lookup struct {
	file  *randomFile // nil where there is no such file
	lines migrate.SIDMap[extent]
}

type extent struct {
	offset int64
	size   int
}

// find reads one resource by SID.
func find[T chat.Resource](ctx context.Context, s *Source, op, name, sid string) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, failure(op, sid, err)
	}
	l, err := s.lookup(name)
	if err != nil {
		return none, failure(op, sid, err)
	}
	at, ok := l.lines.Value(sid)
	if !ok {
		return none, &migrate.Error{Op: op, Kind: migrate.NotFound, SID: sid, Err: fmt.Errorf("%s does not list it", name)}
	}
	resource, err := readAt[T](l.file, name, at)
	if err != nil {
		return none, failure(op, sid, err)
	}
	return resource, nil
}

// readAt reads one resource from where it is in the file name.
func readAt[T chat.Resource](file *randomFile, name string, at extent) (T, error) {
	var none T
	raw := make(json.RawMessage, at.size)
	if _, err := file.ReadAt(raw, at.offset); err != nil && err != io.EOF {
		return none, fmt.Errorf("read %s: %w", name, err)
	}
	resource, err := chat.Decode[T](raw)
	if err != nil {
		return none, fmt.Errorf("read %s: %w", name, err)
	}
	return resource, nil
}

func (s *Source) lookup(name string) (*lookup, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.lookups[name]; ok {
		return l, nil
	}
	f, err := s.archive.open(name)
	if err != nil {
		return nil, err
	}
	l, err := newLookup(name, f)
	if err != nil {
		return nil, err
	}
	s.lookups[name] = l
	return l, nil
}

func newLookup(name string, f fs.File) (*lookup, error) {
	if f == nil {
		return &lookup{}, nil
	}
	file, err := randomAccess(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", name, err), f.Close())
	}
	file.original = f
	l := &lookup{file: file}
	for line, err := range readLines(name, io.NewSectionReader(file, 0, file.size)) {
		if err == nil {
			err = l.add(line, name)
		}
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	return l, nil
}

func (l *lookup) add(line line, name string) error {
	var h header
	if err := json.Unmarshal(line.raw, &h); err != nil {
		return line.failed(name, err)
	}
	if _, twice := l.lines.Value(h.SID); twice {
		return line.failed(name, fmt.Errorf("%s is listed twice", h.SID))
	}
	l.lines.Set(h.SID, extent{offset: line.offset, size: len(line.raw)})
	return nil
}

func (l *lookup) close() error {
	if l.file == nil {
		return nil
	}
	return l.file.close()
}

// randomFile reads anywhere in a file.
type randomFile struct {
	io.ReaderAt
	size     int64
	spool    *os.File  // removed on close; nil where the file itself can seek
	original io.Closer // closed with it; may be nil
}

// randomAccess reads r itself where it can read anywhere, and otherwise, as in
// a zip, a copy on disk: memory would not be bounded.
func randomAccess(r io.Reader) (*randomFile, error) {
	if f, ok := r.(interface {
		io.ReaderAt
		Stat() (fs.FileInfo, error)
	}); ok {
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		return &randomFile{ReaderAt: f, size: info.Size()}, nil
	}
	spool, err := os.CreateTemp("", "chatbridge-archive-*")
	if err != nil {
		return nil, fmt.Errorf("create copy: %w", err)
	}
	// Where the system lets go of the name at once, nothing can leave it behind.
	_ = os.Remove(spool.Name())
	f := &randomFile{ReaderAt: spool, spool: spool}
	if f.size, err = io.Copy(spool, r); err != nil {
		return nil, errors.Join(fmt.Errorf("copy: %w", err), f.close())
	}
	return f, nil
}

func (f *randomFile) close() error {
	var errs []error
	if f.spool != nil {
		errs = append(errs, f.spool.Close())
		if err := os.Remove(f.spool.Name()); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if f.original != nil {
		errs = append(errs, f.original.Close())
	}
	return errors.Join(errs...)
}
