package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"chatbridge/migrate"
)

const twoAccounts = "source and target are two accounts"

func (e *session) sharedServices(ctx context.Context) (finding, error) {
	if !e.SameAccount {
		return notSeen(twoAccounts), nil
	}
	s, err := e.sample(ctx)
	if err != nil {
		return finding{}, err
	}
	var hidden []string
	for _, service := range s.services {
		shown, err := e.shows(ctx, service.sid())
		if err != nil {
			return finding{}, err
		}
		if !shown {
			hidden = append(hidden, service.sid())
		}
	}
	switch {
	case len(s.services) == 0:
		return notSeen("the source account has no services"), nil
	case len(hidden) > 0:
		return harmless("copy them with chatbridge migrate; migrate --in-place would refuse, even if an audit plans it", "Conversations does not show %s", brief(hidden))
	}
	return asAssumed("%d services", len(s.services))
}

// shows reports whether Conversations has the service of that SID.
func (e *session) shows(ctx context.Context, serviceSID string) (bool, error) {
	r, err := e.get(ctx, migrate.TargetConversations, "/v1/Services/"+serviceSID)
	if err != nil || r.OK() {
		return err == nil, err
	}
	if r.Status == http.StatusNotFound || r.Code() == migrate.CodeNoChatService {
		return false, nil
	}
	return false, &refusedRead{"/v1/Services/{IS}", r.Status, r.Code()}
}

func (e *session) sharedChannels(ctx context.Context) (finding, error) {
	if !e.SameAccount {
		return notSeen(twoAccounts), nil
	}
	s, err := e.sample(ctx)
	if err != nil {
		return finding{}, err
	}
	shown := map[string]int{}
	for _, service := range s.services {
		there, err := e.shows(ctx, service.sid())
		if err != nil {
			return finding{}, err
		}
		if !there {
			continue
		}
		for _, kind := range []string{"private", "public"} {
			p, err := e.readPage(ctx, migrate.SourceChat, channelsOf("v1", service.sid(), kind))
			if err != nil {
				return finding{}, err
			}
			for _, c := range p.records[:min(len(p.records), examFetches)] {
				_, err := e.one(ctx, migrate.TargetConversations, "/v1/Services/"+service.sid()+"/Conversations/"+c.sid())
				refusal, no := errors.AsType[*refusedRead](err)
				switch {
				case no && refusal.status == http.StatusNotFound && kind == "private":
					return dangerous("channels that an audit calls already visible are not: copy them with chatbridge migrate --replay",
						"Conversations shows %s, but not its private channel %s", service.sid(), c.sid())
				case no && refusal.status == http.StatusNotFound:
					continue
				case err != nil:
					return finding{}, err
				}
				shown[kind]++
			}
		}
	}
	switch {
	case shown["public"] > 0:
		return harmless("nothing to do: they need not be made private", "%d public channels are shown too", shown["public"])
	case shown["private"] == 0:
		return notSeen("there is no private channel in a service that both hosts show"), nil
	}
	return asAssumed("%d private channels are shown, no public one", shown["private"])
}

func (e *session) credentials(ctx context.Context) (finding, error) {
	if !e.SameAccount {
		return notSeen(twoAccounts), nil
	}
	var lists [2]map[string]bool
	for i, at := range []struct {
		host   migrate.ProbeHost
		target string
	}{{migrate.SourceChat, "/v1/Credentials?PageSize=1000"}, {migrate.TargetConversations, "/v1/Credentials?PageSize=100"}} {
		all, _, err := e.list(ctx, at.host, at.target)
		if err != nil {
			return finding{}, err
		}
		lists[i] = map[string]bool{}
		for _, c := range all {
			lists[i][c.sid()] = true
		}
	}
	text := fmt.Sprintf("Chat lists %d, Conversations %d", len(lists[0]), len(lists[1]))
	switch {
	case len(lists[0])+len(lists[1]) == 0:
		return notSeen("there are none"), nil
	case !maps.Equal(lists[0], lists[1]):
		missing := slices.DeleteFunc(slices.Sorted(maps.Keys(lists[0])), func(sid string) bool { return lists[1][sid] })
		return harmless("enter the ones again that Conversations does not list", "%s; not in Conversations: %s", text, brief(missing))
	}
	return asAssumed("%s, the same", text)
}
