package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"net/url"

	"github.com/tidwall/gjson"

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
	if err := valid(raw); err != nil {
		return page{}, fmt.Errorf("read page: %w", err)
	}
	envelope := members(gjson.ParseBytes(raw))
	meta := members(envelope["meta"])
	if meta == nil {
		return page{}, errors.New("read meta of page: it is no object")
	}
	key, next, shown := meta["key"], meta["next_page_url"], meta["url"]
	switch {
	case key.Type != gjson.String || key.Str == "" || key.Str == "meta":
		return page{}, errors.New("read page: meta does not name the list")
	case !next.Exists():
		return page{}, errors.New("read page: meta does not say whether there is a next page")
	case next.Type != gjson.String && next.Type != gjson.Null:
		return page{}, errors.New("read next page URL: it is no text")
	case shown.Type != gjson.String && shown.Type != gjson.Null:
		return page{}, errors.New("read URL of page: it is no text")
	}
	list := envelope[key.Str]
	if !list.IsArray() {
		return page{}, errors.New("read list of page: it is no list")
	}
	p := page{shown: shown.Str}
	list.ForEach(func(_, record gjson.Result) bool {
		p.records = append(p.records, json.RawMessage(record.Raw))
		return true
	})
	if next.Type == gjson.Null {
		return p, nil
	}
	u, err := url.Parse(next.Str)
	if err != nil || u.EscapedPath() == "" {
		return page{}, errors.New("read next page URL: no path in it")
	}
	p.next = u
	return p, nil
}

// members are those of an object, the last one of each name; nil of anything else.
func members(object gjson.Result) map[string]gjson.Result {
	if !object.IsObject() {
		return nil
	}
	all := map[string]gjson.Result{}
	object.ForEach(func(key, value gjson.Result) bool {
		all[key.Str] = value
		return true
	})
	return all
}

// valid says what is wrong with text that is not JSON, or that nests deeper than
// anybody reads: gjson follows any depth, and megabytes of brackets end the process.
func valid(raw []byte) error {
	var any json.RawMessage
	return json.Unmarshal(raw, &any)
}

// pages follows a list from the request that first makes. Each reply is checked
// while the transport can still ask again: it must be a page, and must not lead
// back to one that was read.
func (h *host) pages(ctx context.Context, op, sid string, first func(*call) error) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		visited := visits{}
		var at *url.URL
		for {
			c := &call{host: h, ctx: ctx, op: op, sid: sid}
			var p page
			c.limits = transport.Call{Class: transport.Read, Check: func(raw []byte) (err error) {
				p, err = readPage(raw)
				if err == nil && p.next != nil && (p.next.RequestURI() == c.target || visited.has(p.next.RequestURI())) {
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
			visited.add(c.target)
			migrate.Waiting(ctx, 0) // a list that goes on, however long, does not stand still
			if !yield(p, nil) || p.next == nil {
				return
			}
			at = p.next
		}
	}
}

// visits are the pages of a list that were read, as hashes: the list of a long channel
// has ten thousand, with addresses of some hundred bytes. Two that share a hash are as
// likely as a damaged bit.
type visits map[uint64]struct{}

var visitSeed = maphash.MakeSeed()

func (v visits) add(target string) { v[maphash.String(visitSeed, target)] = struct{}{} }

func (v visits) has(target string) bool {
	_, been := v[maphash.String(visitSeed, target)]
	return been
}

// settle takes over an error that twilio-go itself had, before or after the
// request.
func (c *call) settle(err error) {
	if c.err == nil && err != nil && !errors.Is(err, errKept) {
		c.err = c.fail(migrate.Failed, err)
	}
}
