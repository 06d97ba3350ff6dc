package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"chatbridge/migrate"
)

// paging is a page with another one after it, the smallest that shows how pages
// follow each other.
func (e *session) paging(ctx context.Context) (first page, target string, err error) {
	s, err := e.sample(ctx)
	if err != nil {
		return page{}, "", err
	}
	var targets []string
	for _, c := range s.channels {
		if c.number("messages_count") > 1 {
			targets = append(targets, channelPath(c)+"/Messages?Order=asc&PageSize=1")
			break
		}
	}
	for _, service := range s.services {
		targets = append(targets, "/v1/Services/"+service.sid()+"/Roles?PageSize=1")
	}
	for _, target := range targets {
		p, err := e.readPage(ctx, migrate.SourceChat, target)
		if err != nil || p.next != "" {
			return p, target, err
		}
	}
	return page{}, "", nil
}

func (e *session) nextPage(ctx context.Context) (finding, error) {
	first, target, err := e.paging(ctx)
	if err != nil {
		return finding{}, err
	}
	if first.next == "" {
		return notSeen("no list has a second page"), nil
	}
	next, err := following(first.next)
	if err != nil {
		return finding{}, err
	}
	const broken = "lists cannot be read completely: report what was seen"
	second, err := e.readPage(ctx, migrate.SourceChat, next)
	if refusal, no := errors.AsType[*refusedRead](err); no {
		return dangerous(broken, "the page after the first was refused (HTTP %d, Twilio error %d)", refusal.status, refusal.code)
	}
	if err != nil {
		return finding{}, err
	}
	if len(first.records) > 0 && len(second.records) > 0 && first.records[0].sid() == second.records[0].sid() {
		return dangerous(broken, "the page after the first begins with the same record")
	}
	u, _ := url.Parse(first.next)
	here, _, _ := strings.Cut(target, "?")
	if host := e.replies[fmt.Sprint(migrate.SourceChat, " ", target)].Asked; host != "" && u.Host != "" && u.Host != host {
		return harmless("nothing to do: chatbridge keeps its own host and follows path and query", "next_page_url names the host %s", u.Host)
	}
	if u.EscapedPath() != here {
		return harmless("nothing to do: chatbridge follows whatever path it gets", "next_page_url has the path %s", shapeOf(u.EscapedPath()))
	}
	return asAssumed("the second page follows the first, on the same host")
}

func (e *session) pageToken(ctx context.Context) (finding, error) {
	first, _, err := e.paging(ctx)
	if err != nil {
		return finding{}, err
	}
	u, err := url.Parse(first.next)
	if first.next == "" || err != nil {
		return notSeen("no list has a second page"), nil
	}
	q := u.Query()
	if !q.Has("PageToken") {
		return harmless("nothing to do: chatbridge follows whatever address it gets", "there is no PageToken; the query has %s", strings.Join(slices.Sorted(maps.Keys(q)), ", "))
	}
	return asAssumed("such as %s, where 9 is any digit and a any letter", tokenForm(q.Get("PageToken")))
}

// tokenForm keeps the punctuation of a token, and how long its parts are.
func tokenForm(token string) string {
	form := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return '9'
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			return 'a'
		}
		return r
	}, token)
	const longest = 60
	return form[:min(len(form), longest)]
}
