package archive

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"chatbridge/migrate"
)

// errMediaLength means that a file of a message came shorter or longer than it is
// said to be.
var errMediaLength = errors.New("the length is wrong")

// mediaRecord is a line of files.jsonl.
type mediaRecord struct {
	migrate.Media
	SHA256 string `json:"sha256,omitempty"` // lower-case hexadecimal; the manifest may have it instead
}

// WriteMedia writes one file of a message, which r gives, as m says it is. It
// appears when it has the length that m says, complete and on disk, or not at all.
// WriteMediaList is to follow when all of a service are written.
func (w *Writer) WriteMedia(serviceSID string, m migrate.Media, r io.Reader) error {
	name := MediaPath(serviceSID, m.SID)
	if !isMedia(name) {
		return notInFormat(name)
	}
	f, err := createAtomic(w.root, name)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, digest), r)
	if err == nil && n != m.Size {
		err = fmt.Errorf("%w: %d bytes came, not %d", errMediaLength, n, m.Size)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, w.finished(name, complete{}, false), f.abort()))
	}
	err = f.commit()
	noted := w.finished(name, complete{File{SHA256: hex.EncodeToString(digest.Sum(nil)), Bytes: n}, n, &m}, err == nil)
	if err := errors.Join(err, noted); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// WriteMediaList writes what the files are that WriteMedia wrote for a service. If
// there are none, there is no list.
func (w *Writer) WriteMediaList(serviceSID string) error {
	name := MediaListPath(serviceSID)
	records, unchanged := w.mediaRecords(serviceSID)
	if len(records) == 0 {
		return w.Remove(name)
	}
	if list, kept := w.Kept(name); kept && unchanged && list.Lines == int64(len(records)) {
		return nil
	}
	l, err := w.Lines(name)
	if err != nil {
		return err
	}
	for _, r := range records {
		raw, err := json.Marshal(r)
		if err == nil {
			err = l.Write(raw)
		}
		if err != nil {
			return errors.Join(err, l.Abort())
		}
	}
	return l.Close()
}

// mediaRecords are those of a service, in the order of their SIDs. They are
// unchanged if all were complete before this Writer began.
func (w *Writer) mediaRecords(serviceSID string) (all []mediaRecord, unchanged bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	unchanged = true
	folder := MediaPath(serviceSID, "")
	for name, f := range w.files {
		if f.media == nil || !strings.HasPrefix(name, folder) {
			continue
		}
		all = append(all, mediaRecord{*f.media, f.SHA256})
		_, kept := w.kept[name]
		unchanged = unchanged && kept
	}
	slices.SortFunc(all, func(a, b mediaRecord) int { return cmp.Compare(a.SID, b.SID) })
	return all, unchanged
}

// MissMedia notes that a file which a message names is not in the archive, and
// why. What a run that was killed left of it goes.
func (w *Writer) MissMedia(missing MissingMedia) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.missing = append(w.missing, missing)
	name := MediaPath(missing.ServiceSID, missing.SID)
	if !isMedia(name) {
		return nil
	}
	if err := w.root.Remove(unfinished(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", unfinished(name), err)
	}
	return nil
}

// looked notes that all files that messages name were asked for, and returns those
// that are missing. Chat v1 names none.
func (w *Writer) looked() []MissingMedia {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.manifest.Media != MediaLeftOut && w.manifest.SourceAPI != "v1" {
		w.manifest.Media = MediaRead
	}
	return w.sortedMissing()
}

// MediaState is what the manifest says of files of messages, as Manifest.Media
// does.
func (w *Writer) MediaState() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.manifest.Media
}

// sortedMissing needs the lock.
func (w *Writer) sortedMissing() []MissingMedia {
	all := slices.Clone(w.missing)
	slices.SortFunc(all, func(a, b MissingMedia) int {
		return cmp.Or(cmp.Compare(a.ServiceSID, b.ServiceSID), cmp.Compare(a.SID, b.SID))
	})
	return all
}
