package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// media is the media service of one side; its host is nil where no address of it
// is known.
//
// Twilio documents it without an OpenAPI document and no server SDK has it, so
// these requests are made here: api/media-resource and
// media-support-conversations have them, @twilio/mcs-client the query of an upload.
type media struct{ host *host }

func newMedia(c Config, h hints) (media, error) {
	if c.MediaURL == "" {
		return media{}, nil
	}
	c.BaseURL = c.MediaURL
	host, err := newHost(c, h)
	return media{host}, err
}

func (m media) known(op, sid string) error {
	if m.host != nil {
		return nil
	}
	return &migrate.Error{Op: op, Kind: migrate.Usage, SID: sid, Err: errors.New("no address of the media service is known"),
		Hint: "give the address that belongs to the others: --media-url"}
}

// OpenMedia is of migrate.MediaReader.
func (s *Source) OpenMedia(ctx context.Context, serviceSID, mediaSID string) (migrate.Media, io.ReadCloser, error) {
	return s.media.open(ctx, serviceSID, mediaSID)
}

// OpenMedia is of migrate.MediaReader.
func (t *Target) OpenMedia(ctx context.Context, serviceSID, mediaSID string) (migrate.Media, io.ReadCloser, error) {
	return t.media.open(ctx, serviceSID, mediaSID)
}

const readFile = "read file"

// mediaRecord is a file as the service shows it. Its own addresses are relative;
// the temporary one is of another host.
type mediaRecord struct {
	migrate.Media
	link string
}

func decodeMedia(raw []byte) (mediaRecord, error) {
	type reply struct {
		SID         string `json:"sid"`
		Size        *int64 `json:"size"`
		ContentType string `json:"content_type"`
		Filename    string `json:"filename"`
		Links       struct {
			Temporary string `json:"content_direct_temporary"`
		} `json:"links"`
	}
	r, err := unmarshal(raw, func(r reply) string { return r.SID })
	if err == nil && (r.Size == nil || *r.Size < 0) {
		err = errors.New("file has no size")
	}
	if err != nil {
		return mediaRecord{}, err
	}
	return mediaRecord{Media: migrate.Media{SID: r.SID, Size: *r.Size, ContentType: r.ContentType, Filename: r.Filename}, link: r.Links.Temporary}, nil
}

func mediaPath(serviceSID string, more ...string) *url.URL {
	path := "/v1/Services/" + serviceSID + "/Media"
	escaped := "/v1/Services/" + segment(serviceSID) + "/Media"
	for _, s := range more {
		path, escaped = path+"/"+s, escaped+"/"+segment(s)
	}
	return &url.URL{Path: path, RawPath: escaped}
}

// linksAsked is how often the record of a file is asked for, until its bytes can be
// read: the address in it is good for five minutes.
const linksAsked = 3

func (m media) open(ctx context.Context, serviceSID, mediaSID string) (migrate.Media, io.ReadCloser, error) {
	if err := m.known(readFile, mediaSID); err != nil {
		return migrate.Media{}, nil, err
	}
	var failed error
	for range linksAsked {
		r, err := one(m.host, ctx, readFile, mediaSID, reading, decodeMedia, func(c *call) error {
			c.send(http.MethodGet, mediaPath(serviceSID, mediaSID), "")
			return c.err
		})
		if err != nil {
			return migrate.Media{}, nil, err
		}
		body, again, err := m.content(ctx, r)
		if err == nil {
			return r.Media, body, nil
		}
		if failed = err; !again {
			break
		}
	}
	return migrate.Media{}, nil, failed
}

// content opens the temporary address of a file. It gets no credentials: the
// address holds what it needs, and is not of the API. again says that another
// address may do.
func (m media) content(ctx context.Context, r mediaRecord) (body io.ReadCloser, again bool, err error) {
	c := &call{host: m.host, ctx: ctx, op: readFile, sid: r.SID, limits: transport.Call{Class: transport.Read, Stream: true}}
	at, err := m.temporary(r.link)
	if err != nil {
		e := c.fail(migrate.Refused, err)
		e.Hint = "nothing was asked of that address; check --media-url"
		return nil, again, e
	}
	req, err := http.NewRequestWithContext(transport.With(ctx, c.limits), http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, again, c.fail(migrate.Failed, err)
	}
	req.Header.Set("User-Agent", "chatbridge")
	req.Header.Set("Accept-Encoding", "identity") // or net/http would unpack what it is to copy
	resp, err := m.host.http.Do(req)
	if err != nil {
		return nil, again, c.broken(err)
	}
	if err := unlike(resp, r); err != nil {
		_ = resp.Body.Close()
		kind, again := fateOf(resp.StatusCode)
		e := c.fail(kind, err)
		e.Hint = "the service failed; running again resumes"
		if kind == migrate.NotFound || kind == migrate.Refused {
			e.Hint = "check --media-url; if it is right, the file cannot be read, and --policy media-unavailable=… decides about its message"
		}
		return nil, again, e
	}
	return &exact{body: resp.Body, call: c, size: r.Size}, again, nil
}

// fateOf is what the status of a file that did not come means. An address that has
// expired is refused, and so is a file that is not what its record says.
func fateOf(status int) (kind migrate.Kind, again bool) {
	switch {
	case status == http.StatusOK:
		return migrate.Refused, true
	case status == http.StatusNotFound, status == http.StatusGone:
		return migrate.NotFound, true
	case status == http.StatusTooManyRequests:
		return migrate.Throttled, false
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		return migrate.Refused, true
	}
	return migrate.Unavailable, false
}

// unlike says why a reply cannot be the file.
func unlike(resp *http.Response, r mediaRecord) error {
	switch got := mediaType(resp.Header.Get("Content-Type")); {
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the address of its bytes answers HTTP %d", resp.StatusCode)
	case resp.ContentLength >= 0 && resp.ContentLength != r.Size:
		return fmt.Errorf("the service says that it has %d bytes, and sends %d", r.Size, resp.ContentLength)
	case wordsRefusals(got) && got != mediaType(r.ContentType):
		return fmt.Errorf("the service says that it is %s, and sends %s, as a proxy would", r.ContentType, got)
	}
	return nil
}

func mediaType(header string) string {
	t, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// wordsRefusals reports whether a type is one in which servers word refusals. Of any
// other nobody documents how the store of the files names it.
func wordsRefusals(mediaType string) bool {
	return mediaType == "text/html" || mediaType == "application/json" || mediaType == "application/xml" || mediaType == "text/xml"
}

// temporary reads the address of a file's bytes, and refuses one of a host that
// is not of the media service: what a reply names is not to be asked unseen.
func (m media) temporary(link string) (*url.URL, error) {
	if link == "" {
		return nil, errors.New("the service gives no address of its bytes")
	}
	at, err := url.Parse(link)
	if err != nil || at.User != nil || at.Host == "" {
		return nil, errors.New("the service gives an address of its bytes that cannot be read")
	}
	base, own := m.host.base, at.Scheme == m.host.base.Scheme && strings.EqualFold(at.Host, m.host.base.Host)
	region, twilios := between(base.Host, "mcs.", ".twilio.com")
	store, stored := between(strings.ToLower(at.Host), "media.", ".twilio.com")
	switch {
	case own && !twilios:
	case at.Scheme == "https" && stored && (twilios && store == region || !twilios && base.Scheme == "https"):
	default:
		return nil, fmt.Errorf("the service gives an address of its bytes on another host: %s", displayed(at.Scheme+"://"+at.Host))
	}
	return at, nil
}

// between is what stands between two ends of a host name, without a dot if there is
// something.
func between(host, before, after string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.ToLower(host), before)
	middle, ends := strings.CutSuffix(rest, after)
	return middle, ok && ends && middle != "" && !strings.ContainsAny(middle, ".:")
}
