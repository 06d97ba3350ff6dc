package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// get reads from Conversations, or any other host.
func (s *session) get(ctx context.Context, host migrate.ProbeHost, target string) (migrate.ProbeReply, error) {
	return s.try(ctx, migrate.Trial{Host: host, Method: http.MethodGet, Target: target})
}

// one reads one resource, which has to be there.
func (s *session) one(ctx context.Context, host migrate.ProbeHost, target string) (gjson.Result, error) {
	r, err := s.get(ctx, host, target)
	switch {
	case err != nil:
		return gjson.Result{}, err
	case !r.OK():
		return gjson.Result{}, &refused{http.MethodGet, shapeOf(target), r.Status, r.Code()}
	case !gjson.ValidBytes(r.Body):
		return gjson.Result{}, notAPI(target)
	}
	return gjson.ParseBytes(r.Body), nil
}

func notAPI(target string) error {
	return &migrate.Error{Op: "experiment", Kind: migrate.Unavailable, Err: fmt.Errorf("GET %s was answered with what is no resource and no list", shapeOf(target)),
		Hint: "check that --conversations-url and --chat-url are the addresses of the API"}
}

// page reads one page of a list. next is the path and query of the one that
// follows, and empty on the last.
func (s *session) page(ctx context.Context, host migrate.ProbeHost, target string) (records []gjson.Result, next string, err error) {
	got, err := s.one(ctx, host, target)
	if err != nil {
		return nil, "", err
	}
	key := got.Get("meta.key").String()
	if key == "" || !got.Get(gjson.Escape(key)).IsArray() {
		return nil, "", notAPI(target)
	}
	if url := got.Get("meta.next_page_url").String(); url != "" {
		if next, err = following(url); err != nil {
			return nil, "", err
		}
	}
	return got.Get(gjson.Escape(key)).Array(), next, nil
}

// longest is the most pages of a list: what a rehearsal makes is on fewer, and a
// list that never ends must not be read for ever.
const longest = 1000

// list reads a list whole, in pages of the size that it has by default (50): whether
// larger ones are accepted is what an experiment tries.
func (s *session) list(ctx context.Context, host migrate.ProbeHost, target string) (all []gjson.Result, err error) {
	for range longest {
		records, next, err := s.page(ctx, host, target)
		if err != nil {
			return nil, err
		}
		if all = append(all, records...); next == "" {
			return all, nil
		}
		target = next
	}
	return nil, &migrate.Error{Op: "experiment", Kind: migrate.Unavailable, Err: fmt.Errorf("the list at %s does not end", shapeOf(target))}
}

// following is the path and query of the address of a page.
func following(next string) (string, error) {
	u, err := url.Parse(next)
	if err != nil || !strings.HasPrefix(u.EscapedPath(), "/") {
		return "", &migrate.Error{Op: "experiment", Kind: migrate.Unavailable, Err: errors.New("next_page_url is not an address")}
	}
	return u.RequestURI(), nil
}
