package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"chatbridge/migrate"
)

// page is one page of a list.
type page struct {
	key     string
	records []resource
	size    int64  // that the reply says it has room for
	next    string // as in the reply; empty on the last page
}

// readPage reads one page of a list. A refusal is a *refusedRead.
func (e *session) readPage(ctx context.Context, host migrate.ProbeHost, target string) (page, error) {
	r, err := e.get(ctx, host, target)
	if err != nil {
		return page{}, err
	}
	if !r.OK() {
		return page{}, &refusedRead{shapeOf(target), r.Status, r.Code()}
	}
	var meta struct {
		Key  string  `json:"key"`
		Size int64   `json:"page_size"`
		Next *string `json:"next_page_url"`
	}
	var envelope map[string]json.RawMessage
	p := page{}
	err = json.Unmarshal(r.Body, &envelope)
	if err == nil {
		err = json.Unmarshal(envelope["meta"], &meta)
	}
	if err == nil {
		err = json.Unmarshal(envelope[meta.Key], &p.records)
	}
	if err != nil {
		return page{}, &migrate.Error{Op: "read " + shapeOf(target), Kind: migrate.Unavailable, Err: fmt.Errorf("read reply: %w", err), Hint: "check that --chat-url and --conversations-url are the addresses of the API"}
	}
	p.key, p.size = meta.Key, meta.Size
	if meta.Next != nil {
		p.next = *meta.Next
	}
	e.note(host, target, p)
	return p, nil
}

// note keeps what the probes of dates and fields look through.
func (e *session) note(host migrate.ProbeHost, target string, p page) {
	if host != migrate.SourceChat || !strings.HasPrefix(target, "/v1/") {
		return
	}
	kind := p.key
	if kind == "channels" && strings.Contains(target, "/Users/") {
		kind = "user_channels"
	}
	e.seenV1[kind] = append(e.seenV1[kind], p.records...)
}

// list reads a list up to examPages, and says whether that was all of it.
func (e *session) list(ctx context.Context, host migrate.ProbeHost, target string) (all []resource, whole bool, err error) {
	for range examPages {
		p, err := e.readPage(ctx, host, target)
		if err != nil {
			return all, false, err
		}
		all = append(all, p.records...)
		if p.next == "" {
			return all, true, nil
		}
		if target, err = following(p.next); err != nil {
			return all, false, err
		}
	}
	return all, false, nil
}

// following is the path and query of the address of a page.
func following(next string) (string, error) {
	u, err := url.Parse(next)
	if err != nil || !strings.HasPrefix(u.EscapedPath(), "/") {
		return "", &migrate.Error{Op: "follow page", Kind: migrate.Unavailable, Err: errors.New("next_page_url is not an address")}
	}
	return u.RequestURI(), nil
}

// one reads one resource.
func (e *session) one(ctx context.Context, host migrate.ProbeHost, target string) (resource, error) {
	r, err := e.get(ctx, host, target)
	if err != nil {
		return nil, err
	}
	if !r.OK() {
		return nil, &refusedRead{shapeOf(target), r.Status, r.Code()}
	}
	var got resource
	if err := json.Unmarshal(r.Body, &got); err != nil {
		return nil, &migrate.Error{Op: "read " + shapeOf(target), Kind: migrate.Unavailable, Err: fmt.Errorf("read reply: %w", err)}
	}
	return got, nil
}
