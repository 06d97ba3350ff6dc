package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"chatbridge/migrate"
)

// ask is one list and its documented page size.
type ask struct {
	name   string
	target string
	most   int64
}

func (e *session) pagesV1(ctx context.Context) (finding, error) {
	asks, err := e.chatLists(ctx, "v1", 1000, 1000)
	if err != nil {
		return finding{}, err
	}
	return e.pageSizes(ctx, migrate.SourceChat, asks)
}

func (e *session) pagesV2(ctx context.Context) (finding, error) {
	asks, err := e.chatLists(ctx, "v2", 100, 50)
	if err != nil {
		return finding{}, err
	}
	return e.pageSizes(ctx, migrate.SourceChat, asks)
}

func (e *session) chatLists(ctx context.Context, version string, most, userChannels int64) ([]ask, error) {
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
func (e *session) firstUser(ctx context.Context) (string, error) {
	s, err := e.sample(ctx)
	if err != nil || len(s.services) == 0 {
		return "", err
	}
	users, err := e.readPage(ctx, migrate.SourceChat, "/v1/Services/"+s.services[0].sid()+"/Users?PageSize=1000")
	if _, refused := errors.AsType[*refusedRead](err); refused || err == nil && len(users.records) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return users.records[0].sid(), nil
}

func (e *session) pagesConversations(ctx context.Context) (finding, error) {
	asks := []ask{{"services", "/v1/Services", 100}, {"credentials", "/v1/Credentials", 100}}
	services, err := e.targetServices(ctx)
	if err != nil {
		return finding{}, err
	}
	if len(services) > 0 {
		in := "/v1/Services/" + services[0].sid()
		asks = append(asks, ask{"roles", in + "/Roles", 50}, ask{"users", in + "/Users", 50}, ask{"conversations", in + "/Conversations", 100})
		first, err := e.readPage(ctx, migrate.TargetConversations, in+"/Conversations?PageSize=100")
		if err == nil && len(first.records) > 0 && first.records[0].sid() != "" {
			in += "/Conversations/" + first.records[0].sid()
			asks = append(asks, ask{"participants", in + "/Participants", 100}, ask{"messages", in + "/Messages?Order=asc", 100})
		}
	}
	return e.pageSizes(ctx, migrate.TargetConversations, asks)
}

// pageSizes asks each list for its largest page. What counts is the size that
// the reply names: most lists are too short to fill a page.
func (e *session) pageSizes(ctx context.Context, host migrate.ProbeHost, asks []ask) (finding, error) {
	var taken, smaller, refused []string
	for _, a := range asks {
		p, err := e.readPage(ctx, host, withPageSize(a.target, a.most))
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
	}{{"refused", refused}, {"smaller than requested", smaller}, {"taken", taken}} {
		if len(part.list) > 0 {
			seen = append(seen, part.what+": "+strings.Join(part.list, ", "))
		}
	}
	text := strings.Join(seen, "; ")
	switch {
	case len(refused) > 0:
		return dangerous("chatbridge cannot read these lists: report what was seen", "%s", text)
	case len(smaller) > 0:
		return harmless("reading takes more requests than an audit estimates", "%s", text)
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

func (e *session) pagesAbove(ctx context.Context) (finding, error) {
	p, err := e.readPage(ctx, migrate.TargetConversations, "/v1/Services?PageSize=1000")
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
		return asAssumed("a page of 1000 services returns %d", p.size)
	}
	return harmless("nothing to do: chatbridge never asks for more than is documented", "a page of %d services is accepted", p.size)
}
