package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

const openMedia = "read file"

// OpenMedia opens a file of a message, from a zip as well without a copy. What is
// read has the length and the digest that the archive says, or the last Read fails:
// the last bytes come after the digest of all was compared, so whoever sends a file
// on never sends all of one that is damaged. An archive without the file says in
// the hint why.
func (s *Source) OpenMedia(ctx context.Context, serviceSID, mediaSID string) (migrate.Media, io.ReadCloser, error) {
	name := MediaPath(serviceSID, mediaSID)
	if err := ctx.Err(); err != nil {
		return migrate.Media{}, nil, failure(openMedia, mediaSID, err)
	}
	if !isMedia(name) {
		return migrate.Media{}, nil, &migrate.Error{Op: openMedia, Kind: migrate.NotFound, SID: chat.Shorten(mediaSID), Err: notInFormat(name)}
	}
	record, err := s.mediaRecord(serviceSID, mediaSID)
	if err != nil {
		return migrate.Media{}, nil, err
	}
	f, err := s.archive.fsys.Open(name)
	if err != nil {
		return migrate.Media{}, nil, failure(openMedia, mediaSID, err)
	}
	if err := hasSize(f, record.Size); err != nil {
		_ = f.Close() // nothing was read of it
		return migrate.Media{}, nil, damaged(mediaSID, fmt.Errorf("%s: %w", name, err))
	}
	return record.Media, &mediaReader{ctx: ctx, file: f, record: record, name: name, left: record.Size, digest: sha256.New()}, nil
}

// mediaRecord is what files.jsonl says of a file. Its size and digest are held to
// the manifest if that names the file.
func (s *Source) mediaRecord(serviceSID, mediaSID string) (mediaRecord, error) {
	list, name := MediaListPath(serviceSID), MediaPath(serviceSID, mediaSID)
	l, err := s.lookup(list)
	if err != nil {
		return mediaRecord{}, failure(openMedia, mediaSID, err)
	}
	at, ok := l.lines.Value(mediaSID)
	if !ok {
		return mediaRecord{}, s.archive.withoutMedia(serviceSID, mediaSID)
	}
	raw := make(json.RawMessage, at.size)
	if _, err := l.file.ReadAt(raw, at.offset); err != nil && err != io.EOF {
		return mediaRecord{}, failure(openMedia, mediaSID, fmt.Errorf("read %s: %w", list, err))
	}
	var record mediaRecord
	if err := json.Unmarshal(raw, &record); err != nil {
		return mediaRecord{}, damaged(mediaSID, fmt.Errorf("read %s: %w", list, err))
	}
	noted, ok := s.archive.Manifest.Files[name]
	switch {
	case !ok:
		return record, nil
	case noted.Bytes != record.Size, record.SHA256 != "" && record.SHA256 != noted.SHA256:
		return mediaRecord{}, damaged(mediaSID, fmt.Errorf("%s says %d bytes and SHA-256 %s of it, but the manifest says %d and %s",
			list, record.Size, record.SHA256, noted.Bytes, noted.SHA256))
	}
	record.SHA256 = noted.SHA256
	return record, nil
}

// withoutMedia says why a file is not in the archive.
func (a *Archive) withoutMedia(serviceSID, mediaSID string) error {
	e := &migrate.Error{Op: openMedia, Kind: migrate.NotFound, SID: mediaSID, Err: errors.New("the archive does not have it")}
	for _, m := range a.Manifest.MediaMissing {
		if m.ServiceSID == serviceSID && m.SID == mediaSID {
			e.Err = fmt.Errorf("the archive does not have it: when it was made, %s", m.Reason)
			return e
		}
	}
	switch a.Manifest.Media {
	case MediaRead:
	case MediaLeftOut:
		e.Hint = "the archive was made with --files=false: export again without it"
	default:
		e.Hint = "the archive was made by an older chatbridge, with --source-api v1, or by hand: export again with --source-api v2"
	}
	return e
}

func hasSize(f fs.File, want int64) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a file")
	case info.Size() != want:
		return fmt.Errorf("it has %d bytes, but the archive says %d", info.Size(), want)
	}
	return nil
}

// damaged is an error about one file, which costs its channel alone unless the
// disk fails.
func damaged(mediaSID string, err error) error {
	if _, disk := errors.AsType[*fs.PathError](err); !disk {
		err = &chat.Unreadable{SID: mediaSID, Err: err}
	}
	return &migrate.Error{Op: openMedia, Kind: migrate.Failed, SID: mediaSID, Err: err, Hint: "the archive is damaged: export it again, or use another copy"}
}

// mediaReader reads a file and holds it to its record.
type mediaReader struct {
	ctx    context.Context
	file   fs.File
	record mediaRecord
	name   string
	left   int64
	digest hash.Hash
	err    error // io.EOF after all of it was good
}

func (r *mediaReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if err := r.ctx.Err(); err != nil {
		r.err = failure(openMedia, r.record.SID, err)
		return 0, r.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := 0, error(nil)
	if r.left > 0 {
		n, err = r.file.Read(p[:min(int64(len(p)), r.left)])
		r.left -= int64(n)
		r.digest.Write(p[:n])
	}
	if r.left > 0 && err == nil {
		return n, nil
	}
	if err = r.end(err); err != nil {
		r.err = damaged(r.record.SID, fmt.Errorf("read %s: %w", r.name, err))
		return 0, r.err
	}
	r.err = io.EOF
	return n, r.err
}

// end says what is wrong with a file of which nothing is to come.
func (r *mediaReader) end(err error) error {
	if err != nil && err != io.EOF {
		return err
	}
	if r.left > 0 {
		return fmt.Errorf("it ends %d bytes early", r.left)
	}
	var more [1]byte
	switch n, err := io.ReadFull(r.file, more[:]); {
	case n > 0:
		return fmt.Errorf("it has more than the %d bytes that the archive says", r.record.Size)
	case err != io.EOF:
		return err // a zip has a checksum of its own
	}
	if got := hex.EncodeToString(r.digest.Sum(nil)); r.record.SHA256 != "" && got != r.record.SHA256 {
		return fmt.Errorf("it has SHA-256 %s, but the archive says %s", got, r.record.SHA256)
	}
	return nil
}

func (r *mediaReader) Close() error { return r.file.Close() }
