package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"

	"chatbridge/migrate"
)

// ErrExists is in the chain of the error for a folder that holds a finished
// archive already.
var ErrExists = errors.New("the folder holds an archive already")

// Writer writes an archive into a folder. It is safe for concurrent use, one
// LineWriter for each file.
type Writer struct {
	root     *os.Root
	manifest Manifest
	kept     map[string]complete // since before this Writer

	mu      sync.Mutex
	journal *journal
	files   map[string]complete
	open    int

	withheld []string // paths
	missing  []MissingMedia
}

// complete is a file that is in its place.
type complete struct {
	File
	size  int64          // bytes
	media *migrate.Media // of a file of a message, what it is
}

// Create starts an archive in dir, which is made if it is not there, and begins
// again where one was left unfinished. The manifest's schema version and files
// are the Writer's to fill; the rest is what the manifest will say. Files are
// readable by their owner only.
func Create(dir string, manifest Manifest) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create archive: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("create archive: %w", err)
	}
	_, err = root.Stat(ManifestPath)
	if err == nil {
		err = ErrExists
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create archive in %s: %w", dir, errors.Join(err, root.Close()))
	}
	w, err := newWriter(root, manifest, nil)
	if err != nil {
		return nil, fmt.Errorf("create archive in %s: %w", dir, errors.Join(err, root.Close()))
	}
	return w, nil
}

func newWriter(root *os.Root, manifest Manifest, kept map[string]complete) (*Writer, error) {
	j, err := startJournal(root, manifest, kept)
	if err != nil {
		return nil, err
	}
	files := maps.Clone(kept)
	if files == nil {
		files = make(map[string]complete)
	}
	return &Writer{root: root, manifest: manifest, kept: kept, journal: j, files: files}, nil
}

// Kept is what is known of a file that was complete when Continue found it, and
// has not been removed since. There is nothing left to do for it.
func (w *Writer) Kept(name string) (File, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, there := w.files[name]; !there {
		return File{}, false
	}
	f, ok := w.kept[name]
	return f.File, ok
}

// Size is how many files are complete, and how many bytes they have together.
// The manifest does not count.
func (w *Writer) Size() (files, bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.files {
		bytes += f.size
	}
	return int64(len(w.files)), bytes
}

// Counts says how many resources are in the files that are complete.
func (w *Writer) Counts() migrate.Counts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return countFiles(w.digests())
}

// digests are what the manifest says of the files that are complete. The lock is
// held.
func (w *Writer) digests() map[string]File {
	all := make(map[string]File, len(w.files))
	for name, f := range w.files {
		all[name] = f.File
	}
	return all
}

// ReadBack yields the resources of a .jsonl file that is complete.
func (w *Writer) ReadBack(name string) iter.Seq2[json.RawMessage, error] {
	return (&Archive{fsys: w.root.FS()}).Lines(name)
}

// Remove takes a complete file away again. One that is not there is no error.
func (w *Writer) Remove(name string) error {
	if _, err := parsePath(name); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, there := w.files[name]; !there {
		return nil
	}
	if err := w.root.Remove(name); err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	delete(w.files, name)
	return w.journal.add(entry{Path: name, Removed: true})
}

// WriteService writes the resource of one service.
func (w *Writer) WriteService(serviceSID string, raw json.RawMessage) error {
	l, err := w.create(ServicePath(serviceSID))
	if err != nil {
		return err
	}
	if err := l.Write(raw); err != nil {
		return errors.Join(err, l.Abort())
	}
	return l.Close()
}

// Lines starts the .jsonl file at name, a path that this package's path
// functions return. A file of that name is replaced when the new one is closed.
func (w *Writer) Lines(name string) (*LineWriter, error) {
	p, err := parsePath(name)
	if err != nil {
		return nil, err
	}
	if name == ManifestPath || p.file == serviceFile || p.mediaSID != "" {
		return nil, fmt.Errorf("%s is not written line by line", name)
	}
	return w.create(name)
}

// Withhold notes that a file is missing because its content could not be read.
func (w *Writer) Withhold(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.withheld = append(w.withheld, name)
}

// Close writes the manifest, with a digest of every file that was written, and
// so finishes the archive. It fails while a LineWriter is open.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open > 0 {
		return fmt.Errorf("finish archive: %d files are still being written", w.open)
	}
	m := w.manifest
	m.SchemaVersion = SchemaVersion
	m.Files = w.digests()
	slices.Sort(w.withheld)
	m.Withheld = w.withheld
	m.MediaMissing = w.sortedMissing()
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("finish archive: %w", err)
	}
	if len(raw) > maxManifest {
		return fmt.Errorf("finish archive: its manifest would have %d bytes, at most %d are allowed: export fewer services or channels at a time", len(raw), maxManifest)
	}
	f, err := createAtomic(w.root, ManifestPath)
	if err != nil {
		return fmt.Errorf("finish archive: %w", err)
	}
	if _, err := f.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("finish archive: %w", errors.Join(err, f.abort()))
	}
	if err := f.commit(); err != nil {
		return fmt.Errorf("finish archive: %w", err)
	}
	return errors.Join(w.journal.close(), w.root.Remove(journalPath), w.root.Close())
}

// Abandon leaves the archive unfinished: what was written stays, without a
// manifest, and Continue goes on from there.
func (w *Writer) Abandon() error { return errors.Join(w.journal.close(), w.root.Close()) }

func (w *Writer) create(name string) (*LineWriter, error) {
	if _, err := parsePath(name); err != nil {
		return nil, err
	}
	f, err := createAtomic(w.root, name)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	return newLineWriter(w, name, f), nil
}

// finished records a file that was committed, or forgets one that was not.
func (w *Writer) finished(name string, file complete, committed bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open--
	if !committed {
		return nil
	}
	w.files[name] = file
	delete(w.kept, name)
	return w.journal.add(entryOf(name, file))
}
