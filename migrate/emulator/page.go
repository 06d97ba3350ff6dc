package emulator

import (
	"fmt"
	"hash/fnv"
	"iter"
	"net/url"
	"strconv"
	"strings"
)

// defaultPageSize is what a list returns where the request does not say.
const defaultPageSize = 50

// listing says how one kind of list is paged.
type listing struct {
	key     string   // of the array in the reply
	max     int      // largest page
	filters []string // query parameters that pages carry on
}

// first is the cursor of a list that starts at its beginning.
const first int64 = -1

// cursor is where a page starts.
type cursor struct {
	after int64 // the place of the last item of the page before
	page  int
	size  int
}

type pageMeta struct {
	Page         int     `json:"page"`
	PageSize     int     `json:"page_size"`
	FirstPageURL string  `json:"first_page_url"`
	PreviousURL  *string `json:"previous_page_url"`
	URL          string  `json:"url"`
	NextPageURL  *string `json:"next_page_url"`
	Key          string  `json:"key"`
}

// pager reads paging parameters and makes pages.
type pager struct {
	clamp bool
	small bool // no page is larger than the default
	most  int  // on a page, whatever is asked for; 0 without
	seed  uint64
}

// cursor is where the request wants to go on. A token that was changed, or that
// belongs to another list, is refused.
func (p pager) cursor(x *Exchange, l listing) (cursor, error) {
	if p.small {
		l.max = min(l.max, defaultPageSize)
	}
	c := cursor{after: first, size: defaultPageSize}
	if text := x.Query.Get("PageSize"); text != "" {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || n < 1:
			return c, invalid(20001, "PageSize %q is not a positive number", text)
		case n > l.max && !p.clamp:
			return c, invalid(20001, "PageSize %d is greater than %d", n, l.max)
		}
		c.size = min(n, l.max)
	}
	c.size = min(c.size, l.max)
	if p.most > 0 {
		c.size = min(c.size, p.most)
	}
	if _, sent := x.Query["PageToken"]; !sent {
		return c, nil
	}
	return p.resume(x, l, c)
}

func (p pager) resume(x *Exchange, l listing, c cursor) (cursor, error) {
	token := x.Query.Get("PageToken")
	place, rest, _ := strings.Cut(strings.TrimPrefix(token, "PT."), ".")
	digits := strings.TrimRight(place, "abcdefghijklmnop")
	after, errPlace := strconv.ParseInt(digits, 10, 64)
	number, errPage := strconv.Atoi(rest)
	if errPlace != nil || errPage != nil || p.token(x, l, x.path, after, number) != token {
		return c, invalid(21481, "Invalid PageToken: use the paging URLs that the API returns")
	}
	c.after, c.page = after, number
	return c, nil
}

// token looks like PT.123abcdefgh.9: the dots and digits are there on purpose,
// since clients are known to strip them.
func (p pager) token(x *Exchange, l listing, path string, after int64, number int) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %d %d", p.seed, path, after, number)
	for _, name := range l.filters {
		fmt.Fprintf(h, " %q", x.Query[name])
	}
	sum := h.Sum64()
	var letters [8]byte
	for i := range letters {
		letters[i] = 'a' + byte(sum>>(8*i))%16
	}
	return fmt.Sprintf("PT.%d%s.%d", after, letters, number)
}

// list answers with one page of a sequence that starts behind the cursor.
func (p pager) list(x *Exchange, l listing, c cursor, items iter.Seq2[int64, any]) (Reply, error) {
	page := make([]any, 0, min(c.size, 128))
	last, more := c.after, false
	passed := 0
	if x.moved {
		passed = c.size
	}
	for place, item := range items {
		if passed > 0 {
			passed--
			last = place
			continue
		}
		if len(page) == c.size {
			more = true
			break
		}
		page = append(page, item)
		last = place
	}
	meta := pageMeta{
		Page: c.page, PageSize: c.size, Key: l.key,
		FirstPageURL: p.url(x, l, c.size, 0, ""),
		URL:          p.url(x, l, c.size, c.page, x.Query.Get("PageToken")),
	}
	if more {
		next := p.url(x, l, c.size, c.page+1, p.token(x, l, x.shown(), last, c.page+1))
		meta.NextPageURL = &next
	}
	return ok(map[string]any{l.key: page, "meta": meta})
}

func (p pager) url(x *Exchange, l listing, size, number int, token string) string {
	q := url.Values{"PageSize": {strconv.Itoa(size)}, "Page": {strconv.Itoa(number)}}
	if token != "" {
		q.Set("PageToken", token)
	}
	for _, name := range l.filters {
		if values := x.Query[name]; len(values) > 0 {
			q[name] = values
		}
	}
	return x.base + x.shown() + "?" + q.Encode()
}
