package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"chatbridge/migrate"
)

// ErrOther is in the chain of the error for a path at which no archive is.
var ErrOther = errors.New("it holds no archive")

// ErrMixed is in the chain of the error for a zip that holds more than an archive.
var ErrMixed = errors.New("it holds more than an archive")

// packing is what a zip is called until it is complete.
const packing = ".packing"

// Remains are what is at a path of an archive, finished or not.
type Remains struct {
	Manifest Manifest // of a half-packed zip nothing
	Finished bool
	Files    []string // of the archive, below the folder; of a zip none
	Bytes    int64
	Media    int64    // how many files of messages there are
	Others   []string // what else is in the folder, and stays

	path    string
	seen    fs.FileInfo
	sizes   map[string]int64 // of Files
	folders []string         // with the outmost first
}

// Look says what there is to remove at a path: a folder or a zip, also one that an
// export left unfinished. It changes nothing and follows no symbolic link. What
// holds anything else is refused with ErrOther or ErrMixed; in the folder of an
// archive it is named instead. An archive that an export is writing is refused with
// Kind Conflict.
func Look(at string) (*Remains, error) {
	info, err := os.Lstat(at)
	if err != nil {
		return nil, err
	}
	r := &Remains{path: at, seen: info, Bytes: info.Size()}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s: %w", at, migrate.ErrSymlink)
	case info.IsDir():
		return r, errors.Join(r.lookInFolder(), r.busy())
	case info.Mode().IsRegular() && strings.HasSuffix(at, packing):
		return r, errors.Join(r.lookInHalfZip(), r.busy())
	case info.Mode().IsRegular():
		return r, r.lookInZip()
	}
	return nil, fmt.Errorf("%s: %w", at, ErrOther)
}

func (r *Remains) lookInFolder() error {
	root, err := r.open()
	if err != nil {
		return err
	}
	defer root.Close()
	r.Bytes, r.sizes = 0, map[string]int64{}
	if r.Manifest, err = readManifest(root.FS()); err == nil {
		r.Finished = true
	} else if r.Manifest, _, err = readJournal(root); err != nil {
		return fmt.Errorf("%s: %w", r.path, ErrOther)
	}
	if !r.ours() {
		return fmt.Errorf("%s: %w", r.path, ErrOther)
	}
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch whole := strings.TrimSuffix(name, unfinished("")); {
		case d.IsDir():
			if isFolder(name) {
				r.folders = append(r.folders, name)
			} else if name != "." {
				r.Others = append(r.Others, name+"/")
				return fs.SkipDir
			}
		case d.Type().IsRegular() && isFile(whole):
			info, err := d.Info()
			if err != nil {
				return err
			}
			r.Files, r.Bytes = append(r.Files, name), r.Bytes+info.Size()
			r.sizes[name] = info.Size()
			if isMedia(whole) {
				r.Media++
			}
		default:
			r.Others = append(r.Others, name)
		}
		return nil
	})
}

// ours reports whether the manifest is that of an archive: other programs have
// files of that name.
func (r *Remains) ours() bool {
	return r.Manifest.SchemaVersion > 0 && strings.HasPrefix(r.Manifest.AccountSID, "AC") && r.Manifest.SourceAPI != ""
}

func isFile(name string) bool {
	_, err := parsePath(name)
	return err == nil || name == journalPath
}

// isFolder reports whether files of an archive may be in a folder.
func isFolder(name string) bool {
	p := strings.Split(name, "/")
	if p[0] != servicesFolder || len(p) > 1 && !isSID("IS", p[1]) {
		return false
	}
	switch len(p) {
	case 1, 2:
		return true
	case 3:
		return p[2] == channelsFolder || p[2] == mediaFolder
	case 4:
		return p[2] == channelsFolder && isSID("CH", p[3])
	}
	return false
}

func (r *Remains) lookInZip() error {
	z, err := zip.OpenReader(r.path)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, ErrOther)
	}
	defer z.Close()
	fsys, err := archiveRoot(z)
	if err != nil {
		return err
	}
	if r.Manifest, err = readManifest(fsys); err != nil || !r.ours() {
		return fmt.Errorf("%s: %w", r.path, ErrOther)
	}
	r.Finished = true
	folder := ""
	if at := slices.IndexFunc(z.File, func(f *zip.File) bool { return path.Base(f.Name) == ManifestPath }); at >= 0 {
		folder = strings.TrimSuffix(z.File[at].Name, ManifestPath)
	}
	for _, f := range z.File {
		name := strings.TrimPrefix(f.Name, folder)
		if !isFile(name) && name != "" && !isFolder(strings.TrimSuffix(name, "/")) {
			return fmt.Errorf("%s: %w: %s", r.path, ErrMixed, f.Name)
		}
		if isMedia(name) {
			r.Media++
		}
	}
	return nil
}

// lookInHalfZip knows what Pack left by the first name in it: its table of
// contents is not written yet.
func (r *Remains) lookInHalfZip() error {
	f, err := os.Open(r.path)
	if err != nil {
		return err
	}
	defer f.Close()
	const header = 30 // bytes before the name; its length is in the 27th and 28th
	raw := make([]byte, header+255)
	n, err := io.ReadFull(f, raw)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	if n == 0 {
		return nil
	}
	if raw = raw[:n]; n > header && string(raw[:4]) == "PK\x03\x04" {
		length := int(raw[26]) | int(raw[27])<<8
		if n >= header+length && isFile(string(raw[header:header+length])) {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", r.path, ErrOther)
}

// Removed is how much of an archive is gone.
type Removed struct{ Files, Bytes int64 }

// Remove removes what Look found, and the folders that are empty then, but for the
// one that the process works in. The manifest goes last, so that what a crash leaves
// is still known as an archive. It says what it removed also if it fails, and fails
// with migrate.ErrReplaced if something else is in the place now.
func (r *Remains) Remove() (Removed, error) {
	var done Removed
	if err := r.busy(); err != nil {
		return done, err
	}
	if !r.seen.IsDir() {
		if err := migrate.RemoveSeen(r.path, r.seen); err != nil {
			return done, err
		}
		return Removed{1, r.Bytes}, nil
	}
	root, err := r.open()
	if err != nil {
		return done, err
	}
	defer root.Close()
	files := slices.Clone(r.Files)
	slices.SortStableFunc(files, func(a, b string) int { return proves(a) - proves(b) })
	for _, name := range files {
		if proves(name) > 0 {
			r.removeFolders(root)
		}
		switch err := root.Remove(name); {
		case err == nil:
			done.Files++
			done.Bytes += r.sizes[name]
		case !errors.Is(err, fs.ErrNotExist):
			return done, err
		}
	}
	if here, err := os.Stat("."); len(r.Others) > 0 || err == nil && os.SameFile(here, r.seen) {
		return done, nil
	}
	return done, migrate.RemoveSeen(filepath.Clean(r.path), r.seen)
}

// busy refuses what an export is writing.
func (r *Remains) busy() error {
	at := r.path
	if r.seen.IsDir() {
		at = filepath.Join(at, journalPath)
	}
	if err := busy(at); err != nil {
		return &migrate.Error{
			Op: "look at archive", Kind: migrate.Conflict, Err: fmt.Errorf("%s: %w", r.path, err),
			Hint: "wait for the export to end, or stop it",
		}
	}
	return nil
}

// open opens the folder that was looked at.
func (r *Remains) open() (*os.Root, error) {
	root, err := os.OpenRoot(r.path)
	if err != nil {
		return nil, err
	}
	if info, err := root.Stat("."); err != nil || !os.SameFile(info, r.seen) {
		return nil, errors.Join(err, fmt.Errorf("%s: %w", r.path, migrate.ErrReplaced), root.Close())
	}
	return root, nil
}

// proves orders files by how long it takes them to go: 0 for what no archive is
// known by.
func proves(name string) int {
	switch name {
	case journalPath:
		return 1
	case ManifestPath:
		return 2
	}
	return 0
}

// removeFolders leaves those that are not empty.
func (r *Remains) removeFolders(root *os.Root) {
	for _, name := range slices.Backward(r.folders) {
		_ = root.Remove(name)
	}
}
