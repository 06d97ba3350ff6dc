package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// mediaField is the field of a message that its file is.
const mediaField = "media"

// mediaOf is what tells the files of two messages apart by their lists alone.
func mediaOf(m conversations.Message) uint64 {
	return max(1, maphash.String(seed, fmt.Sprintf("%d\x00%s\x00%s\x00%d", m.Media.Size, m.Media.ContentType, m.Media.Filename, m.MoreMedia)))
}

// compareFiles counts the file of a message that both sides have, and compares its
// bytes if that is asked for.
func (s *verifiedService) compareFiles(ctx context.Context, want, have digest, f *channelFound) error {
	if want.file == "" || have.file == "" {
		return nil
	}
	f.files++
	if !s.Files {
		return nil
	}
	var sums [2]readFile
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { sums[0], err = read(gctx, s.Source, s.source.SID, want.file); return err })
	g.Go(func() (err error) { sums[1], err = read(gctx, s.Target, s.target, have.file); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	f.fileBytes += sums[1].size
	detail := ""
	switch from, to := sums[0], sums[1]; {
	case from.lost != "":
		detail = fmt.Sprintf("nothing tells whether file %s of the target is %s of the source, which cannot be read: %s", have.file, want.file, from.lost)
	case to.lost != "":
		detail = fmt.Sprintf("the target shows file %s, which cannot be read: %s", have.file, to.lost)
	case from.sum != to.sum:
		detail = fmt.Sprintf("its file is %s with SHA-256 %s in the source and %s with %s in the target",
			want.file, short(from.sum), have.file, short(to.sum))
	default:
		return nil
	}
	f.add(Difference{
		Class: Altered, Kind: migrate.KindMessages, Channel: f.source, SourceSID: want.sid, TargetSID: have.sid,
		Field: mediaField, Detail: detail, at: want.index, dated: want.created,
	})
	return nil
}

func short(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:8]) + "…" }

// readFile is what a side has of a file.
type readFile struct {
	size int64
	sum  [sha256.Size]byte
	lost string // why it cannot be read, however often it is asked for
}

// attempts is how often a file is read whose bytes do not come to their end.
const attempts = 4

// read reads a file to its end.
func read(ctx context.Context, side migrate.MediaReader, serviceSID, mediaSID string) (r readFile, err error) {
	for n := range attempts {
		if n > 0 {
			if err := drain.Signal(nil).Pass(ctx, time.Second<<(n-1)); err != nil {
				return r, err
			}
		}
		if r, err = readOnce(ctx, side, serviceSID, mediaSID); migrate.KindOf(err) != migrate.Unavailable {
			break
		}
	}
	return r, err
}

func readOnce(ctx context.Context, side migrate.MediaReader, serviceSID, mediaSID string) (r readFile, err error) {
	_, body, err := side.OpenMedia(ctx, serviceSID, mediaSID)
	if err == nil {
		h := sha256.New()
		r.size, err = io.Copy(h, body)
		h.Sum(r.sum[:0])
		_ = body.Close()
	}
	if kind := migrate.KindOf(err); err != nil && (kind == migrate.NotFound || kind == migrate.Refused) {
		return readFile{lost: err.Error()}, nil
	}
	return r, err
}
