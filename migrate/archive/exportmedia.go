package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

const (
	// mediaAtOnce is how many files are read beside each other, and beside lists.
	mediaAtOnce = 4
	// mediaTries is how often a file is read that comes otherwise than it is said
	// to be.
	mediaTries = 3
)

// Reasons of MissingMedia.
const (
	mediaGone     = "the source no longer had it"
	mediaWithheld = "the key was not allowed to read it"
	mediaNoSID    = "its SID was not ME and 32 lower-case hexadecimal digits"
)

// media reads the files that the messages of a channel name, and reports whether
// the channel is still there. It begins when the list of messages is complete: a
// page that waited for files could expire.
func (x *export) media(ctx context.Context, serviceSID, channelSID string) (there bool, err error) {
	if x.writer.MediaState() == MediaLeftOut {
		return true, nil
	}
	var mu sync.Mutex
	var missing []MissingMedia
	miss := func(sid, reason string) {
		mu.Lock()
		defer mu.Unlock()
		missing = append(missing, MissingMedia{serviceSID, sid, reason})
	}
	g, gctx := errgroup.WithContext(ctx)
	for sid, err := range x.mediaNamed(serviceSID, channelSID) {
		if err != nil {
			g.Go(func() error { return err })
			break
		}
		if !x.names(channelSID, sid) {
			continue
		}
		x.expect(migrate.KindFiles, 1)
		if _, kept := x.writer.Kept(MediaPath(serviceSID, sid)); kept {
			x.keep()
			x.done(migrate.KindFiles, 1)
			continue
		}
		if !isSID("ME", sid) {
			miss(chat.Shorten(sid), mediaNoSID)
			continue
		}
		if !x.mediaSlot(gctx) {
			break
		}
		g.Go(func() error {
			defer func() { <-x.mediaSlots }()
			reason, err := x.oneMedia(gctx, serviceSID, sid)
			if reason != "" {
				miss(sid, reason)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return true, err
	}
	if err := context.Cause(ctx); err != nil || len(missing) == 0 {
		return true, err
	}
	// A channel that is gone takes its files with it, and a key that was withdrawn
	// may read nothing: neither is about files.
	if _, err := x.Source.Channel(ctx, serviceSID, channelSID); err != nil {
		if migrate.KindOf(err) == migrate.NotFound {
			return false, nil
		}
		return true, err
	}
	return true, x.missMedia(missing)
}

// mediaSlot waits until fewer than mediaAtOnce files are being read, and reports
// whether one more may be.
func (x *export) mediaSlot(ctx context.Context) bool {
	select {
	case x.mediaSlots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (x *export) missMedia(missing []MissingMedia) error {
	for _, m := range missing {
		if err := x.writer.MissMedia(m); err != nil {
			return err
		}
		x.Observer.Event(migrate.Event{Level: migrate.Warning, Message: "a file is not in the archive", Fields: []any{"sid", m.SID, migrate.KeyReason, m.Reason}})
	}
	return nil
}

// oneMedia reads a file into the archive. A reason says why it stays out.
func (x *export) oneMedia(ctx context.Context, serviceSID, sid string) (reason string, err error) {
	lengths := map[int64]bool{}
	for try := 1; ; try++ {
		m, body, err := x.Source.OpenMedia(ctx, serviceSID, sid)
		if err == nil && m.SID != sid {
			err = errors.Join(&migrate.Error{Op: openMedia, Kind: migrate.Refused, SID: sid, Err: fmt.Errorf("the source shows %s", chat.Excerpt(m.SID))}, body.Close())
		}
		if err != nil {
			return whyMissing(err)
		}
		from := &meter{Reader: body}
		err = x.writer.WriteMedia(serviceSID, m, from)
		_ = body.Close() // what was read of it is complete, or is not kept
		switch {
		case err == nil:
			x.done(migrate.KindFiles, 1)
			return "", nil
		case ctx.Err() != nil || from.err == nil && !errors.Is(err, errMediaLength):
			return "", err
		}
		if lengths[from.n] = true; try < mediaTries {
			continue
		}
		// What ends at the same byte each time is so where it is kept. Anything else
		// may be better when the export is run again.
		if len(lengths) == 1 && from.n > 0 {
			return fmt.Sprintf("%d bytes of it came, not %d", from.n, m.Size), nil
		}
		return "", err
	}
}

// whyMissing is why a file stays out of the archive, if the export can go on.
func whyMissing(err error) (string, error) {
	switch {
	case migrate.KindOf(err) == migrate.NotFound:
		return mediaGone, nil
	case migrate.Withheld(err):
		return mediaWithheld, nil
	case migrate.KindOf(err) == migrate.Refused:
		e, _ := errors.AsType[*migrate.Error](err)
		return "the source refused it: " + chat.Shorten(fmt.Sprint(e.Err)), nil
	}
	return "", err
}

// meter tells what came of a file from what was done with it.
type meter struct {
	io.Reader
	n   int64
	err error // of the source
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if m.n += int64(n); err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

// names notes that a channel's message names a file, and reports whether it is the
// first to do so.
func (x *export) names(channelSID, sid string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	owner, named := x.named[sid]
	switch {
	case !named:
		x.named[sid] = channelSID
	case owner != channelSID:
		x.named[sid] = "" // of several
	}
	return !named
}

// finishMedia takes away the files of channels that are gone, and lists the rest.
func (x *export) finishMedia(serviceSID string, gone map[string]bool) error {
	records, _ := x.writer.mediaRecords(serviceSID)
	for _, r := range records {
		if owner, named := x.named[r.SID]; named && !gone[owner] {
			continue
		}
		if err := x.writer.Remove(MediaPath(serviceSID, r.SID)); err != nil {
			return err
		}
	}
	return x.writer.WriteMediaList(serviceSID)
}

// mediaNamed yields the SIDs of the files that the messages of a channel name.
func (x *export) mediaNamed(serviceSID, channelSID string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for raw, err := range x.writer.ReadBack(MessagesPath(serviceSID, channelSID)) {
			var all []string
			if err == nil {
				all, err = mediaSIDs(raw)
			}
			if err != nil {
				yield("", err)
				return
			}
			for _, sid := range all {
				if sid != "" && !yield(sid, nil) {
					return
				}
			}
		}
	}
}

// mediaSIDs are those of the files that a message names.
func mediaSIDs(raw json.RawMessage) (all []string, err error) {
	if !bytes.Contains(raw, []byte(`"media"`)) {
		return nil, nil
	}
	m, err := chat.Decode[chat.Message](raw)
	if err != nil || m.Media == nil {
		return nil, err
	}
	all = []string{m.Media.SID}
	for _, more := range m.MoreMedia {
		all = append(all, more.SID)
	}
	return all, nil
}
