package migrate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// channelTypes lists channels in four ways. The list of both types comes last:
// what is made meanwhile is then in it too.
func (e *exam) channelTypes(ctx context.Context) (finding, error) {
	s, err := e.sample(ctx)
	if err != nil {
		return finding{}, err
	}
	var none, public, private, both int
	for _, service := range s.services {
		var lists [4]map[string]bool
		whole := false
		// The sample has read the list of both types already; the other order of
		// the same question has it read again.
		for i, types := range [][]string{nil, {"public"}, {"private"}, {"private", "public"}} {
			if lists[i], whole, err = e.sids(ctx, channelsOf("v1", service.sid(), types...)); err != nil {
				return finding{}, err
			}
		}
		for _, part := range lists[1:3] {
			if !whole {
				break
			}
			gone, err := e.missing(ctx, service, part, lists[3])
			if err != nil {
				return finding{}, err
			}
			if gone != "" {
				return dangerous("do not migrate from v1, which would leave channels out; read through Chat v2 (--source-api v2)",
					"asked for both types, the list has %d of %d channels; %s is missing", len(lists[3]), len(lists[1])+len(lists[2]), gone)
			}
		}
		none, public, private, both = none+len(lists[0]), public+len(lists[1]), private+len(lists[2]), both+len(lists[3])
	}
	counts := fmt.Sprintf("channels listed: %d without Type, %d public, %d private, %d for both", none, public, private, both)
	switch {
	case both == 0:
		return notSeen("there are no channels"), nil
	case private == 0 || public == 0:
		return notSeen("%s: channels of both types are needed to tell", counts), nil
	case none == public:
		return asAssumed("%s", counts)
	}
	return harmless("nothing to do: chatbridge always asks for both", "%s", counts)
}

func (e *exam) sids(ctx context.Context, target string) (map[string]bool, bool, error) {
	all, whole, err := e.list(ctx, SourceChat, target)
	got := map[string]bool{}
	for _, r := range all {
		got[r.sid()] = true
	}
	return got, whole, err
}

// missing names a channel of part that is not in the list of all although it is
// there still.
func (e *exam) missing(ctx context.Context, service resource, part, all map[string]bool) (string, error) {
	left := examFetches
	for _, sid := range slices.Sorted(maps.Keys(part)) {
		if all[sid] {
			continue
		}
		_, err := e.one(ctx, SourceChat, "/v1/Services/"+service.sid()+"/Channels/"+sid)
		if _, gone := errors.AsType[*refusedRead](err); !gone {
			return sid, err
		}
		if left--; left == 0 {
			break
		}
	}
	return "", nil
}

// ask is one list and its documented page size.
type ask struct {
	name   string
	target string
	most   int64
}

func (e *exam) pagesV1(ctx context.Context) (finding, error) {
	asks, err := e.chatLists(ctx, "v1", 1000, 1000)
	if err != nil {
		return finding{}, err
	}
	return e.pageSizes(ctx, SourceChat, asks)
}

func (e *exam) pagesV2(ctx context.Context) (finding, error) {
	asks, err := e.chatLists(ctx, "v2", 100, 50)
	if err != nil {
		return finding{}, err
	}
	return e.pageSizes(ctx, SourceChat, asks)
}

func (e *exam) chatLists(ctx context.Context, version string, most, userChannels int64) ([]ask, error) {
	s, err := e.sample(ctx)
	if err != nil {
		return nil, err
	}
	asks := []ask{{"services", "/" + version + "/Services", 100}, {"credentials", "/" + version + "/Credentials", 1000}}
	if len(s.services) > 0 {
		in := "/" + version + "/Services/" + s.services[0].sid()
		asks = append(asks, ask{"roles", in + "/Roles", most}, ask{"users", in + "/Users", most})
		user, err := e.firstUser(ctx)
		if err != nil {
			return nil, err
		}
		if user != "" {
			asks = append(asks, ask{"channels of a user", in + "/Users/" + user + "/Channels", userChannels})
		}
		asks = append(asks, ask{"channels", channelsOf(version, s.services[0].sid(), "public", "private"), most})
	}
	if len(s.channels) > 0 {
		in := strings.Replace(channelPath(s.channels[0]), "/v1/", "/"+version+"/", 1)
		asks = append(asks, ask{"members", in + "/Members", most}, ask{"invites", in + "/Invites", most}, ask{"messages", in + "/Messages?Order=asc", most})
	}
	return asks, nil
}

// firstUser is the SID of a user of the first service.
func (e *exam) firstUser(ctx context.Context) (string, error) {
	s, err := e.sample(ctx)
	if err != nil || len(s.services) == 0 {
		return "", err
	}
	users, err := e.page(ctx, SourceChat, "/v1/Services/"+s.services[0].sid()+"/Users?PageSize=1000")
	if _, refused := errors.AsType[*refusedRead](err); refused || err == nil && len(users.records) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return users.records[0].sid(), nil
}

func (e *exam) pagesConversations(ctx context.Context) (finding, error) {
	asks := []ask{{"services", "/v1/Services", 100}, {"credentials", "/v1/Credentials", 100}}
	services, err := e.targetServices(ctx)
	if err != nil {
		return finding{}, err
	}
	if len(services) > 0 {
		in := "/v1/Services/" + services[0].sid()
		asks = append(asks, ask{"roles", in + "/Roles", 50}, ask{"users", in + "/Users", 50}, ask{"conversations", in + "/Conversations", 100})
		first, err := e.page(ctx, TargetConversations, in+"/Conversations?PageSize=100")
		if err == nil && len(first.records) > 0 && first.records[0].sid() != "" {
			in += "/Conversations/" + first.records[0].sid()
			asks = append(asks, ask{"participants", in + "/Participants", 100}, ask{"messages", in + "/Messages?Order=asc", 100})
		}
	}
	return e.pageSizes(ctx, TargetConversations, asks)
}

// pageSizes asks each list for its largest page. What counts is the size that
// the reply names: most lists are too short to fill a page.
func (e *exam) pageSizes(ctx context.Context, host ProbeHost, asks []ask) (finding, error) {
	var taken, smaller, refused []string
	for _, a := range asks {
		p, err := e.page(ctx, host, withPageSize(a.target, a.most))
		switch refusal, no := errors.AsType[*refusedRead](err); {
		case no && (refusal.status == http.StatusBadRequest):
			refused = append(refused, fmt.Sprintf("%s %d", a.name, a.most))
		case no:
		case err != nil:
			return finding{}, err
		case p.size < a.most:
			smaller = append(smaller, fmt.Sprintf("%s %d for %d", a.name, p.size, a.most))
		default:
			taken = append(taken, fmt.Sprintf("%s %d", a.name, a.most))
		}
	}
	var seen []string
	for _, part := range []struct {
		what string
		list []string
	}{{"refused", refused}, {"smaller than asked for", smaller}, {"taken", taken}} {
		if len(part.list) > 0 {
			seen = append(seen, part.what+": "+strings.Join(part.list, ", "))
		}
	}
	text := strings.Join(seen, "; ")
	switch {
	case len(refused) > 0:
		return dangerous("these lists cannot be read as chatbridge asks for them: report what was seen", "%s", text)
	case len(smaller) > 0:
		return harmless("reading takes more requests than an audit says", "%s", text)
	case len(taken) == 0:
		return notSeen("no list could be read"), nil
	}
	return asAssumed("%s", text)
}

func withPageSize(target string, n int64) string {
	path, query, _ := strings.Cut(target, "?")
	q, _ := url.ParseQuery(query)
	q.Set("PageSize", fmt.Sprint(n))
	return path + "?" + q.Encode()
}

func (e *exam) pagesAbove(ctx context.Context) (finding, error) {
	p, err := e.page(ctx, TargetConversations, "/v1/Services?PageSize=1000")
	if refusal, no := errors.AsType[*refusedRead](err); no {
		if refusal.status == http.StatusBadRequest {
			return asAssumed("a page of 1000 services is refused (HTTP %d, Twilio error %d)", refusal.status, refusal.code)
		}
		return finding{}, err
	}
	if err != nil {
		return finding{}, err
	}
	if p.size <= 100 {
		return asAssumed("a page of 1000 services is served as one of %d", p.size)
	}
	return harmless("nothing to do: chatbridge never asks for more than is documented", "a page of %d services is taken", p.size)
}

// turned is a page with another one after it, the smallest that shows how pages
// follow each other.
func (e *exam) turned(ctx context.Context) (first leaf, target string, err error) {
	s, err := e.sample(ctx)
	if err != nil {
		return leaf{}, "", err
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
		p, err := e.page(ctx, SourceChat, target)
		if err != nil || p.next != "" {
			return p, target, err
		}
	}
	return leaf{}, "", nil
}

func (e *exam) nextPage(ctx context.Context) (finding, error) {
	first, target, err := e.turned(ctx)
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
	const broken = "lists cannot be read whole: report what was seen"
	second, err := e.page(ctx, SourceChat, next)
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
	if host := e.replies[fmt.Sprint(SourceChat, " ", target)].Asked; host != "" && u.Host != "" && u.Host != host {
		return harmless("nothing to do: chatbridge follows path and query, on the address that it was given", "next_page_url names the host %s", u.Host)
	}
	if u.EscapedPath() != here {
		return harmless("nothing to do: chatbridge follows the path that it is given", "next_page_url has the path %s", shapeOf(u.EscapedPath()))
	}
	return asAssumed("the second page follows the first, on the same host")
}

func (e *exam) pageToken(ctx context.Context) (finding, error) {
	first, _, err := e.turned(ctx)
	if err != nil {
		return finding{}, err
	}
	u, err := url.Parse(first.next)
	if first.next == "" || err != nil {
		return notSeen("no list has a second page"), nil
	}
	q := u.Query()
	if !q.Has("PageToken") {
		return harmless("nothing to do: chatbridge follows whatever address it is given", "there is no PageToken; the query has %s", strings.Join(slices.Sorted(maps.Keys(q)), ", "))
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
