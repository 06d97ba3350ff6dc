package twilio

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"net/url"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// page is one reply to a list, its records not decoded.
type page struct {
	records []json.RawMessage
	next    *url.URL // nil on the last page
	shown   string   // address that the page gives itself; empty if it gives none
	at      string   // path and query that it was asked for by, if it is not the first
}

// readPage reads the envelope of a list. A reply that does not say, in so many
// words, whether there is a next page is an error and never the end.
func readPage(raw []byte) (page, error) {
	envelope, whole := members(raw)
	if !whole && !chat.Valid(raw) {
		return page{}, fmt.Errorf("read page: %w", invalid(raw))
	}
	meta, whole := members(envelope["meta"])
	if !whole {
		return page{}, errors.New("read meta of page: it is no object")
	}
	key, named := chat.Text(meta["key"])
	switch next := meta["next_page_url"]; {
	case !named || key == "" || key == "meta":
		return page{}, errors.New("read page: meta does not name the list")
	case next == nil:
		return page{}, errors.New("read page: meta does not say whether there is a next page")
	}
	next, last, ok := address(meta["next_page_url"])
	if !ok {
		return page{}, errors.New("read next page URL: it is no text")
	}
	shown, _, ok := address(meta["url"])
	if !ok {
		return page{}, errors.New("read URL of page: it is no text")
	}
	list, ok := chat.Elements(envelope[key])
	if !ok {
		return page{}, errors.New("read list of page: it is no list")
	}
	p := page{shown: shown, records: list}
	if last {
		return p, nil
	}
	u, err := url.Parse(next)
	if err != nil || u.EscapedPath() == "" {
		return page{}, errors.New("read next page URL: no path in it")
	}
	p.next = u
	return p, nil
}

// address is a text that may be null, or not be there.
func address(raw []byte) (s string, null, ok bool) {
	if raw == nil || string(raw) == "null" {
		return "", true, true
	}
	if raw[0] != '"' {
		return "", false, false
	}
	return spelled(raw), false, true
}

// spelled is a JSON string, whatever stands in it: what is no text is replaced, as it
// is in nothing that is compared.
func spelled(raw []byte) string {
	s, ok := chat.Text(raw)
	if !ok {
		_ = json.Unmarshal(raw, &s)
	}
	return s
}

// members are those of an object, the last one of each name. whole is false for
// anything else.
func members(object []byte) (all map[string][]byte, whole bool) {
	all = map[string][]byte{}
	o := chat.ObjectOf(object)
	for m, ok := o.Next(); ok; m, ok = o.Next() {
		all[m.Name()] = m.Value
	}
	return all, o.Whole()
}

// invalid says what is wrong with text that is not JSON, or that nests deeper than
// anybody reads.
func invalid(raw []byte) error {
	var any json.RawMessage
	return cmp.Or(json.Unmarshal(raw, &any), errors.New("it is not JSON"))
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
				p, err = h.envelope(raw)
				if err == nil && p.next != nil {
					next := h.at(p.next) // compared as it would be sent
					if uri := next.RequestURI(); uri == c.target || visited.has(uri) {
						err = errors.New("follow page: it leads back to a page that was read")
					}
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
				h.begin(c, first)
			} else {
				c.send("GET", at, "")
			}
			if c.err != nil {
				yield(page{}, c.err)
				return
			}
			visited.add(c.target)
			if at != nil {
				p.at = c.target
			}
			migrate.Waiting(ctx, 0) // a list that goes on, however long, does not stand still
			shown := p
			p.records, c.checked = nil, nil // whoever gets the page lets go of it
			if !yield(shown, nil) || p.next == nil {
				return
			}
			at = p.next
		}
	}
}

// smallerPages are the sizes to ask for, one after the other, if a service refuses
// what is documented: limits were lowered before, and 50 is what every list has
// without asking.
var smallerPages = []int64{100, 50}

// begin asks for the first page of a list. If the service says that it is too large, it
// is asked for a smaller one, and if it takes that, no list of the host asks for more
// again.
func (h *host) begin(c *call, first func(*call) error) {
	c.settle(first(c))
	for _, size := range smallerPages {
		if !c.tooLarge || c.pageSize <= size {
			continue
		}
		c.pageMost, c.err, c.tooLarge = size, nil, false
		if c.settle(first(c)); c.err == nil {
			h.pageMost.Store(size)
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
