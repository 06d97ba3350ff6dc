package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// page is one reply to a list, its records not decoded.
type page struct {
	records []json.RawMessage
	next    *url.URL // nil on the last page
	shown   string   // address that the page gives itself; empty if it gives none
}

// readPage reads the envelope of a list. A reply that does not say, in so many
// words, whether there is a next page is an error and never the end.
func readPage(raw []byte) (page, error) {
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return page{}, fmt.Errorf("read page: %w", err)
	}
	var meta struct {
		Key  string          `json:"key"`
		Next json.RawMessage `json:"next_page_url"`
		URL  *string         `json:"url"`
	}
	if err := json.Unmarshal(envelope["meta"], &meta); err != nil {
		return page{}, fmt.Errorf("read meta of page: %w", err)
	}
	switch {
	case meta.Key == "" || meta.Key == "meta":
		return page{}, errors.New("read page: meta does not name the list")
	case meta.Next == nil:
		return page{}, errors.New("read page: meta does not say whether there is a next page")
	}
	p := page{shown: value(meta.URL)}
	if err := json.Unmarshal(envelope[meta.Key], &p.records); err != nil {
		return page{}, fmt.Errorf("read list of page: %w", err)
	}
	if p.records == nil {
		return page{}, errors.New("read page: the list is null")
	}
	var next *string
	if err := json.Unmarshal(meta.Next, &next); err != nil {
		return page{}, fmt.Errorf("read next page URL: %w", err)
	}
	if next == nil {
		return p, nil
	}
	u, err := url.Parse(*next)
	if err != nil || u.EscapedPath() == "" {
		return page{}, errors.New("read next page URL: no path in it")
	}
	p.next = u
	return p, nil
}

// pages follows a list from the request that first makes. Each reply is checked
// while the transport can still ask again: it must be a page, and must not lead
// back to one that was read.
func (h *host) pages(ctx context.Context, op, sid string, first func(*call) error) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		visited := map[string]bool{}
		var at *url.URL
		for {
			c := &call{host: h, ctx: ctx, op: op, sid: sid}
			var p page
			c.limits = transport.Call{Class: transport.Read, Check: func(raw []byte) (err error) {
				p, err = readPage(raw)
				if err == nil && p.next != nil && (p.next.RequestURI() == c.target || visited[p.next.RequestURI()]) {
					err = errors.New("follow page: it leads back to a page that was read")
				}
				if err == nil {
					err = c.answers(p.shown)
				}
				b := c.bearing()
				for i := 0; err == nil && i < len(p.records); i++ {
					err = c.belongs(b, p.records[i])
				}
				return err
			}}
			if at == nil {
				err := first(c)
				c.settle(err)
			} else {
				c.send("GET", at, "")
			}
			if c.err != nil {
				yield(page{}, c.err)
				return
			}
			visited[c.target] = true
			migrate.Waiting(ctx, 0) // a list that goes on, however long, does not stand still
			if !yield(p, nil) || p.next == nil {
				return
			}
			at = p.next
		}
	}
}

// settle takes over an error that twilio-go itself had, before or after the
// request.
func (c *call) settle(err error) {
	if c.err == nil && err != nil {
		c.err = c.fail(migrate.Failed, err)
	}
}
