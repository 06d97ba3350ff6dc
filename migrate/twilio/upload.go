package twilio

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// UploadMedia is of migrate.Target.
func (t *Target) UploadMedia(ctx context.Context, serviceSID string, m migrate.Media, open migrate.OpenFile) (migrate.Media, error) {
	const op = "upload file"
	if err := t.media.known(op, m.SID); err != nil {
		return migrate.Media{}, err
	}
	if strings.ContainsFunc(m.ContentType, func(r rune) bool { return r < ' ' || r > '~' }) {
		return migrate.Media{}, &migrate.Error{Op: op, Kind: migrate.Refused, SID: m.SID, Err: fmt.Errorf("its type %s cannot be sent", strconv.QuoteToASCII(m.ContentType))}
	}
	f := &file{ctx: ctx, open: open}
	first, err := f.again()
	if err != nil {
		return migrate.Media{}, err
	}
	if m.Size == 0 { // nobody else reads it to its end, where it may turn out to be longer
		if _, err := io.Copy(io.Discard, first); err != nil {
			_ = first.Close()
			return migrate.Media{}, err
		}
	}
	limits := transport.Call{Class: transport.Ensure, Stream: true}
	r, err := one(t.media.host, ctx, op, "", limits, func(raw []byte) (mediaRecord, error) {
		r, err := decodeMedia(raw)
		if err == nil && r.Size != m.Size {
			err = fmt.Errorf("%d bytes were sent, and the service has %d", m.Size, r.Size)
		}
		return r, err
	}, func(c *call) error {
		c.private = true
		c.upload(serviceSID, m, first, f.again)
		return c.err
	})
	if broke := f.failed(); broke != nil && migrate.KindOf(err) == migrate.Unavailable {
		return migrate.Media{}, broke // it is what broke the upload
	}
	return r.Media, err
}

func (c *call) upload(serviceSID string, m migrate.Media, body io.ReadCloser, again func() (io.ReadCloser, error)) {
	at := *c.base
	path := mediaPath(serviceSID)
	at.Path, at.RawPath = path.Path, path.RawPath
	query := url.Values{"Category": {"media"}}
	if m.Filename != "" {
		query.Set("Filename", m.Filename)
	}
	at.RawQuery = query.Encode()
	c.method, c.target = http.MethodPost, at.RequestURI()
	req, err := http.NewRequestWithContext(transport.With(c.ctx, c.limits), http.MethodPost, at.String(), body)
	if err != nil {
		_ = body.Close()
		c.err = c.fail(migrate.Failed, err)
		return
	}
	req.GetBody, req.ContentLength = again, m.Size
	if m.Size == 0 {
		_ = body.Close()
		req.Body, req.GetBody = http.NoBody, nil
	}
	req.Header.Set("Content-Type", m.ContentType)
	c.exchange(req)
}

// file opens what is uploaded, and keeps what went wrong with it. What an attempt
// before left behind may still be read while the next one is: that says nothing of
// this one.
type file struct {
	ctx  context.Context
	open migrate.OpenFile

	mu   sync.Mutex
	last *watched
	err  error // of the last
}

func (f *file) again() (io.ReadCloser, error) {
	body, err := f.open(f.ctx)
	w := &watched{body, f}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last, f.err = w, err; err != nil {
		return nil, err
	}
	return w, nil
}

// failed is what went wrong with the file in the last attempt.
func (f *file) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

type watched struct {
	io.ReadCloser
	file *file
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		w.file.mu.Lock()
		defer w.file.mu.Unlock()
		if w.file.last == w {
			w.file.err = err
		}
	}
	return n, err
}
