package archive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"chatbridge/mapping/chat"
)

// MaxLine is the length of the longest line, in bytes, without its end. The
// largest resource that Chat admits is a body of 32 KiB and attributes of as
// much, of which JSON escapes make at most six times that, twice over for text
// within text; this leaves room for what an API adds.
const MaxLine = 4 << 20

// ErrLineTooLong is in the chain of the error for a line beyond MaxLine.
var ErrLineTooLong = errors.New("line is too long")

var (
	errNotObject = errors.New("not a JSON object")
	errCut       = errors.New("the file is cut short: its last line has no line end and is not a JSON object")
)

// line is one line of a file, with where it starts.
type line struct {
	raw    json.RawMessage
	offset int64
	number int // from 1; 0 where the file is read from its end
}

// failed says that something is wrong with a line of the file name. In a file
// about one channel it costs that channel alone, unless it is the file system
// that failed: it would fail for the next one too.
func (l line) failed(name string, err error) error {
	where := fmt.Sprintf("%s:%d", name, l.number)
	if l.number == 0 {
		where = fmt.Sprintf("%s at byte %d", name, l.offset)
	}
	err = fmt.Errorf("%s: %w", where, err)
	if _, disk := errors.AsType[*fs.PathError](err); disk {
		return err
	}
	return &chat.Unreadable{Err: err}
}

// readLines yields each line of r as a copy. name is for errors only.
func readLines(name string, r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		l := line{number: 1}
		for ; ; l.number++ {
			raw, size, err := readLine(in)
			if size == 0 && err == io.EOF {
				return
			}
			if cut := err == io.EOF; err == nil || cut {
				if err = checkObject(raw); cut && errors.Is(err, errNotObject) {
					err = errCut
				}
			}
			if err != nil {
				yield(line{}, l.failed(name, err))
				return
			}
			l.raw = raw
			if !yield(l, nil) {
				return
			}
			l.offset += size
		}
	}
}

// readLine returns the next line without its end, and how many bytes it took
// with it.
func readLine(in *bufio.Reader) (raw []byte, size int64, err error) {
	for {
		part, err := in.ReadSlice('\n')
		size += int64(len(part))
		raw = append(raw, part...)
		if len(raw) > MaxLine+len("\r\n") {
			return nil, size, fmt.Errorf("%w: more than %d bytes", ErrLineTooLong, MaxLine)
		}
		if err != bufio.ErrBufferFull {
			return trimEnd(raw), size, err
		}
	}
}

func trimEnd(raw []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
}

// checkObject requires one JSON object. Strings in it that are not UTF-8 pass:
// mapping sees them, and says so for the one resource.
func checkObject(raw []byte) error {
	switch {
	case len(raw) > MaxLine:
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrLineTooLong, len(raw), MaxLine)
	case !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) || !json.Valid(raw):
		return errNotObject
	}
	return nil
}

// readWhole reads a file that holds one object.
func readWhole(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	limit := int64(MaxLine)
	if name == ManifestPath {
		limit = maxManifest
	}
	if info, err := f.Stat(); err == nil && info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are allowed: it is not a file of an archive", name, info.Size(), limit)
	}
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes: it is not a file of an archive", name, limit)
	}
	return raw, nil
}

// maxManifest bounds a manifest, which is read whole. It admits the files of
// about 400,000 channels, or of a million messages.
const maxManifest = 256 << 20
