package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"chatbridge/migrate"
)

// journalPath is what an archive has instead of a manifest while it is written:
// a line that says what it will be, and then a line for each file that was put
// in its place or taken away. The last line about a file counts. No reader
// follows the name.
const journalPath = "unfinished.jsonl"

// entry is one line of a journal.
type entry struct {
	Path    string `json:"path"`
	Removed bool   `json:"removed,omitempty"`
	File
	Media *migrate.Media `json:"media,omitempty"` // of a file of a message, what it is
}

func entryOf(name string, f complete) entry { return entry{Path: name, File: f.File, Media: f.media} }

// journal notes what is complete. A line that a crash loses or tears costs the
// work on its file and nothing else, so lines are not synced. Its lock says that
// somebody writes the archive.
type journal struct {
	file *os.File
	lock io.Closer
}

// startJournal puts a new journal in the place of one that is there.
func startJournal(root *os.Root, m Manifest, kept map[string]complete) (*journal, error) {
	m.SchemaVersion, m.Files = SchemaVersion, nil
	at := filepath.Join(root.Name(), journalPath)
	if err := busy(at); err != nil {
		return nil, fmt.Errorf("start journal: %w", err)
	}
	f, err := createAtomic(root, journalPath)
	if err != nil {
		return nil, fmt.Errorf("start journal: %w", err)
	}
	out := bufio.NewWriter(f)
	encoder := json.NewEncoder(out)
	err = encoder.Encode(m)
	for name, file := range kept {
		err = errors.Join(err, encoder.Encode(entryOf(name, file)))
	}
	if err := errors.Join(err, out.Flush()); err != nil {
		return nil, fmt.Errorf("start journal: %w", errors.Join(err, f.abort()))
	}
	if err := f.commit(); err != nil {
		return nil, fmt.Errorf("start journal: %w", err)
	}
	if err := notLinked(root, journalPath); err != nil {
		return nil, fmt.Errorf("start journal: %w", err)
	}
	lock, err := occupy(at)
	if err != nil {
		return nil, fmt.Errorf("start journal: %w", err)
	}
	file, err := root.OpenFile(journalPath, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start journal: %w", errors.Join(err, lock.Close()))
	}
	return &journal{file, lock}, nil
}

func (j *journal) add(e entry) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if _, err := j.file.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

func (j *journal) close() error { return errors.Join(j.file.Close(), j.lock.Close()) }

// readJournal reads what an earlier writer noted. A last line that is torn is
// left out.
func readJournal(root *os.Root) (m Manifest, files map[string]complete, err error) {
	f, err := root.Open(journalPath)
	if err != nil {
		return m, nil, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	files = make(map[string]complete)
	for number := 1; ; number++ {
		line, _, err := readLine(in)
		if err == io.EOF {
			if number == 1 {
				return m, nil, errors.New("read journal: it has no first line")
			}
			return m, files, nil
		}
		if err != nil {
			return m, nil, fmt.Errorf("read journal: %w", err)
		}
		if number == 1 {
			if err := json.Unmarshal(line, &m); err != nil {
				return m, nil, fmt.Errorf("read journal: %w", err)
			}
			continue
		}
		var e entry
		if err := json.Unmarshal(bytes.TrimSpace(line), &e); err != nil {
			return m, nil, fmt.Errorf("read journal: line %d: %w", number, err)
		}
		if _, err := parsePath(e.Path); err != nil {
			return m, nil, fmt.Errorf("read journal: line %d: %w", number, err)
		}
		if files[e.Path] = (complete{File: e.File, media: e.Media}); e.Removed || isMedia(e.Path) && e.Media == nil {
			delete(files, e.Path)
		}
	}
}

// intact reports whether a file still has the digest that was noted, and how
// many bytes it has.
func intact(fsys fs.FS, name string, noted File) (size int64, ok bool, err error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	digest := sha256.New()
	size, err = io.Copy(digest, f)
	return size, err == nil && hex.EncodeToString(digest.Sum(nil)) == noted.SHA256, err
}
